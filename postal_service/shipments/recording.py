"""Storing facts and folding them: the one place where a shipment's state changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from carriers.status import Direction, Effect, IdentityStatus, Leg, MoneyStatus, Status
from postal_service.kit.ids import new_id
from postal_service.outbox import service as outbox
from postal_service.shipments import queries
from postal_service.shipments.facts import Fact, WorkerNamed
from postal_service.shipments.journey import Journey
from postal_service.shipments.lifecycle import TERMINAL
from postal_service.shipments.models import ReviewItem, Shipment, ShipmentEvent
from postal_service.shipments.rules import fold
from postal_service.storage import sql
from postal_service.storage.transactions import transaction

CHANGED = "shipment.changed"
FOLDED = (
    "status",
    "direction",
    "money_status",
    "identity_status",
    "holder_kind",
    "holder_name",
    "holder_since",
    "attempts",
    "closed",
    "worker_name",
    "worker_phone",
    "worker_employee_code",
    "worker_post_office",
    "worker_source",
)
"""The columns that say what the facts add up to."""


async def record(shipment_id: str, facts: Sequence[Fact], *, now: datetime) -> Journey:
    """Store what is new among `facts`, fold all of them, and leave work for those who tell. One transaction.

    A fact already known (same source and source id) changes nothing. Raises `KeyError` for an unknown shipment.
    """
    async with transaction():
        shipment = await hold(shipment_id)
        known = await load(shipment_id)
        before = _fold(shipment, known)
        seen = {fact.key for fact in known}
        fresh = list({fact.key: fact for fact in facts if fact.key not in seen}.values())
        if not fresh:
            return before
        await ShipmentEvent.bulk_create([_row(shipment_id, fact) for fact in fresh])
        return await _project(shipment, [*known, *fresh], before, now=now)


async def set_booking(shipment_id: str, booking: Status, *, now: datetime, **columns: Any) -> Journey:
    """Write our own booking state, with the columns that come with it, and fold again. One transaction."""
    async with transaction():
        shipment = await hold(shipment_id)
        known = await load(shipment_id)
        before = _fold(shipment, known)
        shipment.update_from_dict({"booking": booking.value, **columns})
        return await _project(shipment, known, before, now=now)


async def load(shipment_id: str) -> list[Fact]:
    """Return the stored facts of a shipment, unsorted."""
    return [as_fact(row) for row in await queries.load_events([shipment_id])]


async def refold(shipment_id: str) -> bool:
    """Make the columns anew from the facts; returns whether they had differed. For `rebuild-projections`."""
    async with transaction():
        shipment = await hold(shipment_id)
        before = [getattr(shipment, column) for column in FOLDED]
        known = await load(shipment_id)
        await _project(shipment, known, _fold(shipment, known), now=shipment.updated_at)
        return [getattr(shipment, column) for column in FOLDED] != before


async def open_review(shipment: Shipment, kind: str, key: str, detail: str, *, now: datetime) -> None:
    """Ask a person to look, once for a key; inside a transaction."""
    await ReviewItem.get_or_create(
        key=f"{shipment.id}:{kind}:{key}"[:200],
        defaults={
            "id": new_id(),
            "shipment_id": shipment.id,
            "agency": shipment.agency,
            "kind": kind,
            "detail": detail[:300],
            "created_at": now,
        },
    )


async def hold(shipment_id: str) -> Shipment:
    """Hold the shipment until the transaction ends, so that its facts are folded by one at a time.

    Raises `KeyError` for an unknown one.
    """
    # SQLite's transactions come one after another anyway, and the ORM leaves the lock out there.
    shipment = await Shipment.filter(id=shipment_id).select_for_update().first()
    if shipment is None:
        raise KeyError(shipment_id)
    return shipment


def _fold(shipment: Shipment, facts: Sequence[Fact]) -> Journey:
    return fold(facts, leg=Leg(shipment.leg), booking=Status(shipment.booking))


async def _project(shipment: Shipment, facts: Sequence[Fact], before: Journey, *, now: datetime) -> Journey:
    after = _fold(shipment, facts)
    shipment.update_from_dict(
        {
            "status": after.status.value,
            "direction": after.direction.value,
            "money_status": after.money_status.value,
            "identity_status": after.identity_status.value,
            "holder_kind": after.holder.kind.value,
            "holder_name": after.holder.name,
            "holder_since": after.holder.since or shipment.created_at,
            "attempts": after.failed_tries,
            "closed": after.status in TERMINAL,
            "updated_at": now,
        }
    )
    if after.worker is not None:
        shipment.update_from_dict(
            {
                "worker_name": after.worker.name,
                "worker_phone": after.worker.phone,
                "worker_employee_code": after.worker.employee_code,
                "worker_post_office": after.worker.post_office,
                "worker_source": after.worker_source,
            }
        )
    await shipment.save()
    for review in after.reviews:
        await open_review(shipment, review.kind.value, review.fact_id, review.kind.value, now=now)
    outbox.touch(shipment.request_id)
    if after.status is not before.status or after.moved_by is not before.moved_by:
        await outbox.add(outbox.Work(topic=CHANGED, payload={"shipment_id": shipment.id}), now=now)
    return after


def _row(shipment_id: str, fact: Fact) -> ShipmentEvent:
    worker = fact.worker
    return ShipmentEvent(
        id=fact.fact_id,
        shipment_id=shipment_id,
        source=fact.source,
        source_id=fact.source_id,
        code=fact.code,
        status=fact.status,
        effect=fact.effect,
        known=fact.known,
        direction=fact.direction,
        occurred_at=fact.occurred_at,
        device_at=fact.device_at,
        received_at=fact.received_at,
        reason=fact.reason,
        place=fact.place,
        note=fact.note,
        worker=worker
        and {
            "name": worker.name,
            "phone": worker.phone,
            "employee_code": worker.employee_code,
            "post_office": worker.post_office,
        },
        money=fact.money,
        identity=fact.identity,
        seal=fact.seal,
        correction=fact.correction,
    )


def as_fact(row: dict[str, Any]) -> Fact:
    """Return a stored row as a fact."""
    worker = sql.read_json(row["worker"])
    return Fact(
        fact_id=row["id"],
        source=row["source"],
        source_id=row["source_id"],
        code=row["code"],
        status=Status(row["status"]) if row["status"] else None,
        effect=Effect(row["effect"]),
        known=bool(row["known"]),
        direction=Direction(row["direction"]) if row["direction"] else None,
        occurred_at=sql.read_time(row["occurred_at"]),
        device_at=sql.read_time(row["device_at"]) if row["device_at"] else None,
        received_at=sql.read_time(row["received_at"]),
        reason=row["reason"],
        place=row["place"],
        note=row["note"],
        worker=WorkerNamed(**worker) if worker else None,
        money=MoneyStatus(row["money"]) if row["money"] else None,
        identity=IdentityStatus(row["identity"]) if row["identity"] else None,
        seal=row["seal"],
        correction=bool(row["correction"]),
    )
