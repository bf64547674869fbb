"""PostgreSQL's own client programs: where they are, and how they are run."""

import asyncio
import os
import re
import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from postal_service.operations.backup_files import BackupError
from postal_service.storage.database import Target

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


async def find(name: str, server_version: int) -> Path:
    """Return the program for a server of this major version; raises `BackupError` where there is none.

    An older program refuses a newer server. A newer one writes settings that an older server does not know, so the
    nearest version is taken rather than the newest.
    """
    versions = {path: await _version(path) for path in _candidates(name)}
    fitting = {path: version for path, version in versions.items() if version >= server_version}
    if not fitting:
        raise BackupError(f"no {name} of version {server_version} or later found: install PostgreSQL's client programs")
    return min(fitting, key=lambda path: fitting[path])


async def run(program: Path, target: Target, *arguments: str) -> None:
    """Run a program on the target's database; raises `BackupError` with its first complaint.

    Whom it speaks to and the password go by the environment, since anybody on the machine may read a command line.
    """
    credentials = target.credentials
    environment = {
        **os.environ,
        "PGHOST": str(credentials["host"]),
        "PGPORT": str(credentials["port"]),
        "PGUSER": str(credentials["user"]),
        "PGPASSWORD": str(credentials["password"]),
        "PGDATABASE": str(credentials["database"]),
        "LC_ALL": "C.UTF-8",
    }
    status, complaints = await _run(program, "--no-password", *arguments, environment=environment)
    if status:
        raise BackupError(_first_complaint(program.name, complaints))


def _candidates(name: str) -> Iterator[Path]:
    """Yield where the program may be. Debian's own on the PATH is a wrapper that guesses a version: it comes last."""
    yield from Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    yield from Path(sysconfig.get_path("purelib")).glob(f"*postgres*/**/bin/{name}")
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)


async def _version(program: Path) -> int:
    """Return its major version, 0 where it does not even run."""
    try:
        _, said = await _run(program, "--version", environment=dict(os.environ))
    except OSError:
        return 0
    match = _VERSION.search(said)
    return int(match.group(1)) if match else 0


async def _run(program: Path, *arguments: str, environment: dict[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said.decode(errors="replace")


def _first_complaint(name: str, complaints: str) -> str:
    """Return the line that names the error. Those after it may show rows, with the data of people."""
    for line in complaints.splitlines():
        if " error: " in line:
            return f"{name}: {line.partition(' error: ')[2]}"
    return f"{name} failed"
