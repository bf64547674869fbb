"""A database as full as a province's: one request brought on its way by the whole program, then copied."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postal_service.kit.ids import new_id, new_label_code, new_tracking_code
from postal_service.storage import sql
from postal_service.storage.transactions import transaction
from tests.world import World, a_world

SHIPMENTS = 100_000
_BATCH = 5_000
_STEPS_TAKEN = 6

Row = dict[str, Any]
Change = Callable[[int, str, str], Row]
"""Takes a copy's number, request id and code; returns the columns in which its row differs."""

_TABLES: dict[str, tuple[str, Change]] = {
    "request": ("id", lambda n, i, code: {"id": i, "external_id": f"COPY-{n}", "tracking_code": code}),
    "shipment": (
        "request_id",
        lambda n, i, _code: {
            "id": new_id(),
            "request_id": i,
            "reference": f"COPY-{n}",
            "label_code": new_label_code(),
            "next_pull_at": None,
        },
    ),
    "change_head": ("subject", lambda _n, i, _code: {"subject": i}),
    "tracking_view": ("request_id", lambda _n, i, code: {"code": code, "request_id": i}),
}


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored."""

    codes: list[str]
    document: bytes
    """What the look-up of a code answers, give or take the code."""


def fill(database_url: str, folder: Path, shipments: int = SHIPMENTS) -> Stored:
    """Store so many shipments on their way, each of a request with its tracking view."""

    async def store() -> Stored:
        async with a_world(database_url, folder) as world:
            first = await _one_on_its_way(world)
            view = await world.program.tracking.view(first["tracking_code"], "vi")
            assert view is not None
            names = [(new_id(), new_tracking_code()) for _ in range(shipments)]
            for table, (column, change) in _TABLES.items():
                of_first = f"SELECT * FROM {table} WHERE {column} = $1"
                row = (await sql.fetch(of_first, first["id"]))[0]
                await _copy(table, row, (change(n, *name) for n, name in enumerate(names)))
            if sql.dialect() == "postgres":
                await sql.execute("ANALYZE")
            return Stored([code for _, code in names], view.document)

    return asyncio.run(store())


async def _one_on_its_way(world: World) -> Row:
    request = await world.file()
    await world.settle()
    await world.carrier_moves(steps=_STEPS_TAKEN)
    return request


async def _copy(table: str, row: Row, changes: Iterator[Row]) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    insert = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
    rows = [tuple((row | change).values()) for change in changes]
    for start in range(0, len(rows), _BATCH):
        async with transaction():
            await sql.execute_many(insert, rows[start : start + _BATCH])
