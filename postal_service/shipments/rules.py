"""A shipment's state is the fold of its facts over one table: this is the fold."""

from collections.abc import Iterable
from datetime import timedelta

from carriers.status import Direction, Effect, IdentityStatus, Leg, Status
from postal_service.shipments.custody import CustodyChain
from postal_service.shipments.dimensions import Dimensions
from postal_service.shipments.facts import CARRIER, SCAN, SYSTEM, Fact, in_order
from postal_service.shipments.journey import Entry, Journey, Mark, Review, ReviewKind
from postal_service.shipments.lifecycle import (
    FAILED_TRIES,
    ON_THE_WAY_BACK,
    OURS,
    PHASE,
    TRANSITIONS,
    WAY_BACK,
    Phase,
)

SAME_TRY = timedelta(hours=1)
"""Two reports of a failed try with nothing between them are one try told twice when they lie closer than this.

Carriers leave out the new departure between two tries; no round comes back to the same door within the hour.
"""

# The fold runs for every fact that comes in; a member read off its enum costs as much as a call, so it is read once here.
_DELIVERED, _RETURN_PENDING = Status.DELIVERED, Status.RETURN_PENDING
_FORWARD, _RETURN = Direction.FORWARD, Direction.RETURN
_MOVES, _REVIEW, _MONEY = Effect.MOVES, Effect.REVIEW, Effect.MONEY
_REPEAT, _UNKNOWN = Mark.REPEAT, Mark.UNKNOWN
_GIVEN_UP = frozenset({Status.CANCELLED, Status.SUBMIT_REJECTED})


def fold(facts: Iterable[Fact], *, leg: Leg, booking: Status) -> Journey:
    """Return what the facts add up to; their order in the argument, copies and batches make no difference.

    `booking` is our own state of the order, up to CREATED. A fact of somebody who has the order in hand proves that the
    carrier knows it, so that the way then starts at CREATED whatever the booking still believes.
    """
    ordered = in_order(facts)
    proof = next((fact for fact in ordered if _proves_order(fact, booking)), None)
    walk = _Walk(leg, Status.CREATED if proof else booking)
    if proof and booking in _GIVEN_UP:
        walk.ask(ReviewKind.BOOKING_DENIED, proof)
    for fact in ordered:
        walk.take(fact)
    return walk.journey()


def _proves_order(fact: Fact, booking: Status) -> bool:
    if fact.source == SCAN or fact.source.startswith(CARRIER):
        return True
    # Staff and clients may move an order they know of; their mere notes, and words on one we gave up, prove nothing.
    moves = fact.status not in {None, *OURS} and fact.effect in {_MOVES, _REVIEW}
    return moves and fact.source != SYSTEM and booking not in _GIVEN_UP


class _Walk:
    """The state while the facts are read one by one, in order."""

    def __init__(self, leg: Leg, start: Status) -> None:
        self._leg = leg
        self._status = start
        self._direction = _FORWARD
        self._phase = PHASE.get(start, Phase.PICKUP)
        self._failed = dict.fromkeys(Phase, 0)
        self._attempt = 1
        self._moved_by: Fact | None = None
        self._dimensions = Dimensions(leg)
        self._custody = CustodyChain(leg)
        self._timeline: list[Entry] = []
        self._reviews: list[Review] = []

    def ask(self, kind: ReviewKind, fact: Fact) -> None:
        """Put a fact up for a person to look at."""
        self._reviews.append(Review(kind, fact.fact_id))

    def take(self, fact: Fact) -> None:
        """Read the next fact."""
        mark = self._judge(fact)
        if mark is not _UNKNOWN and self._dimensions.take(fact, self._phase, self._attempt):
            self.ask(ReviewKind.SEAL_DIFFERS, fact)
        if mark is None or mark is _REPEAT:
            worker = self._dimensions.worker
            self._custody.take(fact, self._status, worker.name if worker else None)
        self._timeline.append(Entry(fact, self._status, self._attempt, mark))

    def journey(self) -> Journey:
        """Return what was read."""
        unverified = self._dimensions.identity is not IdentityStatus.VERIFIED
        if self._moved_by and self._status is _DELIVERED and self._leg is Leg.DELIVERY and unverified:
            self.ask(ReviewKind.DELIVERED_UNVERIFIED, self._moved_by)
        return Journey(
            status=self._status,
            direction=self._direction,
            money_status=self._dimensions.money,
            identity_status=self._dimensions.identity,
            seal=self._dimensions.seal,
            custody=tuple(self._custody.links),
            failed_tries=self._failed[self._phase],
            attempt=self._attempt,
            worker=self._dimensions.worker,
            worker_source=self._dimensions.worker_source,
            moved_by=self._moved_by,
            timeline=tuple(self._timeline),
            reviews=tuple(self._reviews),
        )

    def _judge(self, fact: Fact) -> Mark | None:
        if not fact.known:
            self.ask(ReviewKind.UNKNOWN_CODE, fact)
            return _UNKNOWN
        if fact.effect is not _MOVES:
            if fact.effect is _MONEY:
                return Mark.MONEY
            if fact.effect is not _REVIEW:
                return Mark.INFO
            self.ask(ReviewKind.CARRIER_ASKS, fact)
        # A carrier's own word for a draft proves the order, but booking states are ours to set.
        if fact.status is None or fact.status in OURS:
            return Mark.INFO
        return self._move(fact, fact.status)

    def _move(self, fact: Fact, word: Status) -> Mark | None:
        # Nearly every fact goes forward: ask no further where nothing speaks of a return.
        back = (fact.direction is _RETURN or self._direction is _RETURN) and self._is_on_the_way_back(fact, word)
        if back and word is _DELIVERED and fact.direction is not _RETURN:
            self.ask(ReviewKind.DELIVERED_ON_THE_WAY_BACK, fact)
            return Mark.ILLEGAL
        to = ON_THE_WAY_BACK.get(word, word) if back else word
        if to is self._status:
            if not self._is_new_try(fact, to):
                return _REPEAT
        elif to not in TRANSITIONS[self._status] and not fact.correction:
            self.ask(ReviewKind.ILLEGAL_MOVE, fact)
            return Mark.ILLEGAL
        self._status = to
        self._direction = _RETURN if back or to in WAY_BACK else _FORWARD
        self._moved_by = fact
        self._count_tries(to)
        return None

    def _is_on_the_way_back(self, fact: Fact, word: Status) -> bool:
        """Decide the direction before the word is read, from the fact itself or from where the papers were going."""
        if fact.direction is _RETURN:
            return True
        if fact.correction:
            return False
        # A forward word after a return that was only pending is a new delivery.
        return not (self._status is _RETURN_PENDING and word in ON_THE_WAY_BACK)

    def _is_new_try(self, fact: Fact, to: Status) -> bool:
        return (
            to in FAILED_TRIES and self._moved_by is not None and fact.occurred_at - self._moved_by.occurred_at >= SAME_TRY
        )

    def _count_tries(self, to: Status) -> None:
        self._phase = phase = PHASE.get(to, self._phase)
        failed = self._failed[phase]
        self._attempt = failed + 1
        if to in FAILED_TRIES:
            self._failed[phase] = failed + 1
