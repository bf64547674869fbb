"""Transactions, and what is told to others once one is committed.

A signal says "look again": to the dispatcher that there is work, to open pages that a request changed. It carries an id and
no data, is sent after the commit and may be lost, so every listener also looks by itself now and then.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

from tortoise.transactions import in_transaction

from postal_service.storage import sql

Listener = Callable[[str, str], None]
"""Called with the channel and the subject."""

PG_CHANNEL = "postal"
_pending: ContextVar[dict[tuple[str, str], None] | None] = ContextVar("pending_signals", default=None)
_listeners: list[Listener] = []


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """Run the block in one transaction; a block inside another joins it. No network call belongs inside."""
    if _pending.get() is not None:
        yield
        return
    signals: dict[tuple[str, str], None] = {}
    token = _pending.set(signals)
    try:
        async with in_transaction("default"):
            yield
            await _notify_other_processes(signals)
    finally:
        _pending.reset(token)
    for channel, subject in signals:
        tell(channel, subject)


def signal(channel: str, subject: str = "") -> None:
    """Tell listeners of this and other processes to look again, once the present transaction is committed."""
    pending = _pending.get()
    if pending is None:
        raise RuntimeError("a signal belongs to the transaction that makes it true")
    pending[channel, subject] = None


def listen(listener: Listener) -> Callable[[], None]:
    """Have `listener` called after every commit that signalled; returns how to stop it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def tell(channel: str, subject: str) -> None:
    """Call the listeners of this process now."""
    for listener in tuple(_listeners):
        listener(channel, subject)


async def _notify_other_processes(signals: dict[tuple[str, str], None]) -> None:
    if signals and sql.dialect() == "postgres":
        payloads = [f"{channel}:{subject}" for channel, subject in signals]
        await sql.fetch("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", PG_CHANNEL, payloads)
