"""Booking with the carrier: claim, commit, call, write. Never a second create before a look-up.

A create whose outcome is unknown (time-out, cut line, 5xx, or our own death in the middle) leaves the shipment in
SUBMIT_UNKNOWN or SUBMITTING. It is then looked up by our reference, and only booked again when the carrier still has nothing
after the call could have taken effect.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from carriers.errors import CarrierError, CredentialsBad, OutcomeUnknown, Refused, TryLater
from carriers.ports import Address, Booking, BookingRequest, Carrier, Party
from carriers.status import Leg, Status
from postal_service.kit.clock import Clock, local_date
from postal_service.kit.windows import day_part
from postal_service.outbox import service as outbox
from postal_service.outbox.dispatcher import Dead, Job, Later
from postal_service.shipments import recording
from postal_service.shipments.models import Shipment
from postal_service.storage.transactions import transaction

BOOK = "shipment.book"
ASSIGN = "shipment.assign"

LOOK_UP_AFTER = timedelta(seconds=2)
ABSENT_AFTER = timedelta(seconds=4)
"""How long after an unknown outcome a missing order is proof that there is none."""
DIED_AFTER = timedelta(seconds=15)
"""The same after a process died while calling: the call itself may take ten seconds."""
CREDENTIALS_PAUSE_SECONDS = 60.0
DOSSIER_GRAMS = 100

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
            await self._unknown(shipment)
            raise Later(f"outcome unknown: {error.code or 'silence'}", seconds=LOOK_UP_AFTER.total_seconds()) from error
        except TryLater as error:
            await self._not_sent(shipment)
            raise Later("carrier busy", seconds=error.retry_after) from error
        except CredentialsBad as error:
            await self._not_sent(shipment)
            raise Later("carrier does not know us", seconds=CREDENTIALS_PAUSE_SECONDS) from error
        except Refused as error:
            # A carrier may refuse a second order under a reference it has: then the first one is ours.
            booking = await self._look_up(shipment, carrier)
            if booking is None:
                await self._rejected(shipment, error)
        if booking is not None:
            await self._created(shipment, carrier, booking)

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
            present = await recording.hold(shipment.id)
            # Who held this work before us may be at it after all: only what we read may be claimed.
            as_read = (present.booking, present.booking_tried_at) == (shipment.booking, shipment.booking_tried_at)
            if _given_up(present) or not as_read:
                return None
            await recording.set_booking(shipment.id, Status.SUBMITTING, now=now, booking_tried_at=now, carrier=carrier.name)
        return await carrier.create(_booking_request(shipment))

    async def _resolve(self, shipment: Shipment, carrier: Carrier) -> Booking | None:
        """Look up a create whose outcome is unknown; create again only when it is proved absent."""
        found = await self._look_up(shipment, carrier)
        if found is not None:
            return found
        died = Status(shipment.booking) is Status.SUBMITTING
        wait = DIED_AFTER if died else ABSENT_AFTER
        since = self.clock() - (shipment.booking_tried_at or shipment.created_at)
        if since < wait:
            raise Later("not there yet", seconds=(wait - since).total_seconds())
        return await self._create(shipment, carrier)

    async def _look_up(self, shipment: Shipment, carrier: Carrier) -> Booking | None:
        """Return what the carrier has under our reference. Anything but a clear answer leaves everything as it is."""
        if not carrier.capabilities.look_up_by_reference:
            return None
        try:
            return await carrier.find_by_reference(shipment.reference)
        except CarrierError as error:
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

    async def _unknown(self, shipment: Shipment) -> None:
        now = self.clock()
        await recording.set_booking(shipment.id, Status.SUBMIT_UNKNOWN, now=now, booking_tried_at=now)

    async def _not_sent(self, shipment: Shipment) -> None:
        """This try surely did nothing. After an unknown one, the look-up stays the first thing to do."""
        if Status(shipment.booking) is Status.DRAFT:
            await recording.set_booking(shipment.id, Status.DRAFT, now=self.clock())
        else:
            await self._unknown(shipment)

    async def _rejected(self, shipment: Shipment, error: CarrierError) -> None:
        now = self.clock()
        async with transaction():
            await recording.set_booking(shipment.id, Status.SUBMIT_REJECTED, now=now)
            await recording.open_review(shipment, "booking_refused", error.code or "refused", str(error), now=now)


def _given_up(shipment: Shipment) -> bool:
    """Tell whether nobody wants this order any more, and the carrier surely does not have it."""
    cancelled = shipment.status == Status.CANCEL_REQUESTED and shipment.booking == Status.DRAFT
    return shipment.closed or cancelled


def _booking_request(shipment: Shipment) -> BookingRequest:
    start, end = shipment.window_start, shipment.window_end
    wished = (start, end) if start and end and shipment.leg == Leg.PICKUP else None
    part = day_part(*wished) if wished else "day"
    return BookingRequest(
        reference=shipment.reference,
        sender=_party(shipment.sender),
        receiver=_party(shipment.receiver),
        contents=shipment.contents,
        weight_grams=DOSSIER_GRAMS,
        collect_at_door=shipment.collect_at_door,
        day_part=None if part == "day" else part,
        on_day=local_date(wished[0]) if wished else None,
    )


def _party(stored: dict[str, Any]) -> Party:
    address = stored["address"]
    return Party(name=stored["name"], phone=stored["phone"], email=stored.get("email"), address=Address(**address))
