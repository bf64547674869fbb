"""Doing the work: claim, commit the claim, call the handler with no transaction open, write the result."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from postal_service.kit.clock import Clock
from postal_service.kit.ids import new_id
from postal_service.outbox import queries
from postal_service.outbox.models import JobState
from postal_service.outbox.service import WORK
from postal_service.storage import sql
from postal_service.storage.group_commit import GroupCommit
from postal_service.storage.listening import RESYNC
from postal_service.storage.transactions import listen, transaction

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=12)
"""Work held by a dead process is free again within 15 seconds: the lease, and a look every second."""
RENEW_SECONDS = 4.0
LOOK_SECONDS = 1.0
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 600.0
MAX_ATTEMPTS = 30
GIVE_UP_AFTER = timedelta(days=1)
"""Work that only fails is dead after so many attempts and so long a time; waiting for somebody (`Later`) is no failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A claimed piece of work."""

    id: int
    topic: str
    payload: Mapping[str, Any]
    attempts: int
    """How often it was claimed, this time included."""
    created_at: datetime


Handler = Callable[[Job], Awaitable[None]]


class Later(Exception):  # noqa: N818 - an outcome, not a failure
    """Raised by a handler: try again after `seconds`, or when backoff says so."""

    def __init__(self, reason: str, *, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Dead(Exception):  # noqa: N818 - same
    """Raised by a handler: trying again is useless; a person has to look."""


def backoff_seconds(attempts: int, jitter: float) -> float:
    """Return the pause before the next try: doubling from one second, at most ten minutes, ± 25 % by `jitter` in [0, 1)."""
    pause = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** min(attempts - 1, 20))
    return float(pause * (0.75 + 0.5 * jitter))


class Dispatcher:
    """Does the work of the topics it has handlers for, `concurrency` pieces at a time."""

    def __init__(self, handlers: Mapping[str, Handler], clock: Clock, *, concurrency: int = 32) -> None:
        self._handlers = dict(handlers)
        self._topics: Sequence[str] = tuple(self._handlers)
        self._clock = clock
        self._concurrency = concurrency
        self._owner = new_id()
        self._running: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._results = GroupCommit(self._write_results)

    async def run(self) -> None:
        """Work until `stop`; then finish what is in hand."""
        stop_listening = listen(self._heard)
        renewing = asyncio.create_task(self._renew_leases(), name="outbox leases")
        try:
            while not self._stopping:
                self._wake.clear()
                if not await self._claim_or_wait_out():
                    await self._wait()
            if self._running:
                await asyncio.wait(self._running.values())
        finally:
            stop_listening()
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    def stop(self) -> None:
        """Claim nothing more."""
        self._stopping = True
        self._wake.set()

    async def drain(self) -> None:
        """Do everything that is due now, and what it leads to; for tests and one-off commands."""
        while True:
            claimed = await self._claim()
            if self._running:
                await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            elif not claimed:
                return

    def _heard(self, channel: str, _subject: str) -> None:
        if channel in (WORK, RESYNC):
            self._wake.set()

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._wake.wait()

    async def _claim_or_wait_out(self) -> int:
        try:
            return await self._claim()
        except Exception:
            # The database is away for a moment; the work is safe in it and goes on when it is back.
            log.exception("claim_failed")
            return 0

    async def _claim(self) -> int:
        free = self._concurrency - len(self._running)
        if free <= 0:
            return 0
        now = self._clock()
        async with transaction():
            rows = await queries.claim(self._owner, self._topics, now, now + LEASE, free)
        for row in rows:
            if row["id"] in self._running:
                continue  # our own lease ran out while the loop was held up; the work still goes on
            job = Job(
                id=row["id"],
                topic=row["topic"],
                payload=sql.read_json(row["payload"]),
                attempts=row["attempts"],
                created_at=sql.read_time(row["created_at"]),
            )
            self._running[job.id] = asyncio.create_task(self._do(job), name=f"{job.topic} {job.id}")
        return len(rows)

    async def _do(self, job: Job) -> None:
        try:
            state, due, error = await self._outcome(job)
            finished = None if state is JobState.READY else self._clock()
            await self._results.submit((state.value, due, finished, error, job.id, self._owner))
        finally:
            del self._running[job.id]
            self._wake.set()

    async def _outcome(self, job: Job) -> tuple[JobState, datetime, str | None]:
        now = self._clock()
        try:
            await self._handlers[job.topic](job)
        except Later as later:
            pause = later.seconds if later.seconds is not None else backoff_seconds(job.attempts, random.random())  # noqa: S311
            return JobState.READY, self._clock() + timedelta(seconds=pause), str(later)[:300]
        except Dead as dead:
            log.warning("job_dead", topic=job.topic, job=job.id, reason=str(dead))
            return JobState.DEAD, now, str(dead)[:300]
        except Exception as error:
            log.exception("job_failed", topic=job.topic, job=job.id, attempts=job.attempts)
            reason = type(error).__name__
            if job.attempts >= MAX_ATTEMPTS and now - job.created_at > GIVE_UP_AFTER:
                return JobState.DEAD, now, reason
            return JobState.READY, self._clock() + timedelta(seconds=backoff_seconds(job.attempts, random.random())), reason  # noqa: S311
        return JobState.DONE, now, None

    async def _write_results(
        self, rows: Sequence[tuple[str, datetime, datetime | None, str | None, int, str]]
    ) -> Sequence[None]:
        await queries.finish(rows)
        return [None] * len(rows)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            if self._running:
                try:
                    async with transaction():
                        await queries.renew(self._owner, list(self._running), self._clock() + LEASE)
                except Exception:
                    log.exception("lease_not_renewed")
