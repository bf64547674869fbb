"""A backup as files: the data, and beside it a manifest that says what is in it.

The manifest is put in place last. Data without one is a backup that broke off, and is never taken for a good one.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

SUFFIXES = {"sqlite": ".sqlite3", "postgres": ".dump"}
_MANIFEST = ".json"
_PART = ".part"
# Only their owner may read them: they hold personal data.
_FILE_MODE = 0o600
_FOLDER_MODE = 0o700


class BackupError(Exception):
    """A backup or a restore that was not done, and why, in one line without data of anybody."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds: its last schema step, None where it has no schema yet, and the rows of each table."""

    schema_step: str | None
    rows: dict[str, int]


class Manifest(BaseModel):
    """What a backup says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    dialect: Literal["sqlite", "postgres"]
    made_at: AwareDatetime
    schema_step: str | None
    sha256: str
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup: its data file and what its manifest says."""

    file: Path
    manifest: Manifest

    @property
    def rows(self) -> int:
        """Return how many rows it holds in all."""
        return sum(self.manifest.rows.values())

    def verify(self) -> None:
        """Read all of the data; raises `BackupError` when it is not what was written."""
        try:
            digest = _sha256(self.file)
        except OSError as error:
            raise BackupError(f"{self.file.name} cannot be read: {error.strerror}") from error
        if digest != self.manifest.sha256:
            raise BackupError(f"{self.file.name} is damaged: its checksum is not the one in its manifest")


@dataclass(frozen=True, slots=True)
class Draft:
    """A backup being written, under a name that no restore looks at."""

    part: Path
    data: Path

    @classmethod
    def begin(cls, folder: Path, dialect: str, now: datetime) -> "Draft":
        """Make the folder and an empty file in it to write to."""
        data = folder / f"postal-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIXES[dialect]}"
        part = data.with_name(data.name + _PART)
        try:
            folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
            if data.exists():
                raise BackupError(f"{data.name} exists already")
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE_MODE))
        except FileExistsError as error:
            raise BackupError(f"another backup is writing {part.name}") from error
        except OSError as error:
            raise BackupError(f"the backup folder cannot be written to: {error.strerror}") from error
        return cls(part, data)

    def finish(self, dialect: Literal["sqlite", "postgres"], contents: Contents, made_at: datetime) -> Backup:
        """Bring the data safely to disk under its final name, and then the manifest that makes it good."""
        try:
            manifest = Manifest(
                dialect=dialect,
                made_at=made_at,
                schema_step=contents.schema_step,
                sha256=_sha256(self.part),
                rows=contents.rows,
            )
            _publish(self.part, self.data)
            self.part.write_text(manifest.model_dump_json(indent=2) + "\n")
            self.part.chmod(_FILE_MODE)
            _publish(self.part, _manifest_of(self.data))
        except OSError as error:
            raise BackupError(f"the backup cannot be brought to disk: {error.strerror}") from error
        return Backup(self.data, manifest)

    def abandon(self) -> None:
        """Remove what was written so far."""
        self.part.unlink(missing_ok=True)


def find(folder: Path, dialect: str, name: str | None = None) -> Backup:
    """Return the backup whose data file is called `name`, else the newest finished one of this engine.

    The newest one is never passed over for an older one because something is wrong with it: that would lose what came
    between without a word. Whoever wants the older one names it.
    """
    if name is None:
        finished = sorted(folder.glob(f"postal-*{SUFFIXES[dialect]}{_MANIFEST}"))
        if not finished:
            raise BackupError(f"the folder holds no finished {dialect} backup")
        return _read(finished[-1])
    if not (folder / name).name.endswith(SUFFIXES[dialect]):
        raise BackupError(f"{name} is not the name of a {dialect} backup (*{SUFFIXES[dialect]})")
    return _read(_manifest_of(folder / name))


def _read(manifest: Path) -> Backup:
    try:
        return Backup(manifest.with_suffix(""), Manifest.model_validate_json(manifest.read_bytes()))
    except FileNotFoundError as error:
        raise BackupError(f"there is no {manifest.name}: no backup of this name was finished") from error
    except OSError as error:
        raise BackupError(f"{manifest.name} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise BackupError(f"{manifest.name} is damaged, or of another release of this program") from error


def _manifest_of(data: Path) -> Path:
    return data.with_name(data.name + _MANIFEST)


def _publish(written: Path, final: Path) -> None:
    for path in (written, final.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if path is written:
            written.replace(final)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
