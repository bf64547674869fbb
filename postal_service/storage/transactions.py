"""Transactions, and what is told to others once one is committed.

A signal says "look again": to the dispatcher that there is work, to open pages that a request changed. It carries an id and
no data, is sent after the commit and may be lost, so every listener also looks by itself now and then.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from tortoise.transactions import in_transaction

from postal_service.storage import sql

Listener = Callable[[str, str], None]
"""Called with the channel and the subject."""

Write = Callable[[Sequence[str]], Awaitable[None]]

PG_CHANNEL = "postal"


@dataclass(slots=True)
class _Pending:
    """What the present transaction still has to do at its end, each thing once."""

    signals: dict[tuple[str, str], None] = field(default_factory=dict)
    last_writes: dict[Write, set[str]] = field(default_factory=dict)


_pending: ContextVar[_Pending | None] = ContextVar("pending", default=None)
_listeners: list[Listener] = []


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """Run the block in one transaction; a block inside another joins it. No network call belongs inside."""
    if _pending.get() is not None:
        yield
        return
    pending = _Pending()
    token = _pending.set(pending)
    try:
        async with in_transaction("default"):
            yield
            for write, subjects in pending.last_writes.items():
                await write(sorted(subjects))
            await _notify_other_processes(pending.signals)
    finally:
        _pending.reset(token)
    for channel, subject in pending.signals:
        tell(channel, subject)


def signal(channel: str, subject: str = "") -> None:
    """Tell listeners of this and other processes to look again, once the present transaction is committed."""
    _present().signals[channel, subject] = None


def write_last(write: Write, subject: str) -> None:
    """Have `write` called with this subject, and all others given to it, as the last thing before the commit.

    For rows that many transactions change: locked last and in one order, they can make nobody wait for each other.
    """
    _present().last_writes.setdefault(write, set()).add(subject)


def listen(listener: Listener) -> Callable[[], None]:
    """Have `listener` called after every commit that signalled; returns how to stop it."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def tell(channel: str, subject: str) -> None:
    """Call the listeners of this process now."""
    for listener in tuple(_listeners):
        listener(channel, subject)


def _present() -> _Pending:
    pending = _pending.get()
    if pending is None:
        raise RuntimeError("there is no transaction that could make it true")
    return pending


async def _notify_other_processes(signals: Collection[tuple[str, str]]) -> None:
    if signals and sql.dialect() == "postgres":
        payloads = [f"{channel}:{subject}" for channel, subject in signals]
        await sql.fetch("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", PG_CHANNEL, payloads)
