"""What runs in a process of its own: the program's command line, which dies by SIGKILL where it is told to.

A commit is known by the work it belongs to and the functions that lead to it, as in
`message.send: Messaging.send > Messaging._write`, so whatever the program learns to commit is a new place to die.
"""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from carriers import http
from config.reference import load_reference
from config.settings import Settings
from postal_service import app, cli
from postal_service.kit.units import Units
from postal_service.messaging import sending
from postal_service.outbox import dispatcher
from postal_service.outbox import queries as outbox_queries
from postal_service.shipments import booking, inbox, pulling
from postal_service.shipments import queries as shipment_queries
from postal_service.storage import group_commit, transactions

_HOUSE = "postal_service"
_PLUMBING = (transactions.__name__, group_commit.__name__)
_NEAREST = 2

# What a start takes most of its time for is done once, before the processes are forked from this one.
for _late in (
    "notifications.channels.smtp_email",
    "notifications.channels.twilio_sms",
    "postal_service.storage.sqlite_backend",
    "tortoise.backends.asyncpg",
    "uvloop",
):
    importlib.import_module(_late)
http._tls_context(legacy=False)
_UNITS = Units.load()
_REFERENCE = load_reference(Settings().reference_folder)

Moment = Literal["before", "after"]
MOMENTS: tuple[Moment, ...] = ("before", "after")


@dataclass(frozen=True, slots=True)
class Death:
    """Die at the first commit of `step`: `before` it, when all is written and nothing durable, or right `after` it."""

    moment: Moment
    step: str

    def __str__(self) -> str:
        return f"{self.moment} {self.step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What a process is to do besides its work."""

    hurried: bool = False
    """What is waited for is shortened: leases, look-ups."""
    steps: Path | None = None
    """Where it lists what it commits."""
    death: Death | None = None


def run(arguments: Sequence[str], environment: Mapping[str, str], log: Path, fate: Fate) -> None:
    """Run a command of the program with its output in `log`."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(environment)
    app.load_reference = lambda _folder: _REFERENCE
    app.Units.load = lambda: _UNITS
    if fate.hurried:
        _hurry()
    if fate.steps or fate.death:
        _Watch(fate).begin()
    sys.argv = ["run.py", *arguments]
    cli.main()


def _hurry() -> None:
    """Shorten what is waited for."""
    dispatcher.LEASE, dispatcher.RENEW_SECONDS, dispatcher.LOOK_SECONDS = timedelta(seconds=0.6), 0.2, 0.1
    pulling.CLAIM, pulling.LOOK_SECONDS = timedelta(seconds=0.6), 0.1
    booking.LOOK_UP_AFTER, booking.ABSENT_AFTER = timedelta(seconds=0.2), timedelta(seconds=0.4)
    booking.DIED_AFTER = timedelta(seconds=0.6)
    inbox.WAIT_FOR_BOOKING_SECONDS = 0.3
    sending.LOOK_UP_SECONDS = 0.4


@dataclass(slots=True)
class _Watch:
    """Sees every commit of this process."""

    fate: Fate
    works: dict[asyncio.Task[Any] | None, list[str]] = field(default_factory=dict)
    """What a transaction that is open now claims or finishes, by its task."""
    topics: dict[int, str] = field(default_factory=dict)
    """What the claimed jobs are about."""

    def begin(self) -> None:
        in_transaction = transactions.in_transaction

        @asynccontextmanager
        async def watched(connection: str) -> AsyncIterator[Any]:
            step = _step(sys._getframe())
            async with in_transaction(connection) as opened:
                yield opened
                works = self.works.pop(asyncio.current_task(), None)
                known_as = [step] if works is None else [f"{step} {work}" for work in works]
                self._pass("before", known_as)
            self._pass("after", known_as)

        transactions.in_transaction = watched
        self._watch_claims()

    def _pass(self, moment: Moment, steps: Iterable[str]) -> None:
        for step in steps:
            if self.fate.steps and moment == "after":
                with self.fate.steps.open("a") as file:
                    file.write(f"{step}\n")
            if self.fate.death == Death(moment, step):
                os.kill(os.getpid(), signal.SIGKILL)

    def _watch_claims(self) -> None:
        """Know claims and results by what was claimed and finished; a claim that finds nothing is no step."""
        claim, finish, claim_due_pulls = outbox_queries.claim, outbox_queries.finish, shipment_queries.claim_due_pulls

        async def claimed(*arguments: Any) -> list[dict[str, Any]]:
            rows = await claim(*arguments)
            self.topics |= {row["id"]: row["topic"] for row in rows}
            self._works([row["topic"] for row in rows])
            return rows

        async def finished(rows: Sequence[Any]) -> None:
            self._works([self.topics[row[4]] for row in rows])
            await finish(rows)

        async def pulls_claimed(*arguments: Any) -> list[dict[str, Any]]:
            rows = await claim_due_pulls(*arguments)
            self._works(["shipment"] * bool(rows))
            return rows

        outbox_queries.claim, outbox_queries.finish = claimed, finished
        shipment_queries.claim_due_pulls = pulls_claimed

    def _works(self, works: list[str]) -> None:
        self.works[asyncio.current_task()] = sorted(set(works))


def _step(frame: FrameType | None) -> str:
    """Return the work of the present task and the functions of the program that are nearest to the commit."""
    task = asyncio.current_task()
    work = task.get_name().split()[0] if task else ""
    names: list[str] = []
    while frame is not None and len(names) < _NEAREST:
        module = str(frame.f_globals.get("__name__", ""))
        if module == group_commit.__name__ and "self" in frame.f_locals:
            return f"together: {frame.f_locals['self']._write.__qualname__}"
        if module.startswith(_HOUSE) and module not in _PLUMBING:
            names.append(frame.f_code.co_qualname)
        frame = frame.f_back
    return f"{'web' if work.startswith('Task-') else work}: {' > '.join(reversed(names))}"
