"""How far along the whole way a request is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from carriers.status import Leg, Status
from postal_service.intake.story import RequestStatus, Story
from postal_service.shipments.lifecycle import INCIDENTS, OURS, WAY_BACK
from postal_service.shipments.views import ShipmentView
from postal_service.tracking.words import Stage

StageState = Literal["done", "now", "stopped", "next"]

ENDED = frozenset({RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.STOPPED})
_WITH_SENDER = OURS | {
    Status.CREATED,
    Status.PICKUP_ASSIGNED,
    Status.PICKUP_IN_PROGRESS,
    Status.PICKUP_FAILED,
    Status.CANCEL_REQUESTED,
    Status.CANCELLED,
}
_TROUBLE = INCIDENTS | WAY_BACK | {Status.RETURN_PENDING, Status.CANCELLED}


@dataclass(frozen=True, slots=True)
class StageReached:
    """One step of the whole way and how far it is."""

    stage: Stage
    state: StageState


def stages_of(
    story: Story, legs: Sequence[ShipmentView], newest: ShipmentView | None, speaking: ShipmentView | None
) -> Iterator[StageReached]:
    """Return the steps of this request's way.

    `newest` is its present leg, and `speaking` the same while that leg tells where things are.
    """
    at, state = _where(story, newest, speaking)
    skipped = set()
    if not story.pickup and not any(shipment.leg is Leg.PICKUP for shipment in legs):
        skipped |= {Stage.COLLECT, Stage.TO_AGENCY}
    if not story.delivery and not any(shipment.leg is Leg.DELIVERY for shipment in legs):
        skipped.add(Stage.TO_CITIZEN)
    order = list(Stage)
    for stage in order:
        if stage not in skipped:
            here = order.index(stage) - order.index(at)
            yield StageReached(stage, state if here == 0 else "done" if here < 0 else "next")


def _where(story: Story, newest: ShipmentView | None, speaking: ShipmentView | None) -> tuple[Stage, StageState]:
    """Return the stage the papers are in, and whether it goes on, is done or has stopped."""
    if speaking is not None:
        return _where_on_the_way(speaking)
    if story.status in ENDED:
        reached = _where_on_the_way(newest)[0] if newest else Stage.AGENCY
        return reached, "stopped"
    if story.status is RequestStatus.RETURNED:
        return Stage.HANDED_OVER, "done"
    if story.status is RequestStatus.ISSUED:
        return (Stage.TO_CITIZEN if story.delivery else Stage.HANDED_OVER), "now"
    if story.status is RequestStatus.FILED and newest is not None:
        return Stage.COLLECT, "now"
    return Stage.AGENCY, "now"


def _where_on_the_way(shipment: ShipmentView) -> tuple[Stage, StageState]:
    state: StageState = "stopped" if shipment.status in _TROUBLE else "now"
    if shipment.leg is Leg.DELIVERY:
        return (Stage.HANDED_OVER, "done") if shipment.status is Status.DELIVERED else (Stage.TO_CITIZEN, state)
    if shipment.status is Status.DELIVERED:
        return Stage.AGENCY, "now"
    return (Stage.COLLECT if shipment.status in _WITH_SENDER else Stage.TO_AGENCY), state
