"""The program under measurement: a database made ready for it, and `run.py serve` as a process of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from carriers.simulator.keys import KeyFiles
from config.settings import Settings
from postal_service.accounts.permissions import Scope
from postal_service.app import open_program
from postal_service.operations.imports import Kind, import_file
from postal_service.operations.upkeep import migrate
from tests.bench.load import HOST, LoadError
from tests.world import SAMPLES

ROOT = Path(__file__).parents[2]
_MEGABYTE = 1024


@dataclass(frozen=True, slots=True)
class Program:
    """A running program."""

    port: int
    pid: int

    @property
    def memory_mb(self) -> float:
        """Return its resident memory."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / _MEGABYTE
        raise ProcessLookupError(self.pid)


def make_ready(database_url: str) -> str:
    """Bring the schema, the offices and the sample workers in; returns an API key for everything."""

    async def prepare() -> str:
        settings = Settings.model_validate({"database_url": database_url})
        await migrate(settings)
        async with open_program(settings) as program:
            for kind in (Kind.OFFICES, Kind.WORKERS, Kind.ROUNDS):
                await import_file(program, kind, (SAMPLES / f"{kind}.csv").read_bytes(), dry_run=False)
            return (await program.accounts.create_api_client("bench", [Scope.ADMIN])).key

    return asyncio.run(prepare())


def vnpost(keys: KeyFiles, scheme: str, base_url: str = "http://127.0.0.1:9") -> dict[str, str]:
    """Return the settings of the simulated VNPost. Without an address nobody is there, as none is called."""
    prefix = "POSTAL_CARRIERS__VNPOST__"
    return {
        f"{prefix}ENABLED": "true",
        f"{prefix}BASE_URL": base_url,
        f"{prefix}USERNAME": "bench",
        f"{prefix}PASSWORD": "bench",
        f"{prefix}CUSTOMER_CODE": "T000000001",
        f"{prefix}SIGNATURE_SCHEME": scheme,
        f"{prefix}SIGNATURE_KEY_FILE": str(keys.private if scheme == "rsa_decrypt" else keys.public),
    }


@contextmanager
def serving(
    database_url: str, log: Path, *, role: str = "web", settings: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """Run `run.py serve` on a free port while the block runs. What it logs goes to `log`."""
    with (
        log.open("a") as errors,
        subprocess.Popen(
            [sys.executable, "run.py", "serve", "--role", role, "--host", HOST, "--port", "0"],
            cwd=ROOT,
            env=environment(database_url) | dict(settings or {}),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            if not said.startswith("ready"):
                raise LoadError(f"the program did not start: see {log}")
            yield Program(int(said.rpartition(":")[2]), process.pid)
        finally:
            process.terminate()


def environment(database_url: str) -> dict[str, str]:
    """Return this process's environment with the settings every measured program has."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("POSTAL_")}
    # Measured as installed: with its bytecode kept.
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    return inherited | {"POSTAL_DATABASE_URL": database_url, "POSTAL_MESSAGING__QUIET_HOURS": ""}
