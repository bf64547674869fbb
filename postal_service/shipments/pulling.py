"""Reading open shipments from carriers that can be asked: what they answer is the fact, a lost hook is no lost parcel.

Each open shipment has the time of its next look. A round claims those that are due by moving that time on, reads them with
bounded concurrency, and writes when to look next. A hook only moves the time to now.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from carriers.errors import CarrierError, TryLater
from carriers.ports import Carrier, CarrierFact
from postal_service.kit.clock import Clock
from postal_service.kit.ids import new_id
from postal_service.shipments import queries, recording
from postal_service.shipments.facts import Fact, WorkerNamed
from postal_service.shipments.models import Shipment
from postal_service.storage import sql
from postal_service.storage.listening import RESYNC
from postal_service.storage.transactions import listen, transaction

log = structlog.get_logger(__name__)

PULL = "pull"
"""The signal that some shipment became due."""
CLAIM = timedelta(seconds=15)
LOOK_SECONDS = 1.0
LONGEST_PAUSE = timedelta(hours=1)
QUIET_AFTER = timedelta(days=1)
QUIET_FACTOR = 6
LAST_LOOK_TRIES = 10
"""How often a last look at a closed shipment is tried again when the carrier does not answer: half an hour in all."""
_RETRY_SECONDS = 2.0


@dataclass(slots=True)
class Puller:
    """Reads due shipments, all carriers at once, each within its own limit."""

    carriers: Mapping[str, Carrier]
    clock: Clock
    every: timedelta
    """How often fresh and moving shipments are read."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _in_hand: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Read until `stop`; then finish what is in hand."""
        stop_listening = listen(self._heard)
        try:
            while not self._stopping:
                self._wake.clear()
                if not await self._start_or_wait_out():
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_SECONDS):
                            await self._wake.wait()
            if self._running:
                await asyncio.wait(self._running)
        finally:
            stop_listening()

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._wake.set()

    async def drain(self) -> None:
        """Read everything that is due now; for tests and one-off commands."""
        while True:
            started = await self._start_due()
            if self._running:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            elif not started:
                return

    def _heard(self, channel: str, _subject: str) -> None:
        if channel in (PULL, RESYNC):
            self._wake.set()

    async def _start_or_wait_out(self) -> int:
        try:
            return await self._start_due()
        except Exception:
            # The database is away for a moment; what is due stays due.
            log.exception("due_not_read")
            return 0

    async def _start_due(self) -> int:
        started = 0
        for name, carrier in self.carriers.items():
            free = carrier.capabilities.max_concurrency - self._in_hand.get(name, 0)
            if free <= 0 or not carrier.capabilities.pull:
                continue
            now = self.clock()
            async with transaction():
                rows = await queries.claim_due_pulls(now, now + CLAIM, [name], free)
            for row in rows:
                self._in_hand[name] = self._in_hand.get(name, 0) + 1
                task = asyncio.create_task(self._pull(carrier, row, now + CLAIM), name=f"pull {row['id']}")
                self._running.add(task)
                task.add_done_callback(lambda done, name=name: self._done(done, name))  # type: ignore[misc]
            started += len(rows)
        return started

    def _done(self, task: asyncio.Task[None], carrier: str) -> None:
        self._running.discard(task)
        self._in_hand[carrier] -= 1
        self._wake.set()
        if not task.cancelled() and task.exception():
            log.error("pull_failed", carrier=carrier, exc_info=task.exception())

    async def _pull(self, carrier: Carrier, row: Mapping[str, Any], claimed_until: datetime) -> None:
        facts: list[Fact] = []
        failures, pause = 0, self.every
        try:
            number = row["item_number"] or await _number_of(carrier, row)
            told = await carrier.track(number) if number else []
        except CarrierError as error:
            failures = int(row["pull_failures"]) + 1
            wished = error.retry_after if isinstance(error, TryLater) else None
            pause = _pause_after_failure(failures, wished)
            log.info("pull_unanswered", carrier=carrier.name, error=type(error).__name__, code=error.code)
        else:
            facts = [as_fact(fact, carrier.name, self.clock()) for fact in told]
            last_move = max((fact.occurred_at for fact in told), default=sql.read_time(row["created_at"]))
            if self.clock() - last_move > QUIET_AFTER:
                pause = min(LONGEST_PAUSE, self.every * QUIET_FACTOR)
        now = self.clock()
        async with transaction():
            if facts:
                await recording.record(row["id"], facts, now=now)
            last = now + pause if 0 < failures <= LAST_LOOK_TRIES else None
            await queries.schedule_pull(
                row["id"],
                claimed_until=claimed_until,
                due=now + pause,
                due_closed=last,
                failures=failures,
                pulled_at=now,
            )


async def _number_of(carrier: Carrier, row: Mapping[str, Any]) -> str | None:
    """Ask for the item number of an order that was booked before it had one."""
    order = await carrier.find_by_reference(row["reference"])
    if order is None or order.item_number is None:
        return None
    await Shipment.filter(id=row["id"]).update(item_number=order.item_number)
    return order.item_number


def _pause_after_failure(failures: int, wished_seconds: float | None) -> timedelta:
    pause = timedelta(seconds=_RETRY_SECONDS * 2 ** min(failures - 1, 10))
    if wished_seconds is not None:
        pause = max(pause, timedelta(seconds=wished_seconds))
    return min(pause, LONGEST_PAUSE)


def as_fact(told: CarrierFact, carrier: str, now: datetime) -> Fact:
    """Return a carrier's fact as ours, received `now`."""
    postman = told.postman
    return Fact(
        fact_id=new_id(),
        received_at=now,
        source=f"carrier:{carrier}",
        source_id=told.source_id,
        code=told.code[:40],
        status=told.status,
        effect=told.effect,
        known=told.known,
        direction=told.direction,
        occurred_at=told.occurred_at,
        reason=told.reason,
        place=_short(told.place, 160),
        note=_short(told.note, 300),
        money=told.money,
        worker=None
        if postman is None
        else WorkerNamed(name=postman.name, phone=postman.phone, employee_code=postman.employee_code),
    )


def _short(text: str | None, longest: int) -> str | None:
    """Cut a carrier's text to what is kept of it; one overlong word must not hold up a shipment's facts."""
    return text[:longest] if text else None
