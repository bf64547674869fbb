"""The one table of moves a shipment may make, and the groups of states it is written with."""

from collections.abc import Mapping
from enum import StrEnum

from carriers.status import Status

_S = Status

FORWARD_PATH = (
    _S.PICKED_UP,
    _S.AT_ORIGIN,
    _S.IN_TRANSIT,
    _S.AT_DESTINATION,
    _S.OUT_FOR_DELIVERY,
    _S.AVAILABLE_FOR_COLLECTION,
    _S.DELIVERY_FAILED,
    _S.DELIVERED,
)
"""From hand to hand, in the order things happen. A carrier may skip any of them."""

INCIDENTS = frozenset({_S.EXCEPTION, _S.DAMAGED, _S.LOST, _S.DESTROYED})
WAY_BACK = frozenset({_S.RETURNING, _S.RETURN_FAILED, _S.RETURNED})
"""States that by themselves say that the papers travel back. A pending return is still undecided."""
PHYSICAL = frozenset(FORWARD_PATH) | {_S.RETURN_PENDING} | WAY_BACK | INCIDENTS
"""Every state in which the papers have left the sender's hands."""
PICKUP = frozenset({_S.PICKUP_ASSIGNED, _S.PICKUP_IN_PROGRESS, _S.PICKUP_FAILED})
OURS = frozenset({_S.DRAFT, _S.SUBMITTING, _S.SUBMIT_UNKNOWN, _S.SUBMIT_REJECTED})
"""Booking states before the carrier knows the order. They are set by the booking, never by a fact."""
FAILED_TRIES = frozenset({_S.PICKUP_FAILED, _S.DELIVERY_FAILED, _S.RETURN_FAILED})
TERMINAL = frozenset({_S.DELIVERED, _S.RETURNED, _S.CANCELLED, _S.LOST, _S.DESTROYED})
"""The ends. Only an operator's correction with a reason leaves one (a lost envelope is found)."""

_CANCEL = frozenset({_S.CANCEL_REQUESTED, _S.CANCELLED})
_GIVE_UP = INCIDENTS | {_S.RETURN_PENDING, _S.RETURNING}
_ON_THE_ROAD = _GIVE_UP | {
    _S.OUT_FOR_DELIVERY,
    _S.AVAILABLE_FOR_COLLECTION,
    _S.DELIVERED,
    _S.DELIVERY_FAILED,
}

TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    # A citizen may withdraw at any moment; while the order is on its way, the carrier is asked once it has answered.
    _S.DRAFT: frozenset({_S.SUBMITTING}) | _CANCEL,
    _S.SUBMITTING: frozenset({_S.CREATED, _S.SUBMIT_REJECTED, _S.SUBMIT_UNKNOWN, _S.CANCEL_REQUESTED}),
    # Found by our reference; proved absent and so sent again; or given up by an operator after the look-up.
    _S.SUBMIT_UNKNOWN: frozenset({_S.CREATED, _S.SUBMITTING}) | _CANCEL,
    _S.SUBMIT_REJECTED: frozenset({_S.SUBMITTING}) | _CANCEL,
    # The first thing a carrier tells may be any later one: events are skipped, and old ones fall out of its history.
    _S.CREATED: PICKUP | PHYSICAL | _CANCEL,
    # Back to CREATED: the carrier took the worker off the order again.
    _S.PICKUP_ASSIGNED: frozenset(FORWARD_PATH) | {_S.PICKUP_IN_PROGRESS, _S.PICKUP_FAILED, _S.CREATED} | _CANCEL,
    # Back to PICKUP_ASSIGNED: the visit passes to another worker.
    _S.PICKUP_IN_PROGRESS: frozenset(FORWARD_PATH) | {_S.PICKUP_FAILED, _S.PICKUP_ASSIGNED} | _CANCEL,
    _S.PICKUP_FAILED: frozenset(FORWARD_PATH) | {_S.PICKUP_ASSIGNED, _S.PICKUP_IN_PROGRESS} | _CANCEL,
    _S.PICKED_UP: _GIVE_UP | {_S.AT_ORIGIN, _S.IN_TRANSIT, _S.AT_DESTINATION, _S.OUT_FOR_DELIVERY, _S.DELIVERED},
    _S.AT_ORIGIN: _GIVE_UP | {_S.IN_TRANSIT, _S.AT_DESTINATION, _S.OUT_FOR_DELIVERY, _S.DELIVERED},
    # Between offices it goes to and fro: a missorted bag leaves the serving office again.
    _S.IN_TRANSIT: _ON_THE_ROAD | {_S.AT_DESTINATION},
    _S.AT_DESTINATION: _ON_THE_ROAD | {_S.IN_TRANSIT},
    # Back to an office without a failed try: the round ended before its turn, or it is forwarded.
    _S.OUT_FOR_DELIVERY: _ON_THE_ROAD - {_S.OUT_FOR_DELIVERY} | {_S.AT_DESTINATION, _S.IN_TRANSIT},
    _S.AVAILABLE_FOR_COLLECTION: _ON_THE_ROAD - {_S.AVAILABLE_FOR_COLLECTION},
    _S.DELIVERY_FAILED: _ON_THE_ROAD - {_S.DELIVERY_FAILED} | {_S.AT_DESTINATION, _S.IN_TRANSIT},
    # A return that is only pending may still end in a new delivery (the receiver called).
    _S.RETURN_PENDING: INCIDENTS | {_S.OUT_FOR_DELIVERY, _S.AT_DESTINATION, _S.DELIVERED, _S.RETURNING, _S.RETURNED},
    _S.RETURNING: INCIDENTS | {_S.RETURN_FAILED, _S.RETURNED},
    _S.RETURN_FAILED: INCIDENTS | {_S.RETURNING, _S.RETURNED},
    # Back to CREATED: the carrier refused the cancel.
    # Any move but to CANCELLED says that the cancel lost the race, or that the carrier refused it and works on.
    _S.CANCEL_REQUESTED: PICKUP | PHYSICAL | {_S.CREATED, _S.CANCELLED},
    # What went wrong is cleared up where it then is, forward or back.
    _S.EXCEPTION: PHYSICAL - {_S.EXCEPTION},
    _S.DAMAGED: PHYSICAL - {_S.DAMAGED},
    _S.DELIVERED: frozenset(),
    _S.RETURNED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.LOST: frozenset(),
    _S.DESTROYED: frozenset(),
}
"""Which states may follow a state. A repeat of the same state is no move and is judged by the fold."""

