"""Putting the application together and serving it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry

from postal_service.kit.clock import Clock
from postal_service.web import docs, health, static_files
from postal_service.web.callers import Authenticator
from postal_service.web.dispatch import serving_handler
from postal_service.web.endpoints import EVENT_STREAM, Endpoint
from postal_service.web.health import Check, metrics_app
from postal_service.web.keys import METRICS, PAGES, STOPPING, TRUSTED_PROXIES
from postal_service.web.metrics import Metrics
from postal_service.web.middleware import Edge
from postal_service.web.pages import Pages, StaticFiles

SHUTDOWN_SECONDS = 20.0
_KEEP_ALIVE_SECONDS = 75.0


def build_app(
    *,
    endpoints: Iterable[Endpoint],
    authenticate: Authenticator,
    clock: Clock,
    checks: Mapping[str, Check],
    templates: Mapping[str, str],
    static: Mapping[str, Path],
    max_body_bytes: int,
    trusted_proxies: Iterable[str] = (),
    registry: CollectorRegistry | None = None,
) -> web.Application:
    """Return the application with every endpoint of the rooms and of the plumbing.

    `templates` maps a room to its package, `static` a prefix to a folder, `checks` a name to what `/readyz` looks at.
    What the application needs while it runs (database, listeners) the caller adds to its `cleanup_ctx`.
    """
    metrics = Metrics(registry or CollectorRegistry())
    trusted = frozenset(trusted_proxies)
    edge = Edge(authenticate=authenticate, metrics=metrics, clock=clock, trusted_proxies=trusted)

    app = web.Application(middlewares=[edge.handle], client_max_size=max_body_bytes)
    app[PAGES] = Pages(templates, StaticFiles(static))
    app[METRICS] = metrics
    app[STOPPING] = asyncio.Event()
    app[TRUSTED_PROXIES] = trusted
    app.on_response_prepare.append(edge.add_headers)
    app.on_shutdown.append(_tell_streams)
    served = [*endpoints, *health.endpoints(checks, metrics), *static_files.endpoints()]
    served += docs.endpoints(served)
    _register(app, edge, served, clock)
    return app


def _register(app: web.Application, edge: Edge, endpoints: Iterable[Endpoint], clock: Clock) -> None:
    for endpoint in endpoints:
        resource = app.router.add_resource(endpoint.path)
        handler = serving_handler(endpoint, clock)
        routes = [resource.add_route(endpoint.method, handler)]
        # A HEAD of a stream would wait for its end.
        if endpoint.method == "GET" and endpoint.media_type != EVENT_STREAM:
            routes.append(resource.add_route("HEAD", handler))
        edge.add(endpoint, routes)


async def _tell_streams(app: web.Application) -> None:
    app[STOPPING].set()


@asynccontextmanager
async def serving(
    app: web.Application,
    host: str,
    port: int,
    *,
    reuse_port: bool = False,
    metrics_port: int | None = None,
    shutdown_seconds: float = SHUTDOWN_SECONDS,
) -> AsyncIterator[int]:
    """Serve while the block runs; gives the port, which is a free one when `port` is 0.

    At the end no connection is accepted any more, and requests in hand get `shutdown_seconds` to finish. Enter and leave
    it in one task: what the application opens on start lives in that task's context.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown_seconds, keepalive_timeout=_KEEP_ALIVE_SECONDS)
    metrics_runner = web.AppRunner(metrics_app(app[METRICS]), access_log=None, shutdown_timeout=0)
    try:
        await runner.setup()
        site = web.TCPSite(runner, host, port, reuse_port=reuse_port or None)
        await site.start()
        if metrics_port is not None:
            await metrics_runner.setup()
            await web.TCPSite(metrics_runner, host, metrics_port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
        await metrics_runner.cleanup()


@asynccontextmanager
async def serving_metrics(metrics: Metrics, host: str, port: int) -> AsyncIterator[None]:
    """Serve `/metrics` alone while the block runs, for a process that has no other door."""
    runner = web.AppRunner(metrics_app(metrics), access_log=None, shutdown_timeout=0)
    try:
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()


async def until_told_to_stop() -> None:
    """Return at the first SIGTERM or SIGINT."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, told.set)
    try:
        await told.wait()
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def run(
    app: web.Application, host: str, port: int, *, reuse_port: bool = False, metrics_port: int | None = None
) -> None:
    """Serve until told to stop."""
    async with serving(app, host, port, reuse_port=reuse_port, metrics_port=metrics_port):
        await until_told_to_stop()
