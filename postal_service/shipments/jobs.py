"""Work of this room that the outbox hands over: naming the worker of a booked shipment."""

from dataclasses import dataclass

from carriers.ports import Address
from carriers.status import Leg, Status
from postal_service.kit.clock import Clock, local_date
from postal_service.outbox.dispatcher import Job
from postal_service.shipments import recording
from postal_service.shipments.assignment import Assigned, Assignment
from postal_service.shipments.facts import SYSTEM
from postal_service.shipments.models import Shipment
from postal_service.shipments.service import assigned_fact
from postal_service.storage.transactions import transaction


@dataclass(frozen=True, slots=True)
class NamingJob:
    """Names the worker who comes to the citizen's door. The outbox's handler of `shipment.assign`."""

    assignment: Assignment
    clock: Clock

    async def __call__(self, job: Job) -> None:
        """Propose a worker and record it; without anybody to send a person has to look."""
        shipment = await Shipment.get(id=job.payload["shipment_id"])
        if shipment.closed or (shipment.leg == Leg.PICKUP and not shipment.collect_at_door):
            return
        citizen = shipment.sender if shipment.leg == Leg.PICKUP else shipment.receiver
        asked = (shipment.window_start, shipment.window_end)
        now = self.clock()
        proposed = await self.assignment.propose(
            Address(**citizen["address"]), local_date(now), (asked[0], asked[1]) if asked[0] and asked[1] else None
        )
        async with transaction():
            shipment = await recording.hold(shipment.id)
            if shipment.closed or shipment.status == Status.CANCEL_REQUESTED:
                return
            if proposed is None:
                await recording.open_review(shipment, "no_worker", "", "nobody serves this address", now=now)
                return
            if asked[0] is None and shipment.leg == Leg.PICKUP:
                await Shipment.filter(id=shipment.id).update(window_start=proposed.window[0], window_end=proposed.window[1])
            named = assigned_fact(shipment, proposed.worker, source=SYSTEM, key=_key(proposed), now=now)
            await recording.record(shipment.id, [named], now=now)


def _key(proposed: Assigned) -> str:
    """Return what makes the same proposal the same fact, and one for another day or worker another."""
    return f"{proposed.worker.employee_code}:{proposed.window[0]:%Y%m%d}"
