"""Adding work inside a transaction, and the dead letters that people look at."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from postal_service.outbox import queries
from postal_service.outbox.models import JobState, OutboxJob
from postal_service.storage.transactions import signal, transaction, write_last

WORK = "work"
CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something to do after the commit. `key` makes it one of a kind: adding it again changes nothing."""

    topic: str
    payload: Mapping[str, Any]
    key: str | None = None
    not_before: datetime | None = None


async def add(*works: Work, now: datetime) -> None:
    """Add work to the present transaction."""
    await queries.insert(
        [(w.topic, json.dumps(w.payload, ensure_ascii=False), w.key, w.not_before or now, now) for w in works]
    )
    signal(WORK)


def touch(*subjects: str) -> None:
    """Say in the present transaction that these requests changed, so that their pages are made anew."""
    for subject in subjects:
        write_last(queries.touch, subject)
        signal(CHANGE, subject)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Work that needs a person."""

    id: int
    topic: str
    payload: Mapping[str, Any]
    attempts: int
    last_error: str | None
    created_at: datetime


async def dead_letters(*, limit: int = 200) -> Sequence[DeadLetter]:
    """Return the dead letters, oldest first."""
    jobs = await OutboxJob.filter(state=JobState.DEAD).order_by("id").limit(limit)
    return [
        DeadLetter(
            id=job.id,
            topic=job.topic,
            payload=job.payload,
            attempts=job.attempts,
            last_error=job.last_error,
            created_at=job.created_at,
        )
        for job in jobs
    ]


async def retry_dead(ids: Sequence[int], *, now: datetime) -> int:
    """Put dead letters back to work; returns how many there were."""
    async with transaction():
        count = await OutboxJob.filter(id__in=list(ids), state=JobState.DEAD).update(
            state=JobState.READY, attempts=0, not_before=now, finished_at=None
        )
        signal(WORK)
    return count


async def backlog() -> dict[tuple[str, str], int]:
    """Return how many jobs wait, run or are dead, by topic and state. For metrics and `doctor`."""
    return await queries.count_open()
