"""The values that go into the texts of an event, in the reader's language."""

from notifications.catalogue import FieldValue
from postal_service.intake.story import RequestStatus, Step, Story
from postal_service.kit.clock import local_date
from postal_service.kit.windows import day_part
from postal_service.messaging import words
from postal_service.messaging.rules import Event, Notice
from postal_service.shipments.views import ShipmentView

Values = dict[str, FieldValue]


def for_step(notice: Notice, step: Step, story: Story, public_url: str) -> Values:
    """Return the values for a step of a request."""
    values = _common(story, public_url)
    match notice.event:
        case Event.ACCEPTED:
            values |= {"dossier_code": story.dossier_code, "promised_on": story.promised_on}
        case Event.ADDITIONS_REQUESTED:
            values |= {"missing": list(story.missing or []), "due_on": story.additions_due_on}
        case Event.REFUSED:
            values["reason"] = str(step.detail["reason"])
        case Event.ISSUED:
            values["by_post"] = bool(step.detail["paper"]) and story.delivery is not None
        case Event.LATE:
            why = words.LATE_IN_POST if story.status is RequestStatus.ISSUED else words.LATE_AT_AGENCY
            values |= {"reason": why.text(_language(story)), "new_date": story.expected_on}
    return values


def for_shipment(notice: Notice, view: ShipmentView, story: Story, public_url: str) -> Values:
    """Return the values for where a shipment is."""
    values = _common(story, public_url)
    match notice.event:
        case Event.PICKUP_ASSIGNED:
            values |= _worker(view) | _window(view)
        case Event.OUT_FOR_DELIVERY:
            values |= _worker(view)
        case Event.PICKUP_FAILED | Event.DELIVERY_FAILED:
            values["reason"] = words.failed_try(notice.reason).text(_language(story))
        case Event.WAITING_AT_OFFICE:
            place = next((event.place for event in reversed(view.events) if event.effective), None)
            values["office_name"] = place or words.THE_POST_OFFICE.text(_language(story))
    return values


def _language(story: Story) -> str:
    return str(story.applicant["language"])


def _common(story: Story, public_url: str) -> Values:
    return {
        "tracking_url": f"{public_url}/t/{story.tracking_code}",
        "tracking_code": story.tracking_code,
        "agency_name": story.agency_name[1 if _language(story) == "en" else 0],
    }


def _worker(view: ShipmentView) -> Values:
    worker = view.worker
    return {"worker_name": worker.name, "worker_code": worker.employee_code} if worker else {}


def _window(view: ShipmentView) -> Values:
    if view.window is None:
        return {"window_day": None, "window_part": "day"}
    return {"window_day": local_date(view.window[0]), "window_part": day_part(*view.window)}
