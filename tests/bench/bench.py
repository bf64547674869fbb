"""What every measurement is handed: where to measure, for how long, and the load."""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests import postgres
from tests.bench import limits
from tests.bench.load import Load

ENGINES = ("sqlite", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One run of the bench."""

    load: Load
    folder: Path
    """On a real disk: durable commits are a part of what is measured."""
    cluster_url: str
    """PostgreSQL with fsync on."""
    engines: Sequence[str]
    rounds: int
    seconds: float
    """Of one turn of one side."""
    load_minutes: float
    """How long the memory is watched under load."""
    rough_shipments: int

    def new_database(self, engine: str, name: str) -> str:
        """Return the URL of a new, empty database."""
        if engine == "sqlite":
            return f"sqlite:///{self.folder / name}.sqlite3"

        async def create() -> None:
            connection = await asyncpg.connect(f"{self.cluster_url}/postgres")
            await connection.execute(f"CREATE DATABASE {name}")
            await connection.close()

        asyncio.run(create())
        return f"{self.cluster_url}/{name}"

    def commits(self, engine: str) -> float:
        """Return how many rows a second the engine's driver commits one by one on one connection."""
        if engine == "sqlite":
            return asyncio.run(limits.sqlite_commits(self.folder / "commits.sqlite3", self.seconds))
        return asyncio.run(limits.postgres_commits(f"{self.cluster_url}/postgres", self.seconds))

    def in_turns(self, sides: Mapping[str, Callable[[], float]]) -> "Turns":
        """Measure all sides one after the other, and again, so that the machine's good and bad moments meet all."""
        rounds = [{name: measure() for name, measure in sides.items()} for _ in range(self.rounds)]
        return Turns(rounds)


@dataclass(frozen=True, slots=True)
class Turns:
    """The figures of each round, by side."""

    rounds: Sequence[Mapping[str, float]]

    def median(self, side: str) -> float:
        """Return the median of one side."""
        return statistics.median(taken[side] for taken in self.rounds)

    def ratio(self, side: str, to: str) -> float:
        """Return the median of the rounds' own ratios."""
        return statistics.median(taken[side] / taken[to] for taken in self.rounds)


@contextmanager
def cluster(engines: Sequence[str]) -> Iterator[str]:
    """Run PostgreSQL as it runs in earnest, if it is measured."""
    if "postgres" not in engines:
        yield ""
        return
    with postgres.cluster(fsync=True) as url:
        yield url


def say(line: str) -> None:
    """Tell on stderr how far the bench is."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()
