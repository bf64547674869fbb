"""From a request to its legs: who sends, who receives, what it costs, told to the shipments room in plain values."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from carriers.status import Leg
from postal_service.fees.rules import FeeLine
from postal_service.intake.models import Request
from postal_service.kit.fee_book import Zone
from postal_service.kit.problems import Problem
from postal_service.kit.reference import Agency, AgencyOffice
from postal_service.kit.units import Place
from postal_service.shipments.service import NewLeg

_CARRIERS_ADDRESS = ("province_code", "province_name", "ward_code", "ward_name", "detail", "district_name")


def pickup_leg(
    request: Request, agency: Agency, window: tuple[datetime, datetime] | None = None, *, number: int = 1
) -> NewLeg:
    """Return the leg that brings the papers to the agency; `number` counts the visits."""
    pickup = request.pickup or {}
    return NewLeg(
        request_id=request.id,
        agency=request.agency,
        leg=Leg.PICKUP,
        sender=_citizen(request, pickup["address"]),
        receiver=_agency_party(agency),
        contents=agency.contents_note,
        collect_at_door=pickup.get("post_office") is None,
        window=window,
        number=number,
    )


def delivery_leg(request: Request, agency: Agency) -> NewLeg:
    """Return the leg that brings the result home."""
    return NewLeg(
        request_id=request.id,
        agency=request.agency,
        leg=Leg.DELIVERY,
        sender=_agency_party(agency),
        receiver=_citizen(request, (request.delivery or {})["address"]),
        contents=agency.contents_note,
        promised_on=request.promised_on,
    )


def stored_address(place: Place, detail: str) -> dict[str, Any]:
    """Return an address as a request keeps it: today's units, and the code as given with the list it was read in."""
    return {
        "province_code": place.province.code,
        "province_name": place.province.name,
        "ward_code": place.ward.code,
        "ward_name": place.ward.name,
        "detail": detail,
        "district_name": None,
        "given_code": place.given_code,
        "given_list": place.given_list.value,
    }


def stored_fee_lines(lines: Sequence[FeeLine]) -> list[dict[str, Any]]:
    """Return fee lines as a request keeps them."""
    return [line.as_dict() for line in lines]


def zone_of(side: dict[str, Any] | None, agency: Agency) -> Zone | None:
    """Return where a stored side of the request lies, seen from the agency; None where there is no such leg."""
    if not side:
        return None
    return "same_province" if side["address"]["province_code"] == agency.province else "other_province"


def office_of(agency: Agency) -> AgencyOffice:
    """Return the agency's desk; raises 409 for one the post cannot reach."""
    if agency.office is None:
        raise Problem(409, "agency_without_office", vi="Cơ quan chưa có nơi nhận bưu gửi.", en="The agency has no office.")
    return agency.office


def _citizen(request: Request, address: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": request.applicant["full_name"],
        "phone": request.applicant["phone"],
        "email": request.applicant["email"],
        "address": {key: address[key] for key in _CARRIERS_ADDRESS},
    }


def _agency_party(agency: Agency) -> dict[str, Any]:
    office = office_of(agency)
    return {
        "name": office.name,
        "phone": office.phone,
        "email": None,
        "address": {
            "province_code": agency.province,
            "province_name": agency.province_name,
            "ward_code": office.ward_code,
            "ward_name": office.ward,
            "detail": office.detail,
            "district_name": None,
        },
    }
