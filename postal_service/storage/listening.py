"""Signals from other processes, over PostgreSQL's LISTEN/NOTIFY. With SQLite there is one process and nothing to hear."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import structlog

from postal_service.storage.database import Target
from postal_service.storage.transactions import PG_CHANNEL, tell

log = structlog.get_logger(__name__)
_RECONNECT_SECONDS = 1.0
RESYNC = "resync"
"""Told after a lost connection came back: anything may have been missed."""


@asynccontextmanager
async def hearing_others(target: Target) -> AsyncIterator[None]:
    """While the block runs, pass on what other processes signalled."""
    if target.dialect != "postgres":
        yield
        return
    task = asyncio.create_task(_keep_listening(target), name="hear other processes")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _keep_listening(target: Target) -> None:
    while True:
        try:
            await _listen_until_lost(target)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("listening_lost", error=type(error).__name__)
        await asyncio.sleep(_RECONNECT_SECONDS)


async def _listen_until_lost(target: Target) -> None:
    wanted = ("host", "port", "user", "password", "database")
    connection = await asyncpg.connect(**{key: target.credentials[key] for key in wanted})
    lost = asyncio.Event()
    try:
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(PG_CHANNEL, _heard)
        tell(RESYNC, "")
        await lost.wait()
    finally:
        if not connection.is_closed():
            await connection.close(timeout=2)


def _heard(_connection: Any, _pid: int, _channel: str, payload: object) -> None:
    channel, _, subject = str(payload).partition(":")
    tell(channel, subject)
