"""Which message is due for a state, whether it was told already, and when it may go out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from carriers.status import Leg, Status
from postal_service.kit.clock import LOCAL
from postal_service.shipments.journey import Entry, Journey, Mark

MAX_SMS_PER_HOUR = 10
"""To one person, one-time codes aside."""


class Event(StrEnum):
    """What is told. The values are the names of the templates."""

    FILED = "filed"
    ACCEPTED = "accepted"
    ADDITIONS_REQUESTED = "additions_requested"
    REFUSED = "refused"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"
    LATE = "late"
    PICKUP_ASSIGNED = "pickup_assigned"
    PICKUP_FAILED = "pickup_failed"
    PICKED_UP = "picked_up"
    PICKUP_DELIVERED = "pickup_delivered"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERY_FAILED = "delivery_failed"
    WAITING_AT_OFFICE = "waiting_at_office"
    DELIVERED = "delivered"
    RETURNED = "returned"


class Channels(NamedTuple):
    """Over what an event is told."""

    sms: bool
    email: bool


CHANNELS: Mapping[Event, Channels] = dict.fromkeys(Event, Channels(sms=True, email=True)) | {
    Event.PICKUP_DELIVERED: Channels(sms=False, email=True),
}

REQUEST_EVENTS = frozenset(
    {
        Event.FILED,
        Event.ACCEPTED,
        Event.ADDITIONS_REQUESTED,
        Event.REFUSED,
        Event.ISSUED,
        Event.WITHDRAWN,
        Event.LATE,
    }
)
"""Steps of the request itself. That a result was handed over is told by its shipment, as `delivered`."""

_EVENTS: Mapping[Leg, Mapping[Status, Event]] = {
    Leg.PICKUP: {
        Status.PICKUP_ASSIGNED: Event.PICKUP_ASSIGNED,
        Status.PICKUP_FAILED: Event.PICKUP_FAILED,
        Status.PICKED_UP: Event.PICKED_UP,
        Status.DELIVERED: Event.PICKUP_DELIVERED,
    },
    Leg.DELIVERY: {
        Status.OUT_FOR_DELIVERY: Event.OUT_FOR_DELIVERY,
        Status.DELIVERY_FAILED: Event.DELIVERY_FAILED,
        Status.AVAILABLE_FOR_COLLECTION: Event.WAITING_AT_OFFICE,
        Status.DELIVERED: Event.DELIVERED,
        Status.RETURNED: Event.RETURNED,
    },
    Leg.TRANSFER: {},
}

_STILL_NEWS: Mapping[Event, frozenset[Status]] = {
    Event.PICKUP_ASSIGNED: frozenset({Status.PICKUP_ASSIGNED, Status.PICKUP_IN_PROGRESS}),
    Event.PICKUP_FAILED: frozenset({Status.PICKUP_FAILED}),
    Event.PICKED_UP: frozenset(
        {
            Status.PICKED_UP,
            Status.AT_ORIGIN,
            Status.IN_TRANSIT,
            Status.AT_DESTINATION,
            Status.OUT_FOR_DELIVERY,
            Status.AVAILABLE_FOR_COLLECTION,
            Status.DELIVERY_FAILED,
        }
    ),
    Event.PICKUP_DELIVERED: frozenset({Status.DELIVERED}),
    Event.OUT_FOR_DELIVERY: frozenset({Status.OUT_FOR_DELIVERY}),
    Event.DELIVERY_FAILED: frozenset(
        {Status.DELIVERY_FAILED, Status.AT_DESTINATION, Status.IN_TRANSIT, Status.RETURN_PENDING}
    ),
    Event.WAITING_AT_OFFICE: frozenset({Status.AVAILABLE_FOR_COLLECTION}),
    Event.DELIVERED: frozenset({Status.DELIVERED}),
    Event.RETURNED: frozenset({Status.RETURNED}),
}
"""In which states an event is still right to tell.

A state that is not told itself (at an office, in transit) often comes in one batch with the one before it. "Your papers
were picked up" stays true on the way; "the worker is coming today" does not once the papers are back at the office.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message that is due for the present state of a shipment or a request."""

    event: Event
    attempt: int
    fact: str
    """The key of the fact that made it true."""
    reason: str | None = None
    covered_by: frozenset[str] = frozenset()
    """Other facts whose telling leaves nothing to say: the same news of the same try, and everything that came later.

    Tries are counted anew whenever an older fact comes in, so what was told is known by its fact, not its number alone.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one shipment or request was told, or is about to be; a message dropped unsent was not told."""

    event: Event
    attempt: int
    fact: str


def notice_for(leg: Leg, journey: Journey) -> Notice | None:
    """Return the message due for where the shipment is now, or None when there is nothing (any more) to tell."""
    events = _EVENTS[leg]
    timeline = journey.timeline
    for position in range(len(timeline) - 1, -1, -1):
        entry = timeline[position]
        event = events.get(entry.status_after) if entry.effective else None
        if event is None:
            continue
        if journey.status not in _STILL_NEWS[event]:
            return None
        return Notice(
            event=event,
            attempt=entry.attempt,
            fact=entry.fact.key,
            reason=entry.fact.reason,
            covered_by=frozenset(
                other.fact.key
                for place, other in enumerate(timeline)
                if place > position or (place < position and _same_news(entry, other))
            ),
        )
    return None


def due(notice: Notice, told: Collection[Told]) -> bool:
    """Tell whether a notice still has to be sent, given all that the same shipment or request was told before.

    Each event is told once an attempt, each fact once, and never a past state after a later one.
    """
    return not any(
        (before.event == notice.event and before.attempt == notice.attempt)
        or before.fact == notice.fact
        or before.fact in notice.covered_by
        for before in told
    )


def superseded(queued: Told, leg: Leg, journey: Journey) -> bool:
    """Tell whether a shipment's message that waits to be sent is no longer the one due, and has to be dropped."""
    now = notice_for(leg, journey)
    if now is None or now.event != queued.event:
        return True
    return queued.attempt != now.attempt and queued.fact != now.fact and queued.fact not in now.covered_by


def not_before(now: datetime, quiet: str, event: Event) -> datetime:
    """Return the earliest time `event` may ring a phone: now, or when the quiet hours it falls into end.

    `quiet` is local time as in `22:00-07:00`, over midnight or not, or empty for none. A worker on the way to the door
    does not wait. Raises ValueError when `quiet` cannot be read.
    """
    hours = read_quiet_hours(quiet)
    if hours is None or event is Event.OUT_FOR_DELIVERY:
        return now
    begin, end = hours
    local = now.astimezone(LOCAL)
    clock = local.time()
    over_midnight = end < begin
    is_quiet = clock >= begin or clock < end if over_midnight else begin <= clock < end
    if not is_quiet:
        return now
    day = local.date() + timedelta(days=1) if over_midnight and clock >= begin else local.date()
    return datetime.combine(day, end, LOCAL).astimezone(now.tzinfo)


@cache
def read_quiet_hours(quiet: str) -> tuple[time, time] | None:
    """Read `22:00-07:00` into the local times they begin and end, None when empty. Raises ValueError otherwise."""
    if not quiet:
        return None
    begin, separator, end = quiet.partition("-")
    if not separator:
        raise ValueError(f"quiet hours are written like 22:00-07:00, not {quiet!r}")
    return time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())


def _same_news(entry: Entry, other: Entry) -> bool:
    if other.attempt != entry.attempt:
        return False
    # Also when its move is illegal as things are known: it may have been told before, when less was known.
    return other.fact.status is entry.fact.status or (
        other.mark in {None, Mark.REPEAT} and other.status_after is entry.status_after
    )
