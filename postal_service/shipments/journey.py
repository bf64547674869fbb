"""What the facts of one shipment add up to."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from carriers.status import Direction, IdentityStatus, MoneyStatus, Status
from postal_service.shipments.custody import Holder
from postal_service.shipments.facts import Fact, WorkerNamed


class Mark(StrEnum):
    """Why a fact moved nothing."""

    REPEAT = "repeat"
    """The state was already so, within the same try."""
    ILLEGAL = "illegal"
    """No legal move from where the shipment was."""
    UNKNOWN = "unknown"
    """A code no table of ours lists."""
    INFO = "info"
    MONEY = "money"


class ReviewKind(StrEnum):
    """Why a person has to look."""

    UNKNOWN_CODE = "unknown_code"
    ILLEGAL_MOVE = "illegal_move"
    CARRIER_ASKS = "carrier_asks"
    """The code itself calls for a person: partial deliveries, damage, loss."""
    DELIVERED_ON_THE_WAY_BACK = "delivered_on_the_way_back"
    """A bare "delivered" while the papers travel back: to the sender, or did the direction change?"""
    DELIVERED_UNVERIFIED = "delivered_unverified"
    """Handed to the citizen without a verified identity."""
    SEAL_DIFFERS = "seal_differs"
    BOOKING_DENIED = "booking_denied"
    """The booking ended as cancelled or rejected, and yet the carrier or a scan knows the order."""


class Entry(NamedTuple):
    """One fact in its place of the history, and what it did (a tuple, the cheapest thing to make one of per fact)."""

    fact: Fact
    status_after: Status
    attempt: int
    """Which try of its phase it belongs to, from 1."""
    mark: Mark | None

    @property
    def effective(self) -> bool:
        """Whether it moved the shipment."""
        return self.mark is None


@dataclass(frozen=True, slots=True)
class Review:
    """Something for a person to look at. One of a kind for a fact."""

    kind: ReviewKind
    fact_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A shipment as its facts tell it. The same facts give the same journey, however they came in."""

    status: Status
    direction: Direction
    money_status: MoneyStatus
    identity_status: IdentityStatus
    seal: str | None
    custody: tuple[Holder, ...]
    failed_tries: int
    """Of the current phase (getting the papers, bringing them, bringing them back)."""
    attempt: int
    """The number of the current try, from 1; a failed try keeps its number until the next one begins."""
    worker: WorkerNamed | None
    worker_source: str | None
    moved_by: Fact | None
    """The last fact that moved the shipment."""
    timeline: tuple[Entry, ...]
    reviews: tuple[Review, ...]

    @property
    def holder(self) -> Holder:
        """Who has the papers now."""
        return self.custody[-1]
