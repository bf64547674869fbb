"""What of a request and its shipments the holder of the code may see: a story in, a page out, nothing personal on it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from carriers.status import Leg, Status
from postal_service.intake.story import RequestStatus, Story
from postal_service.kit.clock import rfc3339
from postal_service.kit.text import unaccent
from postal_service.kit.words import Words
from postal_service.messaging.words import FAILED_TRY
from postal_service.shipments.facts import CARRIER
from postal_service.shipments.lifecycle import OURS, PHYSICAL, WAY_BACK
from postal_service.shipments.views import EventView, ShipmentView, WorkerView
from postal_service.tracking.stages import ENDED, StageReached, stages_of
from postal_service.tracking.words import Catalogue, Saying, read_catalogue

WORKER_SHOWN = frozenset(
    {
        Status.PICKUP_ASSIGNED,
        Status.PICKUP_IN_PROGRESS,
        Status.PICKUP_FAILED,
        Status.PICKED_UP,
        Status.OUT_FOR_DELIVERY,
    }
)
"""While somebody is on the way to a door or from it; before and after, a name is nobody's business."""

_OFFICE_STATES = frozenset(
    {Status.AT_ORIGIN, Status.IN_TRANSIT, Status.AT_DESTINATION, Status.AVAILABLE_FOR_COLLECTION, *WAY_BACK}
)
_BEFORE_COLLECTION = OURS | {Status.CREATED, Status.PICKUP_ASSIGNED}
_AWAITING_COLLECTION = frozenset({Status.CREATED, Status.PICKUP_ASSIGNED, Status.PICKUP_FAILED})

_WORDS: Catalogue = read_catalogue()


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened. `leg` is None for a step at the agency."""

    status: str
    leg: Leg | None
    text: Words
    at: datetime
    place: str | None


@dataclass(frozen=True, slots=True)
class ShownWorker:
    """The postal worker on the way: a name, a number to check it with, and the office's phone, never their own."""

    name: str
    employee_code: str | None
    post_office_phone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingPage:
    """What the code shows."""

    tracking_code: str
    status: str
    portal_status: int
    leg: Leg | None
    status_text: Words
    next_text: Words
    promised_on: date | None
    late: bool
    expected_on: date | None
    """When late: the new day."""
    window: tuple[datetime, datetime] | None
    """When the post comes to collect; None once it has."""
    stages: tuple[StageReached, ...]
    timeline: tuple[TimelineEntry, ...]
    worker: ShownWorker | None
    hotline: str | None


def tracking_page(story: Story, legs: Sequence[ShipmentView]) -> TrackingPage:
    """Return what may be shown.

    `status` is where the papers are in the citizen's eyes: the shipment's state while one carries them or has just
    brought them, else the request's own. `leg` tells which: it is None when the request itself speaks.
    """
    newest = _newest(legs, Leg.DELIVERY) or _newest(legs, Leg.PICKUP)
    speaking = newest if newest and _speaks(newest, story) else None
    saying = _leg_saying(story, speaking.leg, speaking.status) if speaking else _request_saying(story, newest)
    text = _with_reason(saying.text, _last_reason(speaking)) if speaking else saying.text
    return TrackingPage(
        tracking_code=story.tracking_code,
        status=speaking.status.value if speaking else story.status.value,
        portal_status=story.portal_status,
        leg=speaking.leg if speaking else None,
        status_text=text,
        next_text=saying.next,
        promised_on=story.promised_on,
        late=story.late,
        expected_on=story.expected_on,
        window=_window(speaking),
        stages=tuple(stages_of(story, legs, newest, speaking)),
        timeline=tuple(sorted(_timeline(story, legs), key=_place_in_time)),
        worker=_worker(speaking),
        hotline=story.agency_phone,
    )


def document(page: TrackingPage, language: str) -> dict[str, Any]:
    """Return the page as JSON values in `language`."""
    return {
        "tracking_code": page.tracking_code,
        "status": page.status,
        "portal_status": page.portal_status,
        "leg": page.leg and page.leg.value,
        "status_text": page.status_text.text(language),
        "next_text": page.next_text.text(language),
        "promised_on": page.promised_on and page.promised_on.isoformat(),
        "late": page.late,
        "expected_on": page.expected_on and page.expected_on.isoformat(),
        "window": page.window and {"start": rfc3339(page.window[0]), "end": rfc3339(page.window[1])},
        "stages": [
            {"stage": s.stage.value, "name": _WORDS.stages[s.stage].text(language), "state": s.state} for s in page.stages
        ],
        "timeline": [
            {
                "status": entry.status,
                "leg": entry.leg and entry.leg.value,
                "text": entry.text.text(language),
                "at": rfc3339(entry.at),
                "place": entry.place,
            }
            for entry in page.timeline
        ],
        "worker": page.worker
        and {
            "name": page.worker.name,
            "employee_code": page.worker.employee_code,
            "post_office_phone": page.worker.post_office_phone,
        },
        "hotline": page.hotline,
    }


