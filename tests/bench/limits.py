"""What the parts can do by themselves: a bare aiohttp handler, and rows committed one by one through the same driver."""

import asyncio
import multiprocessing
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import aiosqlite
import asyncpg
import uvloop
from aiohttp import web

from tests.bench.load import HOST

_ROW = b'{"data": [{"itemCode": "EB000000000VN", "status": 6}]}' * 8
_NEVER_READ = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def bare_server(body: bytes) -> Iterator[int]:
    """Run a process in which aiohttp answers GET with `body` and POST (having read it) with `{}`; gives its port."""
    with _process(_serve_bare, body) as port:
        yield port


@contextmanager
def answering_blindly() -> Iterator[int]:
    """Run a process that answers whatever comes without reading it: the load finds its own end here."""
    with _process(_serve_blindly, b"") as port:
        yield port


async def sqlite_commits(path: Path, seconds: float) -> float:
    """Return how many rows a second aiosqlite commits one by one, durably (WAL, synchronous=FULL)."""
    # A table that grew would be another limit in each turn.
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=FULL")
        await connection.execute("DROP TABLE IF EXISTS row")
        await connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB)")
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            count += 1
            await connection.execute("INSERT INTO row VALUES (?, ?)", (count, _ROW))
    return count / seconds


async def postgres_commits(url: str, seconds: float) -> float:
    """Return how many rows a second asyncpg commits one by one on one connection (synchronous_commit=on)."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DROP TABLE IF EXISTS bench_row")
        await connection.execute("CREATE TABLE bench_row (id bigint PRIMARY KEY, body bytea)")
        insert = await connection.prepare("INSERT INTO bench_row VALUES ($1, $2)")
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            count += 1
            await insert.fetch(count, _ROW)
    finally:
        await connection.close()
    return count / seconds


@contextmanager
def _process(serve: object, body: bytes) -> Iterator[int]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, body), daemon=True)  # type: ignore[arg-type]  # any callable
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _serve_bare(ready: "Connection[int, None]", body: bytes) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=b"{}", content_type="application/json")

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/", answer)
        app.router.add_post("/", take)
        async with _running(app) as port:
            ready.send(port)
            await asyncio.Event().wait()

    uvloop.run(serve())


@asynccontextmanager
async def _running(app: web.Application) -> AsyncIterator[int]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class _Blind(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have asyncio's methods, but not its classes.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        del data
        self._transport.write(_NEVER_READ)


def _serve_blindly(ready: "Connection[int, None]", _body: bytes) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Blind, HOST, 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(serve())
