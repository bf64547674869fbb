"""Who holds the papers: a chain in which every moment has exactly one holder."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from carriers.status import Leg, Status
from postal_service.shipments.facts import CARRIER, SCAN, Fact


class HolderKind(StrEnum):
    """What kind of holder it is."""

    CITIZEN = "citizen"
    WORKER = "worker"
    POST_OFFICE = "post_office"
    CARRIER = "carrier"
    AGENCY = "agency"


class Holder(NamedTuple):
    """One link of the chain. The first one holds the papers from the start: no time, no fact."""

    kind: HolderKind
    name: str | None
    """The worker's name, the office, the carrier's short name; None where nobody said, and for citizen and agency."""
    since: datetime | None
    fact_id: str | None


_ENDS: Mapping[Leg, tuple[HolderKind, HolderKind]] = {
    Leg.PICKUP: (HolderKind.CITIZEN, HolderKind.AGENCY),
    Leg.DELIVERY: (HolderKind.AGENCY, HolderKind.CITIZEN),
    Leg.TRANSFER: (HolderKind.POST_OFFICE, HolderKind.POST_OFFICE),
}
_WITH_THE_SENDER = frozenset(
    {
        Status.CREATED,
        Status.PICKUP_ASSIGNED,
        Status.PICKUP_IN_PROGRESS,
        Status.PICKUP_FAILED,
        Status.CANCEL_REQUESTED,
        Status.CANCELLED,
        Status.RETURNED,
    }
)
_HELD_BY: Mapping[Status, HolderKind] = {
    Status.PICKED_UP: HolderKind.WORKER,
    Status.AT_ORIGIN: HolderKind.POST_OFFICE,
    Status.IN_TRANSIT: HolderKind.CARRIER,
    Status.AT_DESTINATION: HolderKind.POST_OFFICE,
    Status.OUT_FOR_DELIVERY: HolderKind.WORKER,
    Status.AVAILABLE_FOR_COLLECTION: HolderKind.POST_OFFICE,
    Status.RETURNING: HolderKind.CARRIER,
}
_SOMEBODY_HAS_IT = frozenset({Status.DELIVERY_FAILED, Status.RETURN_PENDING, Status.RETURN_FAILED})
"""These name no holder, but prove that the sender is none any more."""
_DELIVERED = Status.DELIVERED
_WORKER, _OFFICE, _CARRIER = HolderKind.WORKER, HolderKind.POST_OFFICE, HolderKind.CARRIER
_TWO_OFFICES = {Status.AT_ORIGIN, Status.AT_DESTINATION}


class CustodyChain:
    """Builds the chain from facts in order.

    A fact's own word says who holds the papers, also on the way back, where the state itself stays the same from office
    to office. Where a scan and a carrier speak of the same word, the scan is believed.
    """

    def __init__(self, leg: Leg) -> None:
        self._sender, self._receiver = _ENDS[leg]
        self.links = [Holder(self._sender, None, None, None)]
        self._underway = False
        self._word: Status | None = None
        self._word_scanned = False
        self._word_moved = False

    def take(self, fact: Fact, status: Status, worker_name: str | None) -> None:
        """Add what a fact that holds in `status` says; `worker_name` is the worker last named on this shipment."""
        scanned = fact.source == SCAN
        same_word = fact.status is self._word
        if same_word and self._word_scanned and not scanned:
            return
        kind, name = self._holder(fact, status, worker_name, same_word=same_word)
        moved = self._differs(kind, name, fact.status)
        if moved and scanned and same_word and self._word_moved and not self._word_scanned:
            self.links.pop()
            moved = self._differs(kind, name, fact.status)
        if kind is not None and moved:
            self._append(kind, name, fact)
        self._word_moved = moved or (same_word and self._word_moved)
        self._word, self._word_scanned = fact.status, scanned

    def _holder(
        self, fact: Fact, status: Status, worker_name: str | None, *, same_word: bool
    ) -> tuple[HolderKind | None, str | None]:
        if status in _WITH_THE_SENDER:
            self._underway = False
            return self._sender, None
        if status is _DELIVERED:
            self._underway = False
            return self._receiver, None
        if status in _SOMEBODY_HAS_IT and not self._underway:
            self._underway = True
            return _CARRIER, _carrier_name(fact)
        kind = None if fact.status is None else _HELD_BY.get(fact.status)
        self._underway = self._underway or kind is not None
        if kind is _WORKER:
            named = fact.worker.name if fact.worker else None
            return kind, named if same_word else named or worker_name
        return kind, fact.place if kind is _OFFICE else _carrier_name(fact)

    def _differs(self, kind: HolderKind | None, name: str | None, word: Status | None) -> bool:
        last = self.links[-1]
        if kind is None:
            return False
        if last.kind is not kind:
            return True
        # An unnamed office at the other end of the line is another office, not the last one still.
        return name != last.name if name else kind is _OFFICE and {self._word, word} == _TWO_OFFICES

    def _append(self, kind: HolderKind, name: str | None, fact: Fact) -> None:
        since = fact.occurred_at
        earlier = self.links[-1].since
        if earlier is not None and earlier > since:
            since = earlier
        self.links.append(Holder(kind, name, since, fact.fact_id))


def _carrier_name(fact: Fact) -> str | None:
    return fact.source.removeprefix(CARRIER) if fact.source.startswith(CARRIER) else None
