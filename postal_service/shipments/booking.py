"""Booking and cancelling with the carrier: claim, commit, call, write. Never a second create before a look-up.

A create whose outcome is unknown (time-out, cut line, 5xx, or our own death in the middle) leaves the shipment in
SUBMIT_UNKNOWN or SUBMITTING. It is then looked up by our reference, and only booked again when the carrier still has nothing
after the call could have taken effect.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from carriers.errors import CarrierError, CredentialsBad, NotSupported, OutcomeUnknown, Refused, TryLater
from carriers.ports import Address, Booking, BookingRequest, Carrier, Party
from carriers.status import Leg, Status
from postal_service.kit.clock import LOCAL, Clock, local_date
from postal_service.kit.ids import new_id
from postal_service.outbox import service as outbox
from postal_service.outbox.dispatcher import Dead, Job, Later
from postal_service.shipments import queries, recording
from postal_service.shipments.facts import SYSTEM, Fact
from postal_service.shipments.lifecycle import can_cancel
from postal_service.shipments.models import Shipment
from postal_service.storage.transactions import transaction

BOOK = "shipment.book"
ASSIGN = "shipment.assign"
CANCEL = "shipment.cancel"

LOOK_UP_AFTER = timedelta(seconds=2)
ABSENT_AFTER = timedelta(seconds=4)
"""How long after an unknown outcome a missing order is proof that there is none."""
DIED_AFTER = timedelta(seconds=15)
"""The same after a process died while calling: the call itself may take ten seconds."""
CREDENTIALS_PAUSE_SECONDS = 60.0
CANCEL_POLL_SECONDS = 60.0
DOSSIER_GRAMS = 100
_NOON = 12

_TO_BOOK = (Status.DRAFT, Status.SUBMITTING, Status.SUBMIT_UNKNOWN)


@dataclass(frozen=True, slots=True)
class BookingDesk:
    """Books shipments with the carriers that are enabled."""

    carriers: Mapping[str, Carrier]
    order_of: Callable[[str], tuple[str, ...]]
    """Returns an agency's carriers in its order of choice."""
    clock: Clock

    async def book(self, job: Job) -> None:
        """Bring one shipment from DRAFT to CREATED. The outbox's handler of `shipment.book`."""
        shipment = await Shipment.get(id=job.payload["shipment_id"])
        if _given_up(shipment) or Status(shipment.booking) not in _TO_BOOK:
            return
        carrier = self._carrier(shipment)
        try:
            if Status(shipment.booking) is Status.DRAFT:
                booking = await self._create(shipment, carrier)
            else:
                booking = await self._resolve(shipment, carrier)
        except OutcomeUnknown as error:
            await recording.set_booking(shipment.id, Status.SUBMIT_UNKNOWN, now=self.clock(), booking_tried_at=self.clock())
            raise Later(f"outcome unknown: {error.code or 'silence'}", seconds=LOOK_UP_AFTER.total_seconds()) from error
        except TryLater as error:
            await self._back_to_draft(shipment)
            raise Later("carrier busy", seconds=error.retry_after) from error
        except CredentialsBad as error:
            await self._back_to_draft(shipment)
            raise Later("carrier does not know us", seconds=CREDENTIALS_PAUSE_SECONDS) from error
        except Refused as error:
            # A carrier may refuse a second order under a reference it has: then the first one is ours.
            found = await self._refused_as_duplicate(shipment, carrier)
            if found is None:
                await self._rejected(shipment, error)
                return
            booking = found
        if booking is not None:
            await self._created(shipment, carrier, booking)

    async def cancel(self, job: Job) -> None:
        """Ask the carrier to cancel. What it answers is a request taken; its own status says whether it is cancelled."""
        async with transaction():
            await queries.lock(job.payload["shipment_id"])
            shipment = await Shipment.get(id=job.payload["shipment_id"])
            # A worker named meanwhile does not undo the wish; only papers in the carrier's hands do.
            if shipment.closed or not can_cancel(Status(shipment.status)):
                return
            if Status(shipment.booking) in (Status.DRAFT, Status.SUBMIT_REJECTED):
                cancelled = self._own_fact(shipment, Status.CANCELLED, "cancelled")
                await recording.record(shipment.id, [cancelled], now=self.clock())
                return
        if Status(shipment.booking) is not Status.CREATED or not shipment.carrier_order_id:
            raise Later("booking not settled yet", seconds=LOOK_UP_AFTER.total_seconds())
        carrier = self.carriers[str(shipment.carrier)]
        case_id = job.payload.get("case_id")
        try:
            if case_id:
                answer = await carrier.cancel_state(shipment.carrier_order_id, case_id)
            else:
                answer = await carrier.cancel(shipment.carrier_order_id)
        except (TryLater, OutcomeUnknown, CredentialsBad) as error:
            raise Later("carrier did not answer the cancel") from error
        except NotSupported as error:
            raise Dead("this carrier cannot cancel") from error
        if answer.pending and answer.case_id:
            await self._ask_again(shipment, answer.case_id)
        elif not answer.accepted:
            async with transaction():
                await recording.open_review(
                    shipment, "cancel_refused", str(job.id), answer.message or "refused", now=self.clock()
                )
        await Shipment.filter(id=shipment.id, next_pull_at__not_isnull=True).update(next_pull_at=self.clock())

    async def _ask_again(self, shipment: Shipment, case_id: str) -> None:
        """Somebody at the carrier has to approve: later ask for the verdict, not for a second cancel."""
        now = self.clock()
        work = outbox.Work(
            topic=CANCEL,
            payload={"shipment_id": shipment.id, "case_id": case_id},
            not_before=now + timedelta(seconds=CANCEL_POLL_SECONDS),
        )
        async with transaction():
            await outbox.add(work, now=now)

    def _carrier(self, shipment: Shipment) -> Carrier:
        if shipment.carrier:
            carrier = self.carriers.get(shipment.carrier)
            if carrier is None:
                raise Dead(f"carrier {shipment.carrier} is not enabled")
            return carrier
        for name in self.order_of(shipment.agency):
            carrier = self.carriers.get(name)
            if carrier is not None and carrier.capabilities.create:
                return carrier
        raise Dead("no enabled carrier can create shipments for this agency")

    async def _create(self, shipment: Shipment, carrier: Carrier) -> Booking | None:
        now = self.clock()
        async with transaction():
            await queries.lock(shipment.id)
            if _given_up(await Shipment.get(id=shipment.id)):
                return None
            await recording.set_booking(shipment.id, Status.SUBMITTING, now=now, booking_tried_at=now, carrier=carrier.name)
        return await carrier.create(_booking_request(shipment))

    async def _resolve(self, shipment: Shipment, carrier: Carrier) -> Booking | None:
        """Look up a create whose outcome is unknown; create again only when it is proved absent."""
        try:
            found = await carrier.find_by_reference(shipment.reference)
        except (TryLater, OutcomeUnknown, CredentialsBad) as error:
            # Not an answer: nothing is known, and the shipment stays as it is.
            raise Later("look-up not answered") from error
        if found is not None:
            return found
        died = Status(shipment.booking) is Status.SUBMITTING
        wait = DIED_AFTER if died else ABSENT_AFTER
        since = self.clock() - (shipment.booking_tried_at or shipment.created_at)
        if since < wait:
            raise Later("not there yet", seconds=(wait - since).total_seconds())
        return await self._create(shipment, carrier)

    async def _refused_as_duplicate(self, shipment: Shipment, carrier: Carrier) -> Booking | None:
        if Status(shipment.booking) is Status.DRAFT or not carrier.capabilities.look_up_by_reference:
            return None
        try:
            return await carrier.find_by_reference(shipment.reference)
        except (TryLater, OutcomeUnknown, CredentialsBad) as error:
            raise Later("look-up not answered") from error

    async def _created(self, shipment: Shipment, carrier: Carrier, booking: Booking) -> None:
        now = self.clock()
        async with transaction():
            await recording.set_booking(
                shipment.id,
                Status.CREATED,
                now=now,
                carrier=carrier.name,
                item_number=booking.item_number,
                carrier_order_id=booking.carrier_order_id,
                next_pull_at=now if carrier.capabilities.pull else None,
            )
            await outbox.add(
                outbox.Work(topic=ASSIGN, payload={"shipment_id": shipment.id}, key=f"assign:{shipment.id}"), now=now
            )

    async def _back_to_draft(self, shipment: Shipment) -> None:
        """Surely not sent: there is nothing to look up."""
        await recording.set_booking(shipment.id, Status.DRAFT, now=self.clock())

    async def _rejected(self, shipment: Shipment, error: CarrierError) -> None:
        now = self.clock()
        async with transaction():
            await recording.set_booking(shipment.id, Status.SUBMIT_REJECTED, now=now)
            await recording.open_review(shipment, "booking_refused", error.code or "refused", str(error), now=now)

    def _own_fact(self, shipment: Shipment, status: Status, key: str) -> Fact:
        now = self.clock()
        return Fact(
            fact_id=new_id(),
            source=SYSTEM,
            source_id=f"{shipment.id}:{key}",
            status=status,
            occurred_at=now,
            received_at=now,
        )


