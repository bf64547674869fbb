"""What the second factor opens: the receiver, the addresses, the fees. Masked still where a number would do harm."""

from collections.abc import Mapping
from typing import Any

from postal_service.intake.story import Story
from postal_service.kit.phone import mask_phone

Details = dict[str, Any]


def details(story: Story, language: str) -> Details:
    """Return the fields added to the tracking document, in `language`."""
    english = language == "en"
    return {
        "agency": story.agency_name[1 if english else 0],
        "dossier_code": story.dossier_code,
        "receiver": {"name": story.applicant["full_name"], "phone": mask_phone(story.applicant["phone"])},
        "addresses": {"pickup": _place(story.pickup), "delivery": _place(story.delivery)},
        "fees": {
            "lines": [
                {
                    "kind": line["kind"],
                    "amount_vnd": line["amount_vnd"],
                    "due_at": line["due_at"],
                    "why": line.get("why_en", line["why"]) if english else line["why"],
                }
                for line in story.fee_lines
            ],
            "total_vnd": sum(line["amount_vnd"] for line in story.fee_lines),
        },
        "additions": {"missing": story.missing, "due_on": story.additions_due_on and story.additions_due_on.isoformat()}
        if story.missing
        else None,
        "choices": [],
    }


def _place(side: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return an address as people write it; with `post_office`, it is the one the papers are brought to."""
    if not side:
        return None
    address = side["address"]
    return {
        "post_office": side.get("post_office"),
        "detail": address["detail"],
        "ward": address["ward_name"],
        "district": address["district_name"],
        "province": address["province_name"],
    }