def _newest(legs: Iterable[ShipmentView], leg: Leg) -> ShipmentView | None:
    return max((shipment for shipment in legs if shipment.leg is leg), key=lambda shipment: shipment.number, default=None)


def _speaks(shipment: ShipmentView, story: Story) -> bool:
    """Tell whether the shipment, rather than the request, says where things stand."""
    if shipment.status in OURS:
        return False
    if story.status in ENDED:
        return not shipment.closed and shipment.status in PHYSICAL
    if not shipment.closed or shipment.leg is Leg.DELIVERY:
        return True
    if story.status is RequestStatus.FILED:
        return True
    # Additions that were brought since they were asked for: the agency has yet to answer.
    asked = [step.at for step in story.steps if step.kind == RequestStatus.ADDITIONS_REQUESTED]
    moved = [event.occurred_at for event in shipment.events if event.effective]
    return story.status is RequestStatus.ADDITIONS_REQUESTED and bool(asked and moved) and max(moved) > max(asked)


def _brings_to_counter(story: Story) -> bool:
    return bool(story.pickup and story.pickup.get("post_office"))


def _leg_saying(story: Story, leg: Leg, status: Status) -> Saying:
    if leg is Leg.PICKUP and status in _BEFORE_COLLECTION and _brings_to_counter(story):
        return _WORDS.counter
    return _WORDS.legs[leg][status]


def _request_saying(story: Story, newest: ShipmentView | None) -> Saying:
    saying = _WORDS.request[story.status.value]
    if newest and newest.status in OURS:
        # The booking is still ours alone, but what comes next is the post.
        return Saying(saying.text, _leg_saying(story, newest.leg, newest.status).next)
    return saying


def _reason(code: str | None) -> Words | None:
    return FAILED_TRY.get(code) if code else None


def _with_reason(text: Words, reason: Words | None) -> Words:
    return Words(f"{text.vi}: {reason.vi}", f"{text.en}: {reason.en}") if reason else text


def _last_reason(shipment: ShipmentView) -> Words | None:
    moved = [event for event in shipment.events if event.effective]
    return _reason(moved[-1].reason) if moved and moved[-1].status is shipment.status else None


def _window(shipment: ShipmentView | None) -> tuple[datetime, datetime] | None:
    if shipment is None or shipment.leg is not Leg.PICKUP or shipment.status not in _AWAITING_COLLECTION:
        return None
    return shipment.window


def _worker(shipment: ShipmentView | None) -> ShownWorker | None:
    if shipment is None or shipment.worker is None or shipment.status not in WORKER_SHOWN:
        return None
    worker: WorkerView = shipment.worker
    return ShownWorker(worker.name, worker.employee_code, worker.post_office_phone)


def _timeline(story: Story, legs: Sequence[ShipmentView]) -> Iterator[TimelineEntry]:
    delivered = any(shipment.leg is Leg.DELIVERY and shipment.status is Status.DELIVERED for shipment in legs)
    for step in story.steps:
        # The delivery itself already tells that the result is home.
        if step.kind in _WORDS.request and not (step.kind == RequestStatus.RETURNED and delivered):
            yield TimelineEntry(step.kind, None, _WORDS.request[step.kind].text, step.at, None)
    addresses = _addresses(story, legs)
    for shipment in legs:
        if shipment.leg is Leg.TRANSFER:
            continue
        for event in shipment.events:
            if event.effective and event.status is not None:
                text = _with_reason(_leg_saying(story, shipment.leg, event.status).text, _reason(event.reason))
                yield TimelineEntry(
                    event.status.value, shipment.leg, text, event.occurred_at, _place(event, event.status, addresses)
                )


def _place_in_time(entry: TimelineEntry) -> tuple[datetime, int]:
    # Carriers' clocks have whole seconds. Within one, the filing began it all and the agency's answer comes last.
    order = 0 if entry.status == RequestStatus.FILED else 2 if entry.leg is None else 1
    return entry.at.replace(microsecond=0), order


def _place(event: EventView, status: Status, addresses: Sequence[str]) -> str | None:
    """Return the office a carrier names. What anybody else writes beside a visit at a door may be that door."""
    if not event.place or not (event.source.startswith(CARRIER) or status in _OFFICE_STATES):
        return None
    plain = unaccent(event.place).casefold()
    return None if any(address in plain for address in addresses) else event.place


def _addresses(story: Story, legs: Sequence[ShipmentView]) -> list[str]:
    """Return the citizen's own addresses in plain letters; the counter papers are brought to is no secret."""
    sides = [story.pickup, story.delivery, *(leg.sender if leg.leg is Leg.PICKUP else leg.receiver for leg in legs)]
    details = {_plain_detail(side) for side in sides}
    if _brings_to_counter(story):
        details.discard(_plain_detail(story.pickup))
    return [detail for detail in details if detail]


def _plain_detail(side: Mapping[str, Any] | None) -> str:
    return unaccent((side or {}).get("address", {}).get("detail") or "").casefold()
