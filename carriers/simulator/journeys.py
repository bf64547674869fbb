"""What can happen to an order, in words that fit every carrier, and the journeys made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from carriers.simulator.faults import Fault
from carriers.status import Status


class Step(StrEnum):
    """One thing that happens to an order."""

    CREATED = "created"
    ASSIGNED = "assigned"
    PICKING_UP = "picking_up"
    PICKUP_TRY_FAILED = "pickup_try_failed"
    PICKED_UP = "picked_up"
    ACCEPTED = "accepted"
    TRANSIT = "transit"
    ARRIVED = "arrived"
    FORWARDED = "forwarded"
    OUT_FOR_DELIVERY = "out_for_delivery"
    TRY_FAILED = "try_failed"
    DELIVERED = "delivered"
    DELIVERY_STOPPED = "delivery_stopped"
    RETURN_WAITING = "return_waiting"
    RETURN_APPROVED = "return_approved"
    RETURN_STARTED = "return_started"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    PAID_OUT = "paid_out"
    STRANGE = "strange"
    """A status that no document names."""


MEANS: Mapping[Step, Status | None] = {
    Step.CREATED: Status.CREATED,
    Step.ASSIGNED: Status.PICKUP_ASSIGNED,
    Step.PICKING_UP: Status.PICKUP_IN_PROGRESS,
    Step.PICKUP_TRY_FAILED: Status.PICKUP_FAILED,
    Step.PICKED_UP: Status.PICKED_UP,
    Step.ACCEPTED: Status.AT_ORIGIN,
    Step.TRANSIT: Status.IN_TRANSIT,
    Step.ARRIVED: Status.AT_DESTINATION,
    Step.FORWARDED: Status.IN_TRANSIT,
    Step.OUT_FOR_DELIVERY: Status.OUT_FOR_DELIVERY,
    Step.TRY_FAILED: Status.DELIVERY_FAILED,
    Step.DELIVERED: Status.DELIVERED,
    Step.DELIVERY_STOPPED: Status.EXCEPTION,
    Step.RETURN_WAITING: Status.RETURN_PENDING,
    Step.RETURN_APPROVED: Status.RETURNING,
    Step.RETURN_STARTED: Status.RETURNING,
    Step.RETURNED: Status.RETURNED,
    Step.CANCELLED: Status.CANCELLED,
    Step.PAID_OUT: None,
    Step.STRANGE: None,
}
"""Where an order is after a step; None where the step leaves it where it was."""

BEFORE_CUSTODY = frozenset({Step.CREATED, Step.ASSIGNED, Step.PICKING_UP, Step.PICKUP_TRY_FAILED})

_AT_THE_DOOR = frozenset({Step.ASSIGNED, Step.PICKING_UP, Step.PICKUP_TRY_FAILED, Step.PICKED_UP})
_VISIT = (Step.ASSIGNED, Step.PICKING_UP)
_COLLECTED = (*_VISIT, Step.PICKED_UP, Step.ACCEPTED)
_HAUL = (Step.TRANSIT, Step.ARRIVED)
_RETURN = (Step.RETURN_WAITING, Step.RETURN_APPROVED, Step.RETURN_STARTED, Step.RETURNED)
_TRY = (Step.OUT_FOR_DELIVERY, Step.TRY_FAILED)
_HAND_OVER = (Step.OUT_FOR_DELIVERY, Step.DELIVERED)

JOURNEYS: Mapping[str, tuple[Step, ...]] = {
    "direct": (*_COLLECTED, *_HAUL, *_HAND_OVER),
    "pickup_failed_once": (*_VISIT, Step.PICKUP_TRY_FAILED, *_COLLECTED, *_HAUL, *_HAND_OVER),
    "failed_once": (*_COLLECTED, *_HAUL, *_TRY, *_HAND_OVER),
    "forwarded": (*_COLLECTED, *_HAUL, Step.FORWARDED, Step.ARRIVED, *_HAND_OVER),
    "returned": (*_COLLECTED, *_HAUL, *_TRY, *_TRY, *_RETURN),
    "redelivered": (*_COLLECTED, *_HAUL, *_TRY, Step.RETURN_WAITING, *_HAND_OVER),
    "stopped": (*_COLLECTED, *_HAUL, Step.OUT_FOR_DELIVERY, Step.DELIVERY_STOPPED),
    "called_off": (Step.ASSIGNED, Step.CANCELLED),
}
"""By name: what follows `created`. Dropped at an office instead, an order skips the postal worker's visits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How smooth the carrier's days are. Every rate is a share from 0 to 1."""

    journeys: Mapping[str, float]
    """Weights."""
    strange_steps: float = 0.0
    approves_cancel: float = 1.0
    hooks_lost: float = 0.0
    hooks_late: float = 0.0
    hooks_doubled: float = 0.0
    hooks_forged: float = 0.0
    rows_doubled: float = 0.0
    odd_shapes: float = 0.0
    """Answers in the less usual of the shapes that were met."""
    token_calls: int | None = None
    """How many calls a token lasts; None for ever."""
    faults: Mapping[Fault, float] = field(default_factory=dict)
    """On any call."""
    create_faults: Mapping[Fault, float] = field(default_factory=dict)
    """On a create besides."""


PROFILES: Mapping[str, Profile] = {
    # For tests that are not about the carrier: nothing is left to the seed.
    "straight": Profile(journeys={"direct": 1.0}),
    # Every calm journey ends at the receiver.
    "calm": Profile(journeys={"direct": 0.85, "failed_once": 0.06, "pickup_failed_once": 0.05, "forwarded": 0.04}),
    "rough": Profile(
        journeys={
            "direct": 0.46,
            "failed_once": 0.14,
            "pickup_failed_once": 0.1,
            "forwarded": 0.1,
            "returned": 0.1,
            "redelivered": 0.05,
            "stopped": 0.02,
            "called_off": 0.03,
        },
        strange_steps=0.05,
        approves_cancel=0.5,
        hooks_lost=0.1,
        hooks_late=0.25,
        hooks_doubled=0.1,
        hooks_forged=0.05,
        rows_doubled=0.1,
        odd_shapes=0.3,
        token_calls=150,
        faults={Fault.TOO_MANY: 0.02, Fault.SERVER_ERROR: 0.02, Fault.GARBAGE_AFTER: 0.01},
        create_faults={Fault.SILENCE_AFTER: 0.01, Fault.CUT_AFTER: 0.02, Fault.SERVER_ERROR_AFTER: 0.02},
    ),
}


def script(journey: tuple[Step, ...], *, collect_at_door: bool, pays_out: bool) -> list[Step]:
    """Return everything that is to happen to an order, `created` first."""
    steps = [step for step in journey if collect_at_door or step not in _AT_THE_DOOR]
    if pays_out and Step.DELIVERED in steps:
        steps.append(Step.PAID_OUT)
    return [Step.CREATED, *steps]
