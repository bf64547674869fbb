"""Work that comes round again. Every jobs process does it; each piece is written so that doing it twice is harmless."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Periodic:
    """A piece of work and how many seconds lie between two rounds."""

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[object]]


async def keep_doing(pieces: Sequence[Periodic]) -> None:
    """Do every piece at its pace until cancelled; one that fails is logged and comes round again."""
    async with asyncio.TaskGroup() as group:
        for piece in pieces:
            group.create_task(_keep(piece), name=piece.name)


async def _keep(piece: Periodic) -> None:
    while True:
        try:
            await piece.work()
        except Exception:
            log.exception("periodic_failed", work=piece.name)
        await asyncio.sleep(piece.every_seconds)
