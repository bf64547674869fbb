"""The carrier's own truth: its orders, and what happens to each in which order. Knows no wire format."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from carriers.simulator.chance import digest, draw, pick
from carriers.simulator.journeys import BEFORE_CUSTODY, JOURNEYS, MEANS, Profile, Step, script
from carriers.status import Status
from postal_service.kit.clock import Clock
from postal_service.kit.ids import s10_check_digit

_SECOND = timedelta(seconds=1)
_SERIALS = 10**8


@dataclass(frozen=True, slots=True)
class Happening:
    """A step that has been taken; `at` is UTC, a whole second."""

    step: Step
    at: datetime


@dataclass(slots=True)
class CancelCase:
    """A request to cancel. `approved` is None while somebody at the carrier still thinks about it."""

    case_id: str
    approved: bool | None


@dataclass(slots=True, kw_only=True)
class Order:
    """One order as the carrier has it. `details` is what the customer sent, for the face to give back."""

    reference: str
    item_number: str
    order_id: str
    journey: str
    script: list[Step]
    collect_at_door: bool
    pays_out: bool
    details: Mapping[str, Any]
    happened: list[Happening] = field(default_factory=list)
    cancel_case: CancelCase | None = None

    @property
    def last(self) -> Happening:
        """The latest step taken; every order has at least `created`."""
        return self.happened[-1]

    @property
    def finished(self) -> bool:
        """Tell whether nothing more will happen."""
        return len(self.happened) == len(self.script)

    @property
    def status(self) -> Status:
        """Where the order is now."""
        return _status_after([happening.step for happening in self.happened])

    @property
    def final_status(self) -> Status:
        """Where the order ends, as things stand."""
        return _status_after(self.script)

    @property
    def in_custody(self) -> bool:
        """Tell whether the carrier has had the papers in its hands."""
        return any(h.step not in BEFORE_CUSTODY and MEANS[h.step] is not None for h in self.happened)


class Engine:
    """Takes orders and moves them along their scripts.

    Which journey an order follows is decided by the seed and our reference, unless a test or a demo has said otherwise.
    A step happens now by the carrier's clock, cut to the whole second, and at least one second after the order's step
    before. So that no step lies in the future even when a test takes many at once, the carrier's clock may stand
    `lag_seconds` behind.
    """

    def __init__(self, profile: Profile, seed: int, *, clock: Clock, lag_seconds: float = 0.0) -> None:
        self.profile = profile
        self.seed = seed
        self.orders: list[Order] = []
        self.listeners: list[Callable[[Order, Happening], None]] = []
        self._clock = clock
        self._lag = timedelta(seconds=lag_seconds)
        self._by_item: dict[str, Order] = {}
        self._by_order_id: dict[str, Order] = {}
        self._by_reference: defaultdict[str, list[Order]] = defaultdict(list)
        self._chosen: dict[str, tuple[str, tuple[Step, ...]]] = {}
        # A carrier that is started again goes on with other numbers.
        self._first_serial = int.from_bytes(digest(seed, "serial", int(clock().timestamp()))[:8], "big") % _SERIALS

    def book(self, *, reference: str, collect_at_door: bool, pays_out: bool, details: Mapping[str, Any]) -> Order:
        """Take an order. As with the carriers, the same reference twice makes two: looking first is the caller's part."""
        number = len(self.orders)
        name, journey = self._journey(reference)
        steps = script(journey, collect_at_door=collect_at_door, pays_out=pays_out)
        order = Order(
            reference=reference,
            item_number=self._item_number(number),
            order_id=str(uuid.UUID(bytes=digest(self.seed, "order", self._first_serial, number))),
            journey=name,
            script=self._with_strange_step(steps, reference),
            collect_at_door=collect_at_door,
            pays_out=pays_out,
            details=details,
        )
        self.orders.append(order)
        self._by_item[order.item_number] = order
        self._by_order_id[order.order_id] = order
        self._by_reference[reference].append(order)
        self.advance(order)
        return order

    def by_item(self, item_number: str) -> Order | None:
        """Return the order with this item number."""
        return self._by_item.get(item_number)

    def by_order_id(self, order_id: str) -> Order | None:
        """Return the order with this id."""
        return self._by_order_id.get(order_id)

    def by_reference(self, reference: str) -> list[Order]:
        """Return every order under our reference; more than one means somebody sent it twice."""
        return self._by_reference.get(reference, [])

    def double_references(self) -> list[str]:
        """Return the references that were booked more than once."""
        return [reference for reference, orders in self._by_reference.items() if len(orders) > 1]

    def choose_journey(self, reference: str, journey: str | tuple[Step, ...]) -> None:
        """Decide the journey of what is or will be booked under this reference.

        Raises `KeyError` for a journey there is none of, `ValueError` when an order has already gone another way.
        """
        name, steps = (journey, JOURNEYS[journey]) if isinstance(journey, str) else ("own", journey)
        for order in self.by_reference(reference):
            planned = script(steps, collect_at_door=order.collect_at_door, pays_out=order.pays_out)
            if planned[: len(order.happened)] != [happening.step for happening in order.happened]:
                raise ValueError(f"{reference} has already gone another way")
            order.journey, order.script = name, planned
        self._chosen[reference] = (name, steps)

    def advance(self, order: Order) -> Happening | None:
        """Take the order's next step and tell the listeners; None when there is none."""
        self._decide_cancel(order)
        if order.finished:
            return None
        now = (self._clock() - self._lag).replace(microsecond=0)
        at = max(now, order.last.at + _SECOND) if order.happened else now
        happening = Happening(order.script[len(order.happened)], at)
        order.happened.append(happening)
        for tell in self.listeners:
            tell(order, happening)
        return happening

    def cancel(self, order: Order) -> CancelCase | None:
        """Take a request to cancel: granted at once while nobody is on the way, later decided, or None once in custody."""
        if order.in_custody or order.finished:
            return None
        if order.cancel_case is None:
            case_id = str(uuid.UUID(bytes=digest(self.seed, "case", order.order_id)))
            order.cancel_case = CancelCase(case_id, approved=True if order.last.step is Step.CREATED else None)
            if order.cancel_case.approved:
                self._cut_short(order)
        return order.cancel_case

    def _decide_cancel(self, order: Order) -> None:
        case = order.cancel_case
        if case is None or case.approved is not None:
            return
        case.approved = draw(self.seed, "approves", order.reference) < self.profile.approves_cancel
        if case.approved:
            self._cut_short(order)

    @staticmethod
    def _cut_short(order: Order) -> None:
        order.script = [*(happening.step for happening in order.happened), Step.CANCELLED]

    def _journey(self, reference: str) -> tuple[str, tuple[Step, ...]]:
        if reference in self._chosen:
            return self._chosen[reference]
        name = pick(self.profile.journeys, self.seed, "journey", reference)
        return name, JOURNEYS[name]

    def _with_strange_step(self, steps: list[Step], reference: str) -> list[Step]:
        if reference in self._chosen or draw(self.seed, "strange", reference) >= self.profile.strange_steps:
            return steps
        place = 1 + int(draw(self.seed, "strange place", reference) * (len(steps) - 1))
        return [*steps[:place], Step.STRANGE, *steps[place:]]

    def _item_number(self, number: int) -> str:
        serial = f"{(self._first_serial + number) % _SERIALS:08d}"
        return f"CV{serial}{s10_check_digit(serial)}VN"


def _status_after(steps: list[Step]) -> Status:
    return next(status for step in reversed(steps) if (status := MEANS[step]) is not None)
