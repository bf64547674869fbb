"""The fold of a shipment with thirty events."""

import statistics
import timeit
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from carriers.status import Leg, Status
from postal_service.shipments.facts import Fact
from postal_service.shipments.rules import fold
from tests.bench.bench import Bench
from tests.bench.table import Figure, below

EVENTS = 30
GOAL_MICROSECONDS = 200
_FOLDS = 200
_COLLECTED = (Status.PICKUP_ASSIGNED, Status.PICKUP_IN_PROGRESS, Status.PICKED_UP, Status.AT_ORIGIN)
_HAUL = (Status.IN_TRANSIT, Status.AT_DESTINATION)
_TRY = (Status.OUT_FOR_DELIVERY, Status.DELIVERY_FAILED)
_STATES = (*_COLLECTED, *_HAUL * 8, *_TRY * 4, Status.OUT_FOR_DELIVERY, Status.DELIVERED)


def measure(bench: Bench) -> Iterator[Figure]:
    """Measure it over facts that came in the wrong order."""
    began = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    facts = [
        Fact(
            fact_id=f"F{number:02}",
            source="carrier:vnpost",
            source_id=str(number),
            status=status,
            occurred_at=began + timedelta(hours=number),
            received_at=began,
            place="Bưu cục Hà Đông",
        )
        for number, status in enumerate(_STATES)
    ]
    assert len(facts) == EVENTS
    facts.reverse()
    turns = timeit.repeat(
        lambda: fold(facts, leg=Leg.DELIVERY, booking=Status.CREATED), number=_FOLDS, repeat=5 * bench.rounds
    )
    value = statistics.median(turns) / _FOLDS * 1_000_000
    yield Figure(
        name="fold of a 30-event shipment", engine="-", value=value, unit="µs", **below(GOAL_MICROSECONDS, value, "µs")
    )
