"""Is the process alive, is it ready, what does it count."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

from postal_service.web.callers import ADMIN_SCOPE
from postal_service.web.endpoints import Answer, Call, Endpoint, RawHandler
from postal_service.web.metrics import MEDIA_TYPE, Metrics

log = structlog.get_logger("postal.web.health")

Check = Callable[[], Awaitable[None]]
"""Raises when the thing it looks at is not fit for serving."""

_CHECK_SECONDS = 2.0
_TAG = "health"


def endpoints(checks: Mapping[str, Check], metrics: Metrics) -> list[Endpoint]:
    """Return `/healthz`, `/readyz` and `/metrics`."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(body=b'{"status":"ok"}', content_type="application/json")

    async def readyz(_call: Call) -> Answer:
        outcomes = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
        failing = [name for name, passed in zip(checks, outcomes, strict=True) if not passed]
        return Answer(503 if failing else 200, {"status": "unavailable" if failing else "ok", "failing": failing})

    return [
        Endpoint("GET", "/healthz", healthz, "The process answers", _TAG, raw=True, quiet=True),
        Endpoint("GET", "/readyz", readyz, "What serving needs is there", _TAG, answers={200: None, 503: None}, quiet=True),
        Endpoint(
            "GET",
            "/metrics",
            _showing(metrics),
            "Metrics for Prometheus",
            _TAG,
            scope=ADMIN_SCOPE,
            media_type="text/plain",
            raw=True,
        ),
    ]


def metrics_app(metrics: Metrics) -> web.Application:
    """Return an application with `/metrics` alone, for a port that only the inside can reach."""
    app = web.Application()
    app.router.add_get("/metrics", _showing(metrics))
    return app


def _showing(metrics: Metrics) -> RawHandler:
    async def show_metrics(_request: web.Request) -> web.Response:
        return web.Response(body=metrics.render(), headers={"Content-Type": MEDIA_TYPE})

    return show_metrics


async def _passes(name: str, check: Check) -> bool:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except Exception:
        log.warning("not_ready", check=name, exc_info=True)
        return False
    return True
