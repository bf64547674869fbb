import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from carriers.errors import CarrierError, CredentialsBad, MalformedAnswer, OutcomeUnknown, Refused, TryLater
from carriers.http import Answer, CarrierHttp

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Calls = list[tuple[str, str, str]]


class Carrier:
    """A server that answers as it is told, and the wrapper that calls it."""

    def __init__(self) -> None:
        self.answer: Handler = self.fine
        self.observed: Calls = []
        self.http: CarrierHttp

    async def fine(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    def says(self, status: int, **headers: str) -> None:
        async def answer(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers=headers)

        self.answer = answer

    async def call(self, *, safe: bool, read: Callable[[Answer], object] = lambda answer: answer) -> object:
        return await self.http.call("Call", "POST", "/call", safe=safe, read=read, json={})

    async def fails(self, *, safe: bool, read: Callable[[Answer], object] = lambda answer: answer) -> CarrierError:
        with pytest.raises(CarrierError) as error:
            await self.call(safe=safe, read=read)
        return error.value


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    carrier = Carrier()
    app = web.Application()

    async def answer(request: web.Request) -> web.StreamResponse:
        return await carrier.answer(request)

    app.router.add_post("/call", answer)
    async with TestServer(app) as server:
        carrier.http = CarrierHttp(
            "vnpost",
            str(server.make_url("")),
            timeout_seconds=0.2,
            max_concurrency=2,
            observe=lambda name, call, outcome, _seconds: carrier.observed.append((name, call, outcome)),
        )
        yield carrier
        await carrier.http.close()


async def cut(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def silent(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


@pytest.mark.parametrize("way", [cut, silent])
async def test_silence_leaves_a_change_unknown_and_a_read_to_be_made_again(carrier: Carrier, way: Handler) -> None:
    carrier.answer = way
    assert isinstance(await carrier.fails(safe=False), OutcomeUnknown)
    assert isinstance(await carrier.fails(safe=True), TryLater)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 302, 408])
async def test_an_answer_that_says_nothing_about_the_request_counts_as_silence(carrier: Carrier, status: int) -> None:
    carrier.says(status)
    assert isinstance(await carrier.fails(safe=False), OutcomeUnknown)
    assert isinstance(await carrier.fails(safe=True), TryLater)


async def test_an_unreadable_answer_leaves_a_change_unknown(carrier: Carrier) -> None:
    def read(_answer: Answer) -> None:
        raise MalformedAnswer("?")

    assert isinstance(await carrier.fails(safe=False, read=read), OutcomeUnknown)
    assert isinstance(await carrier.fails(safe=True, read=read), MalformedAnswer)


async def test_what_was_never_sent_was_never_done() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        http = CarrierHttp("vnpost", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(TryLater):
            await http.call("Create", "POST", "/", safe=False, read=lambda answer: answer)
        await http.close()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Wed, 14 Oct 2026 09:00:30 GMT", "Date": "Wed, 14 Oct 2026 09:00:00 GMT"}, 30.0),
    ],
)
async def test_too_many_calls_is_later_even_for_a_change(
    carrier: Carrier, headers: dict[str, str], seconds: float | None
) -> None:
    carrier.says(429, **headers)
    error = await carrier.fails(safe=False)
    assert isinstance(error, TryLater)
    assert error.retry_after == seconds


@pytest.mark.parametrize("status", [401, 403])
async def test_not_being_known_is_for_the_adapter_to_mend(carrier: Carrier, status: int) -> None:
    carrier.says(status)
    assert isinstance(await carrier.fails(safe=False), CredentialsBad)


@pytest.mark.parametrize("status", [200, 201, 400, 404, 422])
async def test_the_carriers_word_on_this_request_goes_to_the_reader(carrier: Carrier, status: int) -> None:
    carrier.says(status)
    assert await carrier.call(safe=False) == Answer(status, b"")


async def test_every_call_is_observed_once_with_its_outcome(carrier: Carrier) -> None:
    def refuse(_answer: Answer) -> None:
        raise Refused("no")

    await carrier.call(safe=True)
    await carrier.fails(safe=True, read=refuse)
    carrier.says(500)
    await carrier.fails(safe=False)
    await carrier.fails(safe=True)
    assert [outcome for _, _, outcome in carrier.observed] == ["ok", "refused", "outcome_unknown", "try_later"]
    assert {(name, call) for name, call, _ in carrier.observed} == {("vnpost", "Call")}


async def test_no_more_calls_than_agreed_run_at_a_time(carrier: Carrier) -> None:
    running, most = 0, 0

    async def count(_request: web.Request) -> web.StreamResponse:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return web.Response()

    carrier.answer = count
    await asyncio.gather(*(carrier.call(safe=True) for _ in range(20)))
    assert most <= 2


async def test_a_change_cannot_be_a_get_that_the_library_would_send_again(carrier: Carrier) -> None:
    with pytest.raises(ValueError, match="GET"):
        await carrier.http.call("Create", "GET", "/call", safe=False, read=lambda answer: answer)


@pytest.mark.parametrize("legacy", [False, True])
async def test_certificates_are_verified_with_old_servers_too(legacy: bool) -> None:
    http = CarrierHttp("vnpost", "https://carrier.example", legacy_tls=legacy)
    assert http._tls.check_hostname
    assert http._tls.verify_mode.name == "CERT_REQUIRED"
    assert bool(http._tls.options & 0x4) is legacy
    await http.close()