def _given_up(shipment: Shipment) -> bool:
    """Tell whether nobody wants this order any more, and the carrier surely does not have it."""
    cancelled = shipment.status == Status.CANCEL_REQUESTED and shipment.booking == Status.DRAFT
    return shipment.closed or cancelled


def _booking_request(shipment: Shipment) -> BookingRequest:
    day_part, on_day = _when(shipment.window_start, shipment.window_end)
    return BookingRequest(
        reference=shipment.reference,
        sender=_party(shipment.sender),
        receiver=_party(shipment.receiver),
        contents=shipment.contents,
        weight_grams=DOSSIER_GRAMS,
        collect_at_door=shipment.collect_at_door,
        day_part=day_part if shipment.leg == Leg.PICKUP else None,
        on_day=on_day if shipment.leg == Leg.PICKUP else None,
    )


def _when(start: datetime | None, end: datetime | None) -> tuple[str | None, Any]:
    if start is None or end is None:
        return None, None
    if end.astimezone(LOCAL).hour <= _NOON and start.astimezone(LOCAL).hour < _NOON:
        part = "morning"
    elif start.astimezone(LOCAL).hour >= _NOON:
        part = "afternoon"
    else:
        part = None
    return part, local_date(start)


def _party(stored: dict[str, Any]) -> Party:
    address = stored["address"]
    return Party(name=stored["name"], phone=stored["phone"], email=stored.get("email"), address=Address(**address))
