"""Keeping a running installation well: schema, copies, replay, dead letters, projections, several workers."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.reference import load_reference
from config.settings import Settings
from postal_service.app import Program, open_program
from postal_service.kit.clock import rfc3339, system_clock
from postal_service.messaging import queries as message_queries
from postal_service.operations import backup, doctor
from postal_service.outbox import service as outbox
from postal_service.shipments import inbox, recording, territory
from postal_service.shipments import queries as shipment_queries
from postal_service.shipments import service as shipments
from postal_service.storage import schema
from postal_service.storage.database import open_database, read_url
from postal_service.storage.transactions import transaction
from postal_service.tables import MODELS

_WORKER_MARK = "POSTAL_ONE_OF_SEVERAL_WORKERS"


class CommandError(Exception):
    """A command that cannot be done, in one line."""


async def migrate(settings: Settings) -> list[str]:
    """Apply the missing schema steps and bring the reference offices in; returns the steps' names."""
    database = await open_database(read_url(settings.database_url.get_secret_value()), MODELS)
    try:
        steps = await schema.migrate(database.target, MODELS)
        await territory.load_reference_offices(load_reference(settings.reference_folder).post_offices())
        return steps
    finally:
        await database.close()


async def back_up(settings: Settings, folder: Path) -> str:
    """Write a copy; returns what to tell."""
    target = read_url(settings.database_url.get_secret_value())
    made = await backup.back_up(target, folder, now=system_clock())
    return f"{made.file} ({made.rows} rows)"


async def restore(settings: Settings, folder: Path, *, name: str | None, replace: bool) -> str:
    """Bring the newest copy of a folder back, or the one of that name; returns what to tell.

    What waited to be booked or sent when the copy was made may have gone out since: its outcome is now unknown.
    """
    target = read_url(settings.database_url.get_secret_value())
    restored = await backup.restore(target, folder, name=name, replace=replace)
    database = await open_database(target, MODELS)
    try:
        async with transaction():
            orders = await shipment_queries.doubt_drafts()
            messages = await message_queries.doubt_waiting()
    finally:
        await database.close()
    return (
        f"restored {restored.rows} rows of {rfc3339(restored.made_at)};"
        f" {orders} orders and {messages} messages will be asked for before they go out"
    )


async def replay(program: Program, message_id: str | None, since: datetime | None) -> int:
    """Have one stored carrier message, or all since a time, read again; returns how many."""
    ids = [message_id] if message_id else await inbox.stored_since(since or datetime.min.replace(tzinfo=UTC))
    count = await inbox.replay(ids, now=program.clock())
    if message_id and not count:
        raise CommandError(f"there is no stored message {message_id}")
    return count


async def dead_letters() -> list[dict[str, Any]]:
    """Return the work that needs a person, without its payload, which may name people."""
    return [
        {
            "id": letter.id,
            "topic": letter.topic,
            "attempts": letter.attempts,
            "error": letter.last_error,
            "since": rfc3339(letter.created_at),
        }
        for letter in await outbox.dead_letters()
    ]


async def retry(program: Program, ids: Sequence[int] | None) -> int:
    """Put dead letters back to work, all of them when none is named; returns how many."""
    wanted = list(ids) if ids else [letter.id for letter in await outbox.dead_letters(limit=100_000)]
    return await outbox.retry_dead(wanted, now=program.clock())


async def rebuild(program: Program) -> str:
    """Make shipment states and tracking views anew from what is stored; returns what to tell."""
    changed = seen = 0
    async for shipment_id in shipments.every_id():
        seen += 1
        changed += await recording.refold(shipment_id)
    views = await program.tracking.rebuild_all()
    return f"{seen} shipments folded, {changed} corrected; {views} tracking views made"


async def examine(settings: Settings) -> tuple[list[dict[str, Any]], bool]:
    """Return what `doctor` found, and whether nothing is an error."""
    findings = await doctor.examine_ground(settings)
    if all(finding.ok for finding in findings):
        async with open_program(settings) as program:
            findings = await doctor.examine(
                settings=settings,
                database=program.database,
                carriers=program.carriers,
                senders=program.senders,
                reference=program.reference,
                clock=program.clock,
            )
    return [finding.to_json() for finding in findings], all(finding.ok for finding in findings)


def as_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as aligned columns for a terminal."""
    if not rows:
        return "nothing"
    columns = list(rows[0])
    cells = [[str(row[column] if row[column] is not None else "") for column in columns] for row in rows]
    widths = [max(len(line[i]) for line in [columns, *cells]) for i in range(len(columns))]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in [columns, *cells])


def is_worker() -> bool:
    """Tell whether this process shares its port with others."""
    return _WORKER_MARK in os.environ


def run_workers(count: int, *, role: str, host: str, port: int) -> None:
    """Run `count` processes on one port until told to stop; when one ends by itself, all end.

    Each is a whole program of its own: they meet in PostgreSQL alone.
    """
    command = [sys.executable, sys.argv[0], "serve", "--role", role, "--host", host, "--port", str(port)]
    environment = {**os.environ, _WORKER_MARK: "1"}
    workers = [subprocess.Popen(command, env=environment) for _ in range(count)]  # noqa: S603 - our own command line

    def stop(*_: object) -> None:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # Only looked at, not taken: each worker's own status is asked for below.
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
    stop()
    codes = [worker.wait() for worker in workers]
    if any(codes):
        raise CommandError("a worker ended with an error")
