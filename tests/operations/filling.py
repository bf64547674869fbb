"""A database with something of everything that matters in it, and what it holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from postal_service.intake.models import Request, RequestEvent
from postal_service.outbox.models import OutboxJob
from postal_service.shipments.models import CarrierMessage, Shipment, ShipmentEvent
from postal_service.storage import sql
from postal_service.storage.transactions import transaction

MORNING = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
TABLES = ("request", "request_event", "shipment", "shipment_event", "outbox_job", "carrier_message")


async def file_request(number: int) -> None:
    """Store a request with its shipment, an event of each, a carrier's message and work, in one transaction."""
    async with transaction():
        request = await Request.create(
            id=f"R{number}",
            client_id="C1",
            external_id=f"DK-{number}",
            body_hash="0" * 64,
            tracking_code=f"T{number}",
            channel="national_portal",
            procedure="criminal-record-1",
            agency="hanoi",
            copies=2,
            fee_class="standard",
            foreign_or_many_residences=False,
            applicant={"full_name": "Nguyễn Văn Thử", "phone": "+84900001234"},
            consent={"sms": True},
            status="filed",
            fee_lines=[{"line": "state_fee", "amount_vnd": 200_000}],
            rules_version="2026",
            limit_working_days=10,
            filed_at=MORNING,
            updated_at=MORNING,
        )
        await RequestEvent.create(id=f"RE{number}", request=request, kind="filed", at=MORNING, actor="C1", detail={})
        shipment = await Shipment.create(
            id=f"S{number}",
            request_id=request.id,
            agency="hanoi",
            leg="pickup",
            reference=f"R{number}-P1",
            label_code=f"L{number}",
            booking="draft",
            sender={"name": "Nguyễn Văn Thử"},
            receiver={"name": "Sở Tư pháp"},
            contents="Giấy tờ",
            status="draft",
            holder_kind="sender",
            holder_since=MORNING,
            created_at=MORNING,
            updated_at=MORNING,
        )
        await ShipmentEvent.create(
            id=f"SE{number}",
            shipment=shipment,
            source="vnpost",
            source_id=f"vnpost:{number}",
            effect="move",
            occurred_at=MORNING,
            received_at=MORNING,
        )
        await CarrierMessage.create(
            id=f"M{number}", carrier="vnpost", received_at=MORNING, body=b"\x00\xff{", headers={}, fingerprint="f" * 64
        )
        await OutboxJob.create(topic="book", payload={"n": number}, not_before=MORNING, created_at=MORNING)


@asynccontextmanager
async def filing_goes_on(first: int) -> AsyncIterator[list[int]]:
    """File requests numbered from `first`, one after another, while the block runs; gives the numbers filed so far."""
    filed: list[int] = []
    begun = asyncio.Event()

    async def keep_filing() -> None:
        number = first
        while True:
            await file_request(number)
            filed.append(number)
            begun.set()
            number += 1

    task = asyncio.create_task(keep_filing())
    await begun.wait()
    try:
        yield filed
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def everything() -> dict[str, dict[Any, dict[str, Any]]]:
    """Return every row of the tables that matter, by table and id."""
    queries = {table: f"SELECT * FROM {table}" for table in TABLES}
    return {table: {row["id"]: row for row in await sql.fetch(query)} for table, query in queries.items()}
