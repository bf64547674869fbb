"""The program in processes of its own, on this machine, which a test may kill."""

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeVar

from tests.faults import child
from tests.faults.child import Fate

# Loading the program takes seconds: it is loaded once, and every process is forked from there.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["pytest", child.__name__, "tests.faults.preloaded"])
LOOK_SECONDS = 0.04

T = TypeVar("T")


async def eventually(condition: Callable[[], Awaitable[T]], *, within: float) -> T:
    """Return what `condition` returns once that is true. Fails when it has not come true within so many seconds."""
    deadline = time.monotonic() + within
    while not (found := await condition()):
        assert time.monotonic() < deadline, f"not within {within} seconds: {condition}"
        await asyncio.sleep(LOOK_SECONDS)
    return found


class Process:
    """One process of the program."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._arguments = arguments
        self._environment = environment
        self._log = log
        self._process: BaseProcess | None = None

    def start(self, fate: Fate = Fate()) -> None:  # noqa: B008 - frozen
        """Start it, or start it again."""
        self._log.unlink(missing_ok=True)
        self._process = _FORKS.Process(
            target=child.run, args=(self._arguments, self._environment, self._log, fate), daemon=True
        )
        self._process.start()

    @property
    def output(self) -> str:
        """What it has printed since it was started, errors too."""
        return self._log.read_text() if self._log.exists() else ""

    @property
    def exit_code(self) -> int | None:
        """None while it runs, minus the signal's number when one ended it."""
        return self._process.exitcode if self._process else None

    async def ready(self, *, within: float = 30) -> None:
        """Return when it serves or works."""

        async def says_so() -> bool:
            assert self.exit_code is None, self.output
            return self.output.startswith("ready")

        await eventually(says_so, within=within)

    async def ended(self, *, within: float = 30) -> int:
        """Return its exit code once it has ended."""

        async def has_ended() -> bool:
            return self.exit_code is not None

        await eventually(has_ended, within=within)
        return self.exit_code or 0

    def kill(self) -> None:
        """End it at once, as `kill -9` does."""
        if self._process is not None:
            self._process.kill()

    def terminate(self) -> None:
        """Ask it to finish."""
        if self._process is not None:
            self._process.terminate()

    def close(self) -> None:
        """See that nothing is left of it."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None
