"""What was told about a shipment, as it was stored, and the one order in which facts are read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from carriers.status import Direction, Effect, IdentityStatus, MoneyStatus, Status
from postal_service.shipments.lifecycle import RANK

SCAN = "scan"
CARRIER = "carrier:"
"""The start of a carrier's source, before its name."""
SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerNamed:
    """The postal worker a fact names."""

    name: str
    phone: str | None = None
    employee_code: str | None = None
    post_office: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing said about one shipment. Stored once by (source, source_id) and never changed."""

    fact_id: str
    source: str
    """`carrier:<name>`, `scan`, `staff`, `client` or `system`."""
    source_id: str
    status: Status | None
    occurred_at: datetime
    received_at: datetime
    effect: Effect = Effect.MOVES
    known: bool = True
    """False for a carrier's code that no table of ours lists."""
    code: str | None = None
    """The carrier's own code, kept as evidence."""
    direction: Direction | None = None
    device_at: datetime | None = None
    reason: str | None = None
    """The structured reason of a failed try."""
    place: str | None = None
    note: str | None = None
    worker: WorkerNamed | None = None
    money: MoneyStatus | None = None
    identity: IdentityStatus | None = None
    seal: str | None = None
    correction: bool = False
    """An operator's correction with a reason: taken at its word, from any state."""

    @property
    def key(self) -> str:
        """What the fact is known by wherever it is told again."""
        return f"{self.source}|{self.source_id}"


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """Return every fact once, in the order they are read: by the second it happened, by rank, then by content.

    Carrier clocks have whole seconds, so within a second the rank decides, and a scan comes before a carrier's word of
    the same rank. A correction closes its second. Nothing of how or when a fact arrived takes part, except to choose
    among copies of one fact.
    """
    once: dict[tuple[str, str], Fact] = {}
    for fact in sorted(facts, key=_place_in_time):
        once.setdefault((fact.source, fact.source_id), fact)
    return list(once.values())


def _place_in_time(fact: Fact) -> tuple[datetime, bool, int, bool, datetime, str, str, datetime, str]:
    at = fact.occurred_at
    return (
        at.replace(microsecond=0) if at.microsecond else at,
        fact.correction,
        RANK.get(fact.status, -1),
        fact.source != SCAN,
        at,
        fact.source,
        fact.source_id,
        fact.received_at,
        fact.fact_id,
    )
