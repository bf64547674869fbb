"""Looking a code up as fast as each engine can: plain SQL, since the ORM alone costs several times the look-up."""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextvars import copy_context
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from tortoise.connection import get_connection

from postal_service.storage.database import Target
from postal_service.tracking.queries import View
from postal_service.tracking.remembered import Remembered
from postal_service.web.language import Language

LOOK_SECONDS = 0.05
"""How long a remembered view may outlive a commit that another process made to a SQLite file."""

_JOINED = "FROM tracking_view v LEFT JOIN change_head h ON h.subject = v.request_id WHERE v.code"
_COLUMNS = "v.request_id, v.version, h.version"
_ONE: dict[Language, str] = {
    "vi": f"SELECT {_COLUMNS}, v.vi {_JOINED} = ?",
    "en": f"SELECT {_COLUMNS}, v.en {_JOINED} = ?",
}
_MANY: dict[Language, str] = {
    "vi": f"SELECT v.code, {_COLUMNS}, v.vi {_JOINED} = ANY($1)",
    "en": f"SELECT v.code, {_COLUMNS}, v.en {_JOINED} = ANY($1)",
}
_Waiting = dict[str, list[asyncio.Future[View | None]]]


class Reader(Protocol):
    """How stored views are looked up."""

    async def read(self, code: str, language: Language) -> View | None:
        """Return the stored view of a code, which may be out of date."""

    def commits(self) -> int | None:
        """Return a number that differs after another connection's commit; None where commits are signalled."""

    def heard(self, channel: str, subject: str) -> None:
        """Take note of a signal."""

    def close(self) -> None:
        """Let go of what is open."""


def reader_for(target: Target) -> Reader:
    """Return the reader of the engine. The database must be open."""
    return SqliteReader(target.path) if target.dialect == "sqlite" else PostgresReader()


class SqliteReader:
    """Reads on the event loop, over a read-only connection of its own.

    The read takes some twenty microseconds; handing it to aiosqlite's thread and back costs several times that. It does
    not wait for anybody: with a write-ahead log a reader sees the last commit whatever the writer is doing. This
    process's commits are signalled; those of others are noticed by asking SQLite now and then whether the file changed.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
        # The documents go out as the bytes they are.
        self._connection.text_factory = bytes
        self._remembered = Remembered()
        self._seen: int | None = None
        self._next_look = 0.0

    async def read(self, code: str, language: Language) -> View | None:
        """Return the stored view of a code."""
        now = asyncio.get_running_loop().time()
        if now >= self._next_look:
            self.commits()
        known = self._remembered.get(code, language, now)
        if known is not None:
            return known
        # Fetching everything ends the statement: one left open would hold its snapshot, and with it the whole log.
        rows = self._connection.execute(_ONE[language], (code,)).fetchall()
        for request_id, version, head, document in rows:
            view = View(code, request_id.decode(), version, head or 0, document)
            if view.current:
                self._remembered.put(view, language, now)
            return view
        return None

    def commits(self) -> int | None:
        """Return SQLite's number for the state of the file; it differs after a commit of any other connection."""
        number: int = self._connection.execute("PRAGMA data_version").fetchall()[0][0]
        now = asyncio.get_running_loop().time()
        if number != self._seen:
            self._seen = number
            self._remembered.forget_all(now)
        self._next_look = now + LOOK_SECONDS
        return number

    def heard(self, channel: str, subject: str) -> None:
        """Forget what changed."""
        self._remembered.heard(channel, subject, asyncio.get_running_loop().time())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class PostgresReader:
    """Reads all who wait in one query, one query at a time: a round trip costs far more than a row."""

    def __init__(self) -> None:
        self._remembered = Remembered()
        self._desks: dict[Language, _ReadingDesk] = {
            language: _ReadingDesk(language, self._remembered) for language in ("vi", "en")
        }

    async def read(self, code: str, language: Language) -> View | None:
        """Return the stored view of a code."""
        known = self._remembered.get(code, language, asyncio.get_running_loop().time())
        return known if known is not None else await self._desks[language].read(code)

    def commits(self) -> int | None:
        """PostgreSQL's commits are signalled."""
        return None

    def heard(self, channel: str, subject: str) -> None:
        """Forget what changed."""
        self._remembered.heard(channel, subject, asyncio.get_running_loop().time())

    def close(self) -> None:
        """Stop reading."""
        for desk in self._desks.values():
            desk.close()


class _ReadingDesk:
    """Where look-ups in one language wait for each other."""

    def __init__(self, language: Language, remembered: Remembered) -> None:
        self._language = language
        self._remembered = remembered
        self._waiting: _Waiting = {}
        self._reading: asyncio.Task[None] | None = None
        # The reading task must see the database, and nothing of the request that happens to start it.
        self._context = copy_context()

    async def read(self, code: str) -> View | None:
        future: asyncio.Future[View | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(code, []).append(future)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_waiting(), context=self._context.copy())
        return await future

    def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()

    async def _read_waiting(self) -> None:
        while self._waiting:
            asked: _Waiting = {}
            try:
                # One connection for as long as somebody waits: giving it back costs a round trip, while others may come.
                async with get_connection("default").acquire_connection() as connection:
                    while self._waiting:
                        asked, self._waiting = self._waiting, {}
                        began = asyncio.get_running_loop().time()
                        self._answer(asked, await connection.fetch(_MANY[self._language], list(asked)), began)
            except Exception as error:  # noqa: BLE001 - it is handed to everybody who waits
                asked, self._waiting = asked | self._waiting, {}
                for future in _unanswered(asked.values()):
                    future.set_exception(error)

    def _answer(self, asked: _Waiting, rows: Sequence[Any], began: float) -> None:
        for code, request_id, version, head, document in rows:
            view = View(code, request_id, version, head or 0, document.encode())
            if view.current:
                self._remembered.put(view, self._language, began)
            for future in _unanswered([asked[code]]):
                future.set_result(view)
        for future in _unanswered(asked.values()):
            future.set_result(None)


def _unanswered(waiting: Iterable[list[asyncio.Future[View | None]]]) -> Iterator[asyncio.Future[View | None]]:
    """Return the futures that still wait; a caller who left has cancelled theirs."""
    return (future for futures in waiting for future in futures if not future.done())
