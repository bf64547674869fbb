"""What `doctor` looks at in a database, and around it."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tortoise.exceptions import BaseORMException

from postal_service.kit.clock import Clock
from postal_service.operations import postgres_copy, postgres_programs
from postal_service.operations.backup_files import BackupError
from postal_service.operations.findings import Finding, error, fine, warning
from postal_service.outbox import service as outbox
from postal_service.storage import schema, sql
from postal_service.storage.database import Database, DatabaseUrlError, read_url
from postal_service.storage.transactions import transaction
from postal_service.tables import MODELS

_DEAD = "dead"
_SCARCE_BYTES = 1 << 30
_TOO_FEW_BYTES = 200 << 20
_CLOCK_TOLERANCE = timedelta(seconds=2)
_CLOCK_LIMIT = timedelta(minutes=1)


async def reachable(url: str) -> list[Finding]:
    """Look whether there is a database at `url`, without opening or making one."""
    try:
        target = read_url(url)
        if target.dialect == "sqlite":
            return [_file(target.path)]
        async with postgres_copy.connected(target):
            return [fine("database", "PostgreSQL answers")]
    except (DatabaseUrlError, BackupError) as trouble:
        return [error("database", str(trouble))]


async def inside(database: Database, clock: Clock) -> list[Finding]:
    """Look at an open database: its schema, whether it takes writes, its clock, its room, and work nobody can do."""
    try:
        missing = await schema.pending(database.target, MODELS)
        if missing:
            return [error("database", f"lacks {', '.join(missing)}: run `run.py migrate`")]
        found = [await _writable(), await _dead_letters()]
        if database.dialect == "sqlite":
            path = database.target.path
            return [*found, await asyncio.to_thread(_room, path), await asyncio.to_thread(_clock_of_file, path, clock)]
        return [*found, await _clock_of_server(clock), await _backup_programs()]
    except (BaseORMException, OSError) as trouble:
        return [error("database", f"does not answer: {type(trouble).__name__}")]


def _file(path: Path) -> Finding:
    if not path.is_file():
        return error("database", "there is no database file: run `run.py migrate`")
    return fine("database", "the database file is there")


async def _writable() -> Finding:
    if sql.dialect() == "postgres":
        (row,) = await sql.fetch("SELECT current_setting('transaction_read_only') = 'on' AS read_only")
        if row["read_only"]:
            return error("database", "the server takes no writes: it is a replica, or set to read only")
        return fine("database", "up to date and takes writes")
    try:
        # It takes the write lock at once, which fails on a file or in a folder that may not be written to.
        async with transaction():
            pass
    except BaseORMException:
        return error("database", "the file takes no writes: look at the rights of the file and its folder")
    return fine("database", "up to date and takes writes")


async def _dead_letters() -> Finding:
    dead = sum(count for (_, state), count in (await outbox.backlog()).items() if state == _DEAD)
    if dead:
        return warning("work", f"{dead} not done and waiting for a person: see `run.py dead-letters list`")
    return fine("work", "nothing waits for a person")


def _room(path: Path) -> Finding:
    free = shutil.disk_usage(path.parent).free
    told = error if free < _TOO_FEW_BYTES else warning if free < _SCARCE_BYTES else fine
    return told("disk", f"{free >> 20} MiB free where the database lies")


def _clock_of_file(path: Path, clock: Clock) -> Finding:
    """Without a server's clock to compare with, at least time must not have gone back."""
    log = path.with_name(path.name + "-wal")
    written = max(file.stat().st_mtime for file in (path, log) if file.exists())
    if datetime.fromtimestamp(written, UTC) > clock() + _CLOCK_TOLERANCE:
        return error("clock", "the clock is behind the database's last write")
    return fine("clock", "not behind the database's last write; there is no server to compare it with")


async def _clock_of_server(clock: Clock) -> Finding:
    before = clock()
    (row,) = await sql.fetch("SELECT clock_timestamp() AS now")
    after = clock()
    # Anything between the two readings is in agreement.
    apart = max(before - row["now"], row["now"] - after, timedelta())
    told = error if apart > _CLOCK_LIMIT else warning if apart > _CLOCK_TOLERANCE else fine
    return told("clock", f"{apart.total_seconds():.1f} s from the database server's")


async def _backup_programs() -> Finding:
    (row,) = await sql.fetch("SELECT current_setting('server_version_num')::int / 10000 AS version")
    try:
        for program in ("pg_dump", "pg_restore"):
            await postgres_programs.find(program, row["version"])
    except BackupError as trouble:
        return warning("backup", str(trouble))
    return fine("backup", "pg_dump and pg_restore fit the server")
