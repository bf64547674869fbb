import asyncio
import os
import signal

from aiohttp import ClientConnectorError, ClientSession, web

from postal_service.web.endpoints import Answer, Call, Endpoint
from postal_service.web.keys import STOPPING
from postal_service.web.server import run, serving, until_told_to_stop
from tests.web.conftest import make_app


class SlowDesk:
    """A handler in the middle of its work."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()

    async def work(self, _call: Call) -> Answer:
        self.entered.set()
        await self.go_on.wait()
        return Answer(body={"done": True})

    def endpoint(self) -> Endpoint:
        return Endpoint("GET", "/slow", self.work, "Slow", "things")


async def test_a_request_in_hand_is_finished_and_no_new_one_taken(unused_tcp_port: int) -> None:
    desk = SlowDesk()
    app = make_app([desk.endpoint()])
    base = f"http://127.0.0.1:{unused_tcp_port}"
    stopping = app[STOPPING]
    server = asyncio.create_task(run(app, "127.0.0.1", unused_tcp_port))
    async with ClientSession() as session:
        while True:
            try:
                in_hand = asyncio.create_task(session.get(f"{base}/slow"))
                await asyncio.wait([in_hand, asyncio.create_task(desk.entered.wait())], return_when="FIRST_COMPLETED")
                if desk.entered.is_set():
                    break
                await in_hand
            except ClientConnectorError:
                continue
        os.kill(os.getpid(), signal.SIGTERM)
        await stopping.wait()
        try:
            async with ClientSession() as other, other.get(f"{base}/healthz"):
                refused = False
        except ClientConnectorError:
            refused = True
        desk.go_on.set()
        response = await in_hand
        assert await response.json() == {"done": True}
    await server
    assert refused


async def test_a_live_stream_ends_itself_when_the_server_stops() -> None:
    ended = asyncio.Event()

    async def live(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await request.app[STOPPING].wait()
        ended.set()
        return response

    endpoint = Endpoint("GET", "/live", live, "Live", "things", media_type="text/event-stream", raw=True)
    async with ClientSession() as session:
        async with serving(make_app([endpoint]), "127.0.0.1", 0) as port:
            response = await session.get(f"http://127.0.0.1:{port}/live")
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers["X-Request-Id"]
        assert ended.is_set()
        response.close()


async def test_two_processes_may_share_a_port(unused_tcp_port: int) -> None:
    async with (
        serving(make_app([]), "127.0.0.1", unused_tcp_port, reuse_port=True),
        serving(make_app([]), "127.0.0.1", unused_tcp_port, reuse_port=True) as port,
    ):
        assert port == unused_tcp_port


async def test_interrupt_stops_as_well() -> None:
    waiting = asyncio.create_task(until_told_to_stop())
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGINT)
    await waiting
