"""Copies of a SQLite database, made and put back through SQLite itself while others read and write."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from postal_service.operations.backup_files import BackupError, Contents
from postal_service.storage.database import APP, Target

_LOCKED_SECONDS = 30.0
_LAST_STEP = "SELECT max(name) FROM tortoise_migrations WHERE app = ?"
_TABLES = r"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name"


async def copy_out(target: Target, copy: Path) -> Contents:
    """Copy the database as it is at one moment into the empty file `copy`, check it, and return what it holds."""
    return await asyncio.to_thread(_copy_out, target.path, copy)


async def copy_in(copy: Path, target: Target) -> None:
    """Make the database what the copy is, in one transaction: cut off at any point, it is as it was before."""
    await asyncio.to_thread(_copy_in, copy, target.path)


async def contents(target: Target) -> Contents:
    """Return what the database holds; nothing where there is no file yet."""
    return await asyncio.to_thread(_contents_of, target.path)


def _copy_out(database: Path, copy: Path) -> Contents:
    with _explained("the database"), closing(_open(database, "rw")) as source, closing(_open(copy, "rw")) as made:
        # In one step: a copy in many would begin anew after each commit of another process, and perhaps never end.
        source.backup(made, progress=_give_up_when_locked())
        # One file must be the whole of it, without a log beside it.
        made.execute("PRAGMA journal_mode = DELETE")
        (verdict,) = made.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise BackupError("the database itself is damaged: SQLite's integrity check of the copy failed")
        return _contents(made)


def _copy_in(copy: Path, database: Path) -> None:
    with _explained("the database"):
        database.parent.mkdir(parents=True, exist_ok=True)
        with closing(_open(copy, "ro")) as source, closing(_open(database, "rwc")) as restored:
            source.backup(restored, progress=_give_up_when_locked())


def _contents_of(database: Path) -> Contents:
    if not database.exists():
        return Contents(None, {})
    with _explained("the database"), closing(_open(database, "rw")) as connection:
        return _contents(connection)


def _contents(connection: sqlite3.Connection) -> Contents:
    tables = [name for (name,) in connection.execute(_TABLES)]
    rows = {table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}  # noqa: S608 - names of the database's own tables
    step = connection.execute(_LAST_STEP, (APP,)).fetchone()[0] if "tortoise_migrations" in rows else None
    return Contents(step, rows)


def _open(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_LOCKED_SECONDS)


def _give_up_when_locked() -> Callable[[int, int, int], None]:
    """Return what ends a copy that would otherwise wait for a lock for ever."""
    deadline = time.monotonic() + _LOCKED_SECONDS

    def look(status: int, _remaining: int, _total: int) -> None:
        if status in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} and time.monotonic() > deadline:
            raise BackupError("the database stays locked: stop what uses it first")

    return look


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupError(f"{what} cannot be copied: {error.sqlite_errorname}") from error
    except OSError as error:
        raise BackupError(f"{what} cannot be copied: {error.strerror}") from error