ON_THE_WAY_BACK: Mapping[Status, Status] = {
    _S.AT_ORIGIN: _S.RETURNING,
    _S.IN_TRANSIT: _S.RETURNING,
    _S.AT_DESTINATION: _S.RETURNING,
    _S.OUT_FOR_DELIVERY: _S.RETURNING,
    _S.AVAILABLE_FOR_COLLECTION: _S.RETURNING,
    _S.DELIVERY_FAILED: _S.RETURN_FAILED,
    _S.DELIVERED: _S.RETURNED,
}
"""What a word of the forward way means while the papers travel back."""

_BY_RANK = (
    _S.CREATED,
    _S.PICKUP_ASSIGNED,
    _S.PICKUP_IN_PROGRESS,
    _S.PICKUP_FAILED,
    _S.CANCEL_REQUESTED,
    _S.PICKED_UP,
    _S.AT_ORIGIN,
    _S.IN_TRANSIT,
    _S.AT_DESTINATION,
    _S.OUT_FOR_DELIVERY,
    # A failed try comes before what follows from it (kept at the office, sent back), and never overrides a delivery.
    _S.DELIVERY_FAILED,
    _S.AVAILABLE_FOR_COLLECTION,
    _S.RETURN_PENDING,
    _S.RETURNING,
    _S.RETURN_FAILED,
    _S.EXCEPTION,
    _S.DAMAGED,
    # The ends come last: of all that is said of one second, an end is what remained.
    _S.DELIVERED,
    _S.RETURNED,
    _S.CANCELLED,
    _S.LOST,
    _S.DESTROYED,
)
RANK: Mapping[Status | None, int] = {None: -1} | {status: rank for rank, status in enumerate(_BY_RANK)}
"""Orders facts of one second: the higher rank comes later and so wins. What is not listed comes first."""


class Phase(StrEnum):
    """Whose tries are counted: getting the papers, bringing them, or bringing them back."""

    PICKUP = "pickup"
    DELIVERY = "delivery"
    RETURN = "return"


PHASE: Mapping[Status, Phase] = (
    dict.fromkeys((_S.CREATED, *PICKUP), Phase.PICKUP)
    | dict.fromkeys((*FORWARD_PATH, _S.RETURN_PENDING), Phase.DELIVERY)
    | dict.fromkeys(WAY_BACK, Phase.RETURN)
)
"""The phase a state belongs to. Incidents and cancels happen within whatever phase it was."""


def can_move(current: Status, to: Status) -> bool:
    """Tell whether a shipment in `current` may move to `to` without a correction."""
    return to in TRANSITIONS[current]


def can_book(status: Status) -> bool:
    """Tell whether the order may be sent to the carrier (again) from this state."""
    return can_move(status, _S.SUBMITTING)


def can_cancel(status: Status) -> bool:
    """Tell whether a cancel may still be asked for: before the papers are in the carrier's hands."""
    return not TRANSITIONS[status].isdisjoint(_CANCEL)
