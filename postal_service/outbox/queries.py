"""Claiming and finishing work, in plain SQL: one statement each, the same on both engines but for SKIP LOCKED."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from postal_service.storage import sql

_CLAIM = """
UPDATE outbox_job SET state = 'running', owner = $1, lease_until = $2, attempts = attempts + 1
WHERE id IN (
    SELECT id FROM outbox_job
    WHERE topic IN ({topics})
      AND ((state = 'ready' AND not_before <= $3) OR (state = 'running' AND lease_until < $3))
    ORDER BY not_before, id LIMIT $4 {lock}
)
RETURNING id, topic, payload, attempts, created_at
"""


async def claim(owner: str, topics: Sequence[str], now: datetime, lease_until: datetime, limit: int) -> list[dict[str, Any]]:
    """Claim up to `limit` due jobs of `topics` for `owner` and return them."""
    marks = ", ".join(f"${number}" for number in range(5, 5 + len(topics)))
    # SQLite has no row locks and needs none: its writers come one after another.
    lock = "FOR UPDATE SKIP LOCKED" if sql.dialect() == "postgres" else ""
    return await sql.fetch(_CLAIM.format(topics=marks, lock=lock), owner, lease_until, now, limit, *topics)


async def count_open() -> dict[tuple[str, str], int]:
    """Return how many jobs are not done, by topic and state."""
    rows = await sql.fetch(
        "SELECT topic, state, count(*) AS jobs FROM outbox_job WHERE state <> 'done' GROUP BY topic, state"
    )
    return {(row["topic"], row["state"]): row["jobs"] for row in rows}


async def renew(owner: str, ids: Sequence[int], lease_until: datetime) -> None:
    """Keep the lease on jobs that are still being done."""
    await sql.execute_many(
        "UPDATE outbox_job SET lease_until = $1 WHERE id = $2 AND owner = $3 AND state = 'running'",
        [(lease_until, job_id, owner) for job_id in ids],
    )


async def finish(rows: Sequence[tuple[str, datetime, datetime | None, str | None, int, str]]) -> None:
    """Write results: (state, not_before, finished_at, last_error, id, owner). A job taken over meanwhile is left alone."""
    await sql.execute_many(
        "UPDATE outbox_job SET state = $1, not_before = $2, finished_at = $3, last_error = $4, lease_until = NULL,"
        " owner = NULL WHERE id = $5 AND owner = $6 AND state = 'running'",
        rows,
    )


async def insert(rows: Sequence[tuple[str, str, str | None, datetime, datetime]]) -> None:
    """Add work: (topic, payload as JSON text, dedupe key, not_before, created_at). A key already there is left as it is."""
    await sql.execute_many(
        "INSERT INTO outbox_job (topic, payload, dedupe_key, not_before, created_at, state, attempts)"
        " VALUES ($1, $2, $3, $4, $5, 'ready', 0) ON CONFLICT (dedupe_key) DO NOTHING",
        rows,
    )


async def touch(subjects: Sequence[str]) -> None:
    """Raise the version of each subject by one."""
    await sql.execute_many(
        "INSERT INTO change_head (subject, version) VALUES ($1, 1)"
        " ON CONFLICT (subject) DO UPDATE SET version = change_head.version + 1",
        [(subject,) for subject in sorted(subjects)],
    )


async def versions(subjects: Sequence[str]) -> dict[str, int]:
    """Return the present version of each subject that ever changed."""
    if not subjects:
        return {}
    marks = ", ".join(f"${number}" for number in range(1, 1 + len(subjects)))
    rows = await sql.fetch(f"SELECT subject, version FROM change_head WHERE subject IN ({marks})", *subjects)  # noqa: S608
    return {row["subject"]: row["version"] for row in rows}


async def purge_done(before: datetime) -> int:
    """Delete finished work older than `before`; dead letters stay."""
    return await sql.execute("DELETE FROM outbox_job WHERE state = 'done' AND finished_at < $1", before)
