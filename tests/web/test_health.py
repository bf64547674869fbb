from aiohttp import ClientSession

from postal_service.web.server import serving
from tests.web.conftest import ADMIN_KEY, Serve, bearer, make_app
from tests.web.things import THINGS


async def fine() -> None:
    """Nothing is wrong."""


async def broken() -> None:
    raise RuntimeError("the database is at 10.0.0.5")


async def test_the_process_says_it_is_alive(serve: Serve) -> None:
    response = await (await serve(checks={"database": broken})).get("/healthz")
    assert response.status == 200
    assert await response.json() == {"status": "ok"}


async def test_ready_when_every_check_passes(serve: Serve) -> None:
    response = await (await serve(checks={"database": fine, "migrations": fine})).get("/readyz")
    assert response.status == 200
    assert await response.json() == {"status": "ok", "failing": []}


async def test_not_ready_names_what_fails_and_nothing_more(serve: Serve) -> None:
    response = await (await serve(checks={"database": broken, "migrations": fine})).get("/readyz")
    assert response.status == 503
    assert await response.json() == {"status": "unavailable", "failing": ["database"]}


async def test_metrics_count_by_route_template_and_never_by_code(serve: Serve) -> None:
    client = await serve(*THINGS)
    for code in ("AAAA", "BBBB"):
        await client.get(f"/t/{code}")
    await client.get("/api/v1/breaks")
    await client.get("/nobody/knows/CCCC")
    text = await (await client.get("/metrics", headers=bearer(ADMIN_KEY))).text()
    assert 'postal_http_requests_total{method="GET",route="/t/{code}",status="2xx"} 2.0' in text
    assert 'postal_http_requests_total{method="GET",route="/api/v1/breaks",status="5xx"} 1.0' in text
    assert 'postal_http_requests_total{method="-",route="unknown",status="4xx"} 1.0' in text
    assert 'postal_http_request_seconds_count{method="GET",route="/t/{code}"} 2.0' in text
    assert not any(code in text for code in ("AAAA", "BBBB", "CCCC"))


async def test_metrics_on_their_own_port_need_no_key(unused_tcp_port: int) -> None:
    async with (
        serving(make_app(THINGS), "127.0.0.1", 0, metrics_port=unused_tcp_port) as port,
        ClientSession() as session,
    ):
        async with session.get(f"http://127.0.0.1:{port}/healthz") as alive:
            assert alive.status == 200
        async with session.get(f"http://127.0.0.1:{unused_tcp_port}/metrics") as response:
            assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert 'route="/healthz",status="2xx"} 1.0' in await response.text()
