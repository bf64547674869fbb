"""Copies of a PostgreSQL database, made and put back by its own pg_dump and pg_restore."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from postal_service.operations import postgres_programs as programs
from postal_service.operations.backup_files import BackupError, Contents
from postal_service.storage.database import APP, Target

_CONNECT_SECONDS = 10.0
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


async def copy_out(target: Target, copy: Path) -> Contents:
    """Dump the database as it is at one moment into the empty file `copy`, and return what it holds at that moment."""
    async with connected(target) as connection:
        pg_dump = await programs.find("pg_dump", connection.get_server_version().major)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            # The rows are counted in the very snapshot that is dumped, whatever is written meanwhile.
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            await programs.run(pg_dump, target, "--format=custom", f"--snapshot={snapshot}", f"--file={copy}")
            return await _contents(connection)


async def copy_in(copy: Path, target: Target) -> None:
    """Make the database what the copy is, in one transaction: cut off at any point, it is as it was before."""
    async with connected(target) as connection:
        pg_restore = await programs.find("pg_restore", connection.get_server_version().major)
    await programs.run(
        pg_restore,
        target,
        "--clean",
        "--if-exists",
        "--exit-on-error",
        "--single-transaction",
        # The new database may belong to another role, and know none of the old ones.
        "--no-owner",
        "--no-privileges",
        f"--dbname={target.credentials['database']}",
        str(copy),
    )


async def contents(target: Target) -> Contents:
    """Return what the database holds."""
    async with connected(target) as connection:
        return await _contents(connection)


async def _contents(connection: Any) -> Contents:
    tables = [row["tablename"] for row in await connection.fetch(_TABLES)]
    rows = {table: await connection.fetchval(f'SELECT count(*) FROM "{table}"') for table in tables}  # noqa: S608 - names of the database's own tables
    step = None
    if "tortoise_migrations" in rows:
        step = await connection.fetchval("SELECT max(name) FROM tortoise_migrations WHERE app = $1", APP)
    return Contents(step, rows)


@asynccontextmanager
async def connected(target: Target) -> AsyncIterator[Any]:
    """Hold a connection while the block runs. Raises `BackupError` when there is none, or when the server refuses."""
    wanted = {key: target.credentials[key] for key in ("host", "port", "user", "password", "database")}
    try:
        connection = await asyncpg.connect(**wanted, timeout=_CONNECT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise BackupError(f"the database cannot be reached: {type(error).__name__}") from error
    try:
        yield connection
    except asyncpg.PostgresError as error:
        raise BackupError(f"the database refused: {type(error).__name__}") from error
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
