"""What facts say beside the way: money, identity, seal, and the worker's name. None of it moves a shipment."""

from carriers.status import IdentityStatus, Leg, MoneyStatus
from postal_service.shipments.facts import CARRIER, SCAN, Fact, WorkerNamed
from postal_service.shipments.lifecycle import Phase

_MONEY_STEPS = (
    MoneyStatus.NONE,
    MoneyStatus.DUE,
    MoneyStatus.COLLECTED_REPORTED,
    MoneyStatus.COLLECTED_CONFIRMED,
    MoneyStatus.REMITTED,
    MoneyStatus.DISPUTED,
    MoneyStatus.RECONCILED,
    MoneyStatus.WAIVED,
    MoneyStatus.REFUNDED,
)
_STEP = {money: step for step, money in enumerate(_MONEY_STEPS)}
_REPORTED = _STEP[MoneyStatus.COLLECTED_REPORTED]


class Dimensions:
    """Gathers what facts in order say of each dimension.

    A scan outranks a carrier's word. Money only goes up its steps, whenever it is told. A worker named by the carrier, or
    by their own scan, is not replaced within the same try by the one our table would send.
    """

    def __init__(self, leg: Leg) -> None:
        self.identity = IdentityStatus.NOT_REQUIRED if leg is Leg.TRANSFER else IdentityStatus.PENDING
        self.seal: str | None = None
        self.worker: WorkerNamed | None = None
        self.worker_source: str | None = None
        self._identity_scanned = False
        self._seal_scanned = False
        self._money_told = 0
        self._money_scanned = 0
        self._named_in: tuple[Phase, int] | None = None

    def take(self, fact: Fact, phase: Phase, attempt: int) -> bool:
        """Take in one fact. Return whether the seal it tells is another than the one known before."""
        scanned = fact.source == SCAN
        if fact.worker:
            self._name_worker(fact.worker, fact.source, (phase, attempt))
        if fact.money:
            self._add_money(_STEP[fact.money], scanned=scanned)
        if fact.identity and (scanned or not self._identity_scanned):
            self.identity, self._identity_scanned = fact.identity, scanned
        if not fact.seal:
            return False
        differs = self.seal not in {None, fact.seal}
        if scanned or not self._seal_scanned:
            self.seal, self._seal_scanned = fact.seal, scanned
        return differs

    @property
    def money(self) -> MoneyStatus:
        """Where the money is. What was taken at a door is the scan's to say, if a scan spoke of money at all."""
        if self._money_scanned and self._money_told <= _REPORTED:
            return _MONEY_STEPS[self._money_scanned]
        return _MONEY_STEPS[max(self._money_told, self._money_scanned)]

    def _add_money(self, step: int, *, scanned: bool) -> None:
        if scanned:
            self._money_scanned = max(self._money_scanned, step)
        else:
            self._money_told = max(self._money_told, step)

    def _name_worker(self, worker: WorkerNamed, source: str, named_in: tuple[Phase, int]) -> None:
        theirs = source == SCAN or source.startswith(CARRIER)
        if not theirs and self._named_in == named_in:
            return
        self.worker, self.worker_source = worker, source
        self._named_in = named_in if theirs else None
