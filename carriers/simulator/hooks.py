"""Sends a carrier's messages to the customer's URL: once each, and in rough days lost, late or twice."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import aiohttp

from carriers.simulator.chance import draw
from carriers.simulator.journeys import Profile

_SENDERS = 8
_TIMEOUT = aiohttp.ClientTimeout(total=10)


class HookSender:
    """A queue of messages and a few senders. What cannot be delivered is gone, as no carrier here has said otherwise."""

    def __init__(self, url: str, profile: Profile, seed: int, *, latest_seconds: float) -> None:
        self.counts: Counter[str] = Counter()
        self._url = url
        self._profile = profile
        self._seed = seed
        self._latest = latest_seconds
        self._number = 0
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._late: set[asyncio.Task[None]] = set()

    def send(self, body: bytes) -> None:
        """Put a message on its way, or lose it."""
        self._number += 1
        if self._happens("lost", self._profile.hooks_lost):
            self.counts["lost"] += 1
            return
        self._put(body)
        if self._happens("doubled", self._profile.hooks_doubled):
            self.counts["doubled"] += 1
            self._put(body)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Send while the block runs."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            senders = [asyncio.create_task(self._deliver(session)) for _ in range(_SENDERS)]
            try:
                yield
            finally:
                for task in (*senders, *self._late):
                    task.cancel()
                await asyncio.gather(*senders, *self._late, return_exceptions=True)

    def _happens(self, what: str, rate: float) -> bool:
        return draw(self._seed, "hook", what, self._number) < rate

    def _put(self, body: bytes) -> None:
        if not self._happens("late", self._profile.hooks_late):
            self._queue.put_nowait(body)
            return
        self.counts["late"] += 1
        delay = draw(self._seed, "hook delay", self._number) * self._latest
        task = asyncio.create_task(self._put_later(body, delay))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _put_later(self, body: bytes, delay: float) -> None:
        await asyncio.sleep(delay)
        self._queue.put_nowait(body)

    async def _deliver(self, session: aiohttp.ClientSession) -> None:
        while True:
            body = await self._queue.get()
            try:
                headers = {"Content-Type": "application/json"}
                async with session.post(self._url, data=body, headers=headers) as answer:
                    self.counts[f"answered {answer.status}"] += 1
            except (aiohttp.ClientError, TimeoutError):
                self.counts["undelivered"] += 1
