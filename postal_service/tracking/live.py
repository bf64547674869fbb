"""Open pages: who waits for news of which request, and waking them when there is some."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress

import structlog

from postal_service.outbox import queries as changes
from postal_service.outbox.service import CHANGE
from postal_service.storage.listening import RESYNC
from postal_service.storage.transactions import listen

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
"""How often the file of a SQLite database is looked at for commits of other processes while somebody waits."""

Commits = Callable[[], int | None]
Versions = Callable[[Sequence[str]], Awaitable[Mapping[str, int]]]


class Subscription:
    """One open page. However much happens while it is busy, it is woken once: the latest is all it needs."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self.closed = False

    async def wait(self, seconds: float) -> None:
        """Return when there may be news, when all streams have to end, or after `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    def wake(self) -> None:
        """Say that there may be news."""
        self._news.set()

    def close(self) -> None:
        """Say that the stream has to end."""
        self.closed = True
        self._news.set()


class Hub:
    """The open pages of this process, by request."""

    def __init__(
        self, commits: Commits, versions: Versions = changes.versions, *, look_seconds: float = LOOK_SECONDS
    ) -> None:
        """Take how to tell that somebody committed (None where commits are signalled), and how to ask for versions."""
        self._commits = commits
        self._versions = versions
        self._look_seconds = look_seconds
        self._waiting: dict[str, set[Subscription]] = {}
        self._known: dict[str, int] = {}
        self._somebody_waits = asyncio.Event()
        self._signals_missed = asyncio.Event()
        self._closed = False

    @contextmanager
    def subscribed(self, request_id: str) -> Iterator[Subscription]:
        """Be woken at changes of a request while the block runs."""
        subscription = Subscription()
        self._waiting.setdefault(request_id, set()).add(subscription)
        if self._closed:
            subscription.close()
        self._somebody_waits.set()
        try:
            yield subscription
        finally:
            others = self._waiting[request_id]
            others.discard(subscription)
            if not others:
                del self._waiting[request_id]
                self._known.pop(request_id, None)
                if not self._waiting:
                    self._somebody_waits.clear()

    @asynccontextmanager
    async def running(self, stopping: asyncio.Event) -> AsyncIterator[None]:
        """Pass changes on while the block runs; every stream ends once `stopping` is set."""
        stop_listening = listen(self._heard)
        unsignalled = self._after_missed_signals() if self._commits() is None else self._watch_file()
        tasks = [
            asyncio.create_task(unsignalled, name="look for changes elsewhere"),
            asyncio.create_task(self._close_when(stopping), name="end live streams"),
        ]
        try:
            yield
        finally:
            stop_listening()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """End every stream, and those to come."""
        self._closed = True
        for subscriptions in self._waiting.values():
            for subscription in subscriptions:
                subscription.close()

    def _heard(self, channel: str, subject: str) -> None:
        if channel == CHANGE:
            self._wake(subject)
        elif channel == RESYNC:
            self._signals_missed.set()

    def _wake(self, request_id: str) -> None:
        for subscription in self._waiting.get(request_id, ()):
            subscription.wake()

    async def _close_when(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self.close()

    async def _watch_file(self) -> None:
        seen = self._commits()
        while True:
            await self._somebody_waits.wait()
            await asyncio.sleep(self._look_seconds)
            commits = self._commits()
            if commits != seen:
                seen = commits
                await self._compare()

    async def _after_missed_signals(self) -> None:
        while True:
            await self._signals_missed.wait()
            self._signals_missed.clear()
            await self._compare()

    async def _compare(self) -> None:
        """Wake whoever's request has another version than when we last looked."""
        try:
            present = await self._versions(list(self._waiting))
        except Exception:
            # The next look, or the stream's own at its next ping, makes up for it.
            log.exception("live_look_failed")
            return
        for request_id in list(self._waiting):
            version = present.get(request_id, 0)
            if version != self._known.get(request_id):
                self._known[request_id] = version
                self._wake(request_id)
