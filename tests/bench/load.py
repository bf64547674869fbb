"""The load: keep-alive connections that ask, read the whole answer and ask again, in a process of their own.

Each connection is one small protocol on uvloop. It reads of an answer only the status and the length, so that it takes a
fraction of what the server takes; the run measures that too.
"""

import asyncio
import multiprocessing
import time
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from typing import cast

import uvloop

from tests.bench.table import percentile

HOST = "127.0.0.1"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_PATIENCE_SECONDS = 20.0


class LoadError(Exception):
    """The load could not be put on, or the server broke a connection."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    per_second: float
    statuses: dict[int, int]
    median_ms: float
    p99_ms: float

    def require(self, *statuses: int) -> "Outcome":
        """Return itself if nothing but these statuses was answered: a refusal is fast and measures nothing."""
        if set(self.statuses) - set(statuses):
            raise LoadError(f"answered {self.statuses}")
        return self


def get(path: str) -> bytes:
    """Return a GET as it goes over the line."""
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def post(path: str, body: bytes, *, key: str | None = None) -> bytes:
    """Return a POST of JSON as it goes over the line."""
    bearer = f"Authorization: Bearer {key}\r\n" if key else ""
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{bearer}Content-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class _Run:
    """What the connections of one run share."""

    def __init__(self, requests: Sequence[bytes], seconds: float, *, repeat: bool) -> None:
        self.requests: Iterator[bytes] = cycle(requests) if repeat else iter(requests)
        self.end = time.perf_counter() + seconds
        self.times = array("d")
        self.statuses: Counter[bytes] = Counter()
        self.open = 0
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def closed(self, error: Exception | None) -> None:
        self.open -= 1
        if self.finished.done():
            return
        if error is not None:
            self.finished.set_exception(error)
        elif self.open == 0:
            self.finished.set_result(None)


class _Connection(asyncio.Protocol):
    def __init__(self, run: _Run) -> None:
        self._run = run
        self._buffer = b""
        self._asked = 0.0
        self._done = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have asyncio's methods, but not its classes.
        self._transport = cast("asyncio.Transport", transport)
        self._run.open += 1
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._buffer = buffer = self._buffer + data if self._buffer else data
        head_end = buffer.find(_HEAD_END)
        if head_end < 0:
            return
        head = buffer[:head_end].lower()
        at = head.find(_LENGTH)
        length = int(head[at + len(_LENGTH) :].partition(b"\r\n")[0]) if at >= 0 else 0
        if len(buffer) < head_end + len(_HEAD_END) + length:
            return
        self._buffer = b""
        run = self._run
        run.times.append(time.perf_counter() - self._asked)
        run.statuses[buffer[9:12]] += 1
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._run.closed(None if self._done else exc or LoadError("the server closed a connection"))

    def _ask(self) -> None:
        self._asked = time.perf_counter()
        request = next(self._run.requests, None) if self._asked < self._run.end else None
        if request is None:
            self._done = True
            self._transport.close()
        else:
            self._transport.write(request)


async def _drive(port: int, requests: Sequence[bytes], connections: int, seconds: float, *, repeat: bool) -> Outcome:
    run = _Run(requests, seconds, repeat=repeat)
    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: _Connection(run), HOST, port)
    async with asyncio.timeout(seconds + _PATIENCE_SECONDS):
        await run.finished
    took = time.perf_counter() - started
    return Outcome(
        per_second=len(run.times) / took,
        statuses={int(status): number for status, number in run.statuses.items()},
        median_ms=percentile(run.times, 50) * 1000,
        p99_ms=percentile(run.times, 99) * 1000,
    )


def _drive_here(port: int, requests: Sequence[bytes], connections: int, seconds: float, repeat: bool) -> Outcome:
    return uvloop.run(_drive(port, requests, connections, seconds, repeat=repeat))


class Load:
    """The process that puts load on."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor

    def put_on(
        self, port: int, requests: Sequence[bytes], *, connections: int, seconds: float, repeat: bool = True
    ) -> Outcome:
        """Ask for `seconds` and return what came of it; without `repeat` each request once, and then no more."""
        return self._executor.submit(_drive_here, port, requests, connections, seconds, repeat).result()


@contextmanager
def load() -> Iterator[Load]:
    """Have a load process while the block runs."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield Load(executor)
