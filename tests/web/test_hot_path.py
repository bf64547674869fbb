import time

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from postal_service.web.endpoints import Endpoint
from tests.web.conftest import make_app

_REQUESTS = 400


async def _look(_request: web.Request) -> web.Response:
    return web.Response(body=b'{"status":"delivered"}', content_type="application/json")


async def _microseconds(app: web.Application) -> tuple[float, bytes]:
    """The tenth percentile over keep-alive requests, which other work on the machine disturbs least."""
    took = []
    async with TestClient(TestServer(app)) as client:
        for _ in range(_REQUESTS):
            started = time.perf_counter()
            body = await (await client.get("/t/7K2M-9QXA-4T1C")).read()
            took.append(time.perf_counter() - started)
    return sorted(took)[_REQUESTS // 10] * 1e6, body


async def test_what_the_outer_layer_costs_a_hot_request(capsys: pytest.CaptureFixture[str]) -> None:
    bare = web.Application()
    bare.router.add_get("/t/{code}", _look)
    limit, bare_body = await _microseconds(bare)
    ours, body = await _microseconds(make_app([Endpoint("GET", "/t/{code}", _look, "x", "x", raw=True, quiet=True)]))
    with capsys.disabled():
        print(f"\nround trip: bare {limit:.0f} µs, with the outer layer {ours:.0f} µs (+{ours - limit:.0f})")  # noqa: T201
    assert body == bare_body
