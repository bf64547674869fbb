"""Cancelling with the carrier. What it answers is a request taken; its own status says whether it is cancelled."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from carriers.errors import CarrierError, CredentialsBad, NotSupported, OutcomeUnknown, Refused, TryLater
from carriers.ports import CancelAnswer, Carrier
from carriers.status import Status
from postal_service.kit.clock import Clock
from postal_service.kit.ids import new_id
from postal_service.outbox import service as outbox
from postal_service.outbox.dispatcher import Dead, Job, Later
from postal_service.shipments import recording
from postal_service.shipments.facts import SYSTEM, Fact
from postal_service.shipments.lifecycle import can_cancel
from postal_service.shipments.models import Shipment
from postal_service.storage.transactions import transaction

CANCEL = "shipment.cancel"
APPROVAL_POLL_SECONDS = 60.0
BOOKING_SETTLES_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class CancelDesk:
    """Asks carriers to cancel."""

    carriers: Mapping[str, Carrier]
    clock: Clock

    async def cancel(self, job: Job) -> None:
        """Cancel a shipment: at once where no carrier has it, else by asking. The outbox's handler of `shipment.cancel`."""
        async with transaction():
            shipment = await recording.hold(job.payload["shipment_id"])
            # A worker named meanwhile does not undo the wish; only papers in the carrier's hands do.
            if shipment.closed or not can_cancel(Status(shipment.status)):
                return
            if Status(shipment.booking) in (Status.DRAFT, Status.SUBMIT_REJECTED):
                await self._record(shipment, Status.CANCELLED, "cancelled")
                return
        if Status(shipment.booking) is not Status.CREATED or not shipment.carrier_order_id:
            raise Later("booking not settled yet", seconds=BOOKING_SETTLES_SECONDS)
        answer = await self._ask(shipment, self.carriers[str(shipment.carrier)], job.payload.get("case_id"))
        if answer.pending and answer.case_id:
            await self._ask_again(shipment, answer.case_id)
        elif not answer.accepted:
            await self._refused(shipment, str(job.id), answer.message or "refused")
        await Shipment.filter(id=shipment.id, next_pull_at__not_isnull=True).update(next_pull_at=self.clock())

    async def _ask(self, shipment: Shipment, carrier: Carrier, case_id: str | None) -> CancelAnswer:
        order_id = str(shipment.carrier_order_id)
        try:
            return await (carrier.cancel_state(order_id, case_id) if case_id else carrier.cancel(order_id))
        except (TryLater, OutcomeUnknown, CredentialsBad) as error:
            raise Later("carrier did not answer the cancel") from error
        except NotSupported as error:
            raise Dead("this carrier cannot cancel") from error
        except Refused as error:
            return CancelAnswer(accepted=False, message=str(error))
        except CarrierError as error:
            raise Later("carrier's answer to the cancel cannot be read") from error

    async def _ask_again(self, shipment: Shipment, case_id: str) -> None:
        """Somebody at the carrier has to approve: later ask for the verdict, not for a second cancel."""
        now = self.clock()
        work = outbox.Work(
            topic=CANCEL,
            payload={"shipment_id": shipment.id, "case_id": case_id},
            not_before=now + timedelta(seconds=APPROVAL_POLL_SECONDS),
        )
        async with transaction():
            await outbox.add(work, now=now)

    async def _refused(self, shipment: Shipment, key: str, why: str) -> None:
        """The carrier goes on with it: so does the shipment, and a person is told."""
        async with transaction():
            present = await recording.hold(shipment.id)
            await recording.open_review(present, "cancel_refused", key, why, now=self.clock())
            if present.status == Status.CANCEL_REQUESTED:
                await self._record(present, Status.CREATED, f"cancel-refused:{key}")

    async def _record(self, shipment: Shipment, status: Status, key: str) -> None:
        now = self.clock()
        fact = Fact(
            fact_id=new_id(),
            source=SYSTEM,
            source_id=f"{shipment.id}:{key}",
            status=status,
            occurred_at=now,
            received_at=now,
        )
        await recording.record(shipment.id, [fact], now=now)
