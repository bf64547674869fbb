"""Short ways to write facts in tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from carriers.status import Leg, Status
from postal_service.shipments.facts import Fact
from postal_service.shipments.journey import Journey
from postal_service.shipments.rules import fold

DAWN = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
VNPOST = "carrier:vnpost"


def fact(minute: float, status: Status | None, source: str = VNPOST, **more: Any) -> Fact:
    """A fact `minute` minutes after the morning began, named by its time, word and source."""
    name = f"{source}/{minute}/{status}"
    at = DAWN + timedelta(minutes=minute)
    return Fact(**({"fact_id": name, "source": source, "source_id": name, "status": status} | _times(at) | more))


def _times(at: datetime) -> dict[str, Any]:
    return {"occurred_at": at, "received_at": at + timedelta(seconds=40)}


def told(*facts: Fact, leg: Leg = Leg.DELIVERY, booking: Status = Status.CREATED) -> Journey:
    """What these facts add up to."""
    return fold(facts, leg=leg, booking=booking)


def way(*statuses: Status, leg: Leg = Leg.DELIVERY) -> Journey:
    """What one carrier's words, one every ten minutes, add up to."""
    return told(*(fact(10 * number, status) for number, status in enumerate(statuses)), leg=leg)
