"""Looking a code up as fast as each engine can: plain SQL, since the ORM alone costs several times the look-up."""

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator
from contextvars import copy_context
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from postal_service.outbox.service import CHANGE
from postal_service.storage import sql
from postal_service.storage.database import Target
from postal_service.storage.listening import RESYNC
from postal_service.tracking.queries import View

_FROM_WHERE = " FROM tracking_view v LEFT JOIN change_head h ON h.subject = v.request_id WHERE v.code"
_SQLITE = f"SELECT v.request_id, v.version, h.version, v.vi, v.en{_FROM_WHERE} = ?"
# As bytes, the documents need not be turned into text and back on their way out.
_POSTGRES = (
    "SELECT v.code, v.request_id, v.version, coalesce(h.version, 0) AS head,"
    f" convert_to(v.vi, 'UTF8') AS vi, convert_to(v.en, 'UTF8') AS en{_FROM_WHERE} = ANY($1)"
)
REMEMBERED = 10_000
REMEMBERED_SECONDS = 2.0


class Reader(Protocol):
    """How stored views are looked up."""

    async def read(self, code: str) -> View | None:
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

    The read takes some ten microseconds; handing it to aiosqlite's thread and back costs several times that. It does not
    wait for anybody: with a write-ahead log a reader sees the last commit whatever the writer is doing. Every look-up
    reads the file, so there is nothing to keep fresh.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
        # The documents go out as the bytes they are.
        self._connection.text_factory = bytes

    async def read(self, code: str) -> View | None:
        """Return the stored view of a code."""
        # Fetching everything ends the statement: one left open would hold its snapshot, and with it the whole log.
        rows = self._connection.execute(_SQLITE, (code,)).fetchall()
        for request_id, version, head, vi, en in rows:
            return View(code, request_id.decode(), version, head or 0, vi, en)
        return None

    def commits(self) -> int | None:
        """Return SQLite's number for the state of the file; it differs after a commit of any other connection."""
        number: int = self._connection.execute("PRAGMA data_version").fetchall()[0][0]
        return number

    def heard(self, channel: str, subject: str) -> None:
        """Nothing is remembered, so there is nothing to forget."""

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class PostgresReader:
    """Reads all who wait in one query, one query at a time, and remembers what was read for a moment.

    A round trip costs far more than a row, so under load each carries everybody. A remembered view is forgotten at the
    signal of its request's change; were signals lost, two seconds are the longest that it is wrong.
    """

    def __init__(self) -> None:
        self._remembered = _Remembered()
        self._waiting: dict[str, list[asyncio.Future[View | None]]] = {}
        self._reading: asyncio.Task[None] | None = None
        # The reading task must see the database, and nothing of the request that happens to start it.
        self._context = copy_context()

    async def read(self, code: str) -> View | None:
        """Return the stored view of a code."""
        known = self._remembered.get(code)
        if known is not None:
            return known
        future: asyncio.Future[View | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(code, []).append(future)
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_waiting(), name="tracking look-ups", context=self._context.copy())
        return await future

    def commits(self) -> int | None:
        """PostgreSQL signals commits by itself."""
        return None

    def heard(self, channel: str, subject: str) -> None:
        """Forget what changed."""
        if channel == CHANGE:
            self._remembered.forget(subject)
        elif channel == RESYNC:
            self._remembered.clear()

    def close(self) -> None:
        """Stop reading."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read_waiting(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            self._remembered.begin()
            try:
                found = {row["code"]: View(**row) for row in await sql.fetch(_POSTGRES, list(waiting))}
            except Exception as error:  # noqa: BLE001 - it is handed to everybody who waits
                for future in _still_there(waiting.values()):
                    future.set_exception(error)
                continue
            for view in found.values():
                self._remembered.put(view)
            for code, futures in waiting.items():
                for future in _still_there([futures]):
                    future.set_result(found.get(code))


def _still_there(waiting: Iterable[list[asyncio.Future[View | None]]]) -> Iterator[asyncio.Future[View | None]]:
    """Return those whose caller has not left meanwhile."""
    return (future for futures in waiting for future in futures if not future.done())


class _Remembered:
    """The views read last, by code and by request."""

    def __init__(self) -> None:
        self._views: dict[str, tuple[float, View]] = {}
        self._code_of: dict[str, str] = {}
        self._changed: set[str] = set()

    def get(self, code: str) -> View | None:
        entry = self._views.get(code)
        return entry[1] if entry and entry[0] > asyncio.get_running_loop().time() else None

    def begin(self) -> None:
        """A reading begins: what changes from now on may be read as it was before."""
        self._changed.clear()

    def put(self, view: View) -> None:
        if view.request_id in self._changed or not view.current:
            return
        self._views.pop(view.code, None)
        if len(self._views) >= REMEMBERED:
            _, oldest = self._views.pop(next(iter(self._views)))
            self._code_of.pop(oldest.request_id, None)
        self._views[view.code] = (asyncio.get_running_loop().time() + REMEMBERED_SECONDS, view)
        self._code_of[view.request_id] = view.code

    def forget(self, request_id: str) -> None:
        self._changed.add(request_id)
        code = self._code_of.pop(request_id, None)
        if code is not None:
            self._views.pop(code, None)

    def clear(self) -> None:
        self._views.clear()
        self._code_of.clear()
