"""Backing the database up while the program runs, and bringing it back after a loss."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from postal_service.operations import postgres_copy, sqlite_copy
from postal_service.operations.backup_files import Backup, BackupError, Contents, Draft, find
from postal_service.storage.database import Target

__all__ = ["Backup", "BackupError", "Restored", "back_up", "restore"]

_FILLED_BY_MIGRATE = {"tortoise_migrations", "post_office"}
"""What a database holds before anybody has worked with it."""


class _Copier(Protocol):
    """How one engine copies a database."""

    async def copy_out(self, target: Target, copy: Path) -> Contents: ...
    async def copy_in(self, copy: Path, target: Target) -> None: ...
    async def contents(self, target: Target) -> Contents: ...


@dataclass(frozen=True, slots=True)
class Restored:
    """A restore that is done: from which file, of which moment, and how many rows the database now holds in all."""

    file: Path
    made_at: datetime
    rows: int


async def back_up(target: Target, folder: Path, *, now: datetime) -> Backup:
    """Write a backup of the database as it is at one moment into `folder`; the program may go on meanwhile.

    Raises `BackupError`; what was written so far is then removed.
    """
    dialect, copier = _engine(target)
    draft = await asyncio.to_thread(Draft.begin, folder, dialect, now)
    try:
        contents = await copier.copy_out(target, draft.part)
        return await asyncio.to_thread(draft.finish, dialect, contents, now)
    finally:
        await asyncio.to_thread(draft.abandon)


async def restore(target: Target, folder: Path, *, name: str | None = None, replace: bool = False) -> Restored:
    """Bring the database back from the newest backup in `folder`, or from the one whose file is called `name`.

    A database that somebody has worked with is only overwritten with `replace`. Raises `BackupError`; the database is then
    as it was before, except when the check of the rows at the end is what failed.
    """
    dialect, copier = _engine(target)
    backup = await asyncio.to_thread(find, folder, dialect, name)
    await asyncio.to_thread(backup.verify)
    manifest = backup.manifest
    if manifest.dialect != dialect:
        raise BackupError(f"{backup.file.name} is a backup of {manifest.dialect}, not of {dialect}")

    held = (await copier.contents(target)).rows
    if not replace and any(count for table, count in held.items() if table not in _FILLED_BY_MIGRATE):
        raise BackupError("the database holds data already: restore into an empty one, or say that it may be replaced")
    strangers = sorted(held.keys() - manifest.rows.keys())
    if dialect == "postgres" and strangers:
        # pg_restore would leave them standing, and the next schema steps would stumble over them.
        raise BackupError(f"restore into a new database: this one has tables unknown to the backup: {', '.join(strangers)}")
    await copier.copy_in(backup.file, target)
    found = (await copier.contents(target)).rows
    different = sorted(
        table for table in found.keys() | manifest.rows.keys() if found.get(table) != manifest.rows.get(table)
    )
    if different:
        raise BackupError(f"restored, but with other rows than were backed up, in: {', '.join(different)}")
    return Restored(backup.file, manifest.made_at, sum(found.values()))


def _engine(target: Target) -> tuple[Literal["sqlite", "postgres"], _Copier]:
    return ("sqlite", sqlite_copy) if target.dialect == "sqlite" else ("postgres", postgres_copy)
