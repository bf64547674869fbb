"""Backing the database up while the program runs, and bringing it back after a loss. `docs/runbooks` says when and how."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from postal_service.operations import postgres_copy, sqlite_copy
from postal_service.operations.backup_files import Backup, BackupError, Contents, Draft, find
from postal_service.storage.database import Target

__all__ = ["Backup", "BackupError", "Restored", "back_up", "restore"]

_MIGRATIONS = "tortoise_migrations"


class _Copier(Protocol):
    """How one engine copies a database."""

    async def copy_out(self, target: Target, copy: Path) -> Contents: ...
    async def copy_in(self, copy: Path, target: Target) -> None: ...
    async def contents(self, target: Target) -> Contents: ...


@dataclass(frozen=True, slots=True)
class Restored:
    """A restore that is done: from which backup, and how many rows the database now holds in all."""

    backup: Backup
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

    A database that holds any row is only overwritten with `replace`. Raises `BackupError`; the database is then as it
    was before, except when the check of the rows at the end is what failed.
    """
    dialect, copier = _engine(target)
    backup = await asyncio.to_thread(find, folder, dialect, name)
    await asyncio.to_thread(backup.verify)
    manifest = backup.manifest
    if manifest.dialect != dialect:
        raise BackupError(f"{backup.data.name} is a backup of {manifest.dialect}, not of {dialect}")

    held = (await copier.contents(target)).rows
    if not replace and any(count for table, count in held.items() if table != _MIGRATIONS):
        raise BackupError("the database holds data already: restore into an empty one, or say that it may be replaced")
    await copier.copy_in(backup.data, target)
    found = (await copier.contents(target)).rows
    different = sorted(
        table for table in found.keys() | manifest.rows.keys() if found.get(table) != manifest.rows.get(table)
    )
    if different:
        raise BackupError(f"restored, but with other rows than were backed up, in: {', '.join(different)}")
    return Restored(backup, sum(found.values()))


def _engine(target: Target) -> tuple[Literal["sqlite", "postgres"], _Copier]:
    return ("sqlite", sqlite_copy) if target.dialect == "sqlite" else ("postgres", postgres_copy)
