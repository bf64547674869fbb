import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import ClientResponse, FormData, web

from postal_service.kit.problems import Problem
from postal_service.storage.database import Database
from postal_service.web.endpoints import Answer, Call, Endpoint
from postal_service.web.idempotency import KEPT_FOR, purge
from postal_service.web.models import IdempotencyRecord
from tests.web.conftest import ADMIN_KEY, WRITER_KEY, Client, HandClock, Serve, bearer
from tests.web.things import Thing


@dataclass
class Desk:
    """Makes a numbered thing a call; can be told to wait or to fail."""

    made: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None

    def __post_init__(self) -> None:
        self.open.set()

    async def make(self, call: Call[Thing]) -> Answer:
        self.made += 1
        self.entered.set()
        await self.open.wait()
        if self.failure:
            raise self.failure
        return Answer(201, {"number": self.made, "title": call.body.title})

    async def upload(self, call: Call) -> Answer:
        self.made += 1
        return Answer(201, {"number": self.made, "fields": sorted(call.form)})

    def endpoints(self) -> tuple[Endpoint, ...]:
        scope = "things:write"
        return (
            Endpoint("POST", "/things", self.make, "Make", "things", scope=scope, body=Thing),
            Endpoint("POST", "/things/{id}/more", self.make, "More", "things", scope=scope, body=Thing),
            Endpoint("POST", "/files", self.upload, "Upload", "things", scope=scope, multipart=True),
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(database: Database, serve: Serve, desk: Desk, clock: HandClock) -> Client:
    assert database
    return await serve(*desk.endpoints(), clock=clock)


async def post(
    client: Client, title: str = "x", *, key: str = "k-1", path: str = "/things", caller: str = WRITER_KEY
) -> ClientResponse:
    headers = {**bearer(caller), "Idempotency-Key": key}
    return await client.post(path, json={"title": title}, headers=headers)


async def code_of(response: ClientResponse) -> str:
    return str((await response.json(content_type=None))["code"])


async def test_the_same_request_again_gets_the_same_bytes_and_does_nothing(client: Client, desk: Desk) -> None:
    first = await post(client, "Đặng Thị Ậu")
    again = await post(client, "Đặng Thị Ậu")
    assert (first.status, again.status) == (201, 201)
    assert await first.read() == await again.read()
    assert first.content_type == again.content_type == "application/json"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert desk.made == 1


async def test_another_body_or_path_under_the_same_key_is_refused(client: Client, desk: Desk) -> None:
    await post(client)
    for response in (await post(client, "y"), await post(client, path="/things/1/more")):
        assert response.status == 422
        assert await code_of(response) == "idempotency_key_reused"
    assert desk.made == 1


async def test_two_clients_may_use_the_same_key(client: Client, desk: Desk) -> None:
    assert (await post(client)).status == (await post(client, caller=ADMIN_KEY)).status == 201
    assert desk.made == 2


async def test_without_a_key_every_request_counts(client: Client, desk: Desk) -> None:
    for _ in range(2):
        await client.post("/things", json={"title": "x"}, headers=bearer(WRITER_KEY))
    assert desk.made == 2


@pytest.mark.parametrize("key", ["", "k" * 256, "khoá"])
async def test_a_key_that_is_not_one_is_refused(client: Client, key: str) -> None:
    response = await post(client, key=key)
    assert response.status == 400
    assert await code_of(response) == "invalid_idempotency_key"


async def test_while_the_first_still_runs_the_second_is_told_so(client: Client, desk: Desk) -> None:
    desk.open.clear()
    first = asyncio.create_task(post(client))
    await desk.entered.wait()
    second = await post(client)
    assert second.status == 409
    assert await code_of(second) == "idempotency_key_running"
    desk.open.set()
    assert (await first).status == 201
    assert (await post(client)).status == 201
    assert desk.made == 1


async def test_of_many_at_once_exactly_one_is_done(client: Client, desk: Desk) -> None:
    responses = await asyncio.gather(*(post(client) for _ in range(12)))
    assert {response.status for response in responses} <= {201, 409}
    assert 201 in {response.status for response in responses}
    assert desk.made == 1


async def test_a_refusal_is_stored_like_any_answer(client: Client, desk: Desk) -> None:
    desk.failure = Problem(409, "taken", vi="Đã có.", en="Taken.")
    first, again = await post(client), await post(client)
    assert (first.status, again.status) == (409, 409)
    assert await first.read() == await again.read()
    assert again.content_type == "application/problem+json"
    assert desk.made == 1


@pytest.mark.parametrize(
    "failure", [RuntimeError("broken"), Problem(503, "down", vi="x", en="x"), Problem(429, "slow", vi="x", en="x")]
)
async def test_what_may_be_tried_again_is_not_stored(client: Client, desk: Desk, failure: Exception) -> None:
    desk.failure = failure
    assert (await post(client)).status >= 429
    desk.failure = None
    assert (await post(client)).status == 201
    assert desk.made == 2


async def test_a_crashed_request_is_taken_over_after_a_minute(client: Client, desk: Desk, clock: HandClock) -> None:
    desk.open.clear()
    first = asyncio.create_task(post(client))
    await desk.entered.wait()
    clock.forward(seconds=59)
    assert (await post(client)).status == 409
    clock.forward(seconds=1)
    desk.open.set()
    # The first was only slow: the one that took over has the word, and the late answer cannot overwrite it.
    second = await post(client)
    assert second.status == 201
    assert (await first).status == 201
    stored = await post(client)
    assert await stored.read() == await second.read()


async def test_a_form_is_compared_by_its_fields_and_not_its_boundary(client: Client, desk: Desk) -> None:
    async def upload(content: bytes) -> ClientResponse:
        form = FormData({"period": "2026-03"})
        form.add_field("file", content, filename="statement.csv", content_type="text/csv")
        return await client.post("/files", data=form, headers={**bearer(WRITER_KEY), "Idempotency-Key": "f"})

    first, again, other = await upload(b"a;b"), await upload(b"a;b"), await upload(b"a;c")
    assert (first.status, again.status, other.status) == (201, 201, 422)
    assert await first.json() == await again.json() == {"number": 1, "fields": ["file", "period"]}
    assert desk.made == 1


async def test_answers_are_forgotten_after_a_day(client: Client, clock: HandClock) -> None:
    await post(client, key="old")
    clock.forward(hours=20)
    await post(client, key="new")
    clock.forward(hours=5)
    assert await purge(clock() - KEPT_FOR) == 1
    assert [record.key for record in await IdempotencyRecord.all()] == ["new"]
    assert timedelta(hours=24) == KEPT_FOR


async def test_a_form_that_cannot_be_read_is_a_refusal(client: Client) -> None:
    headers = {**bearer(WRITER_KEY), "Content-Type": "multipart/form-data; boundary=b"}
    response = await client.post("/files", data=b"no form at all", headers=headers)
    assert response.status == 400
    assert (await client.post("/files", json={}, headers=bearer(WRITER_KEY))).status == 415


async def test_a_stream_is_passed_through(serve: Serve, database: Database) -> None:
    assert database

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"part")
        return response

    client = await serve(Endpoint("POST", "/stream", stream, "Stream", "things", scope="things:write", raw=True))
    for _ in range(2):
        response = await client.post("/stream", headers={**bearer(WRITER_KEY), "Idempotency-Key": "s"})
        assert await response.read() == b"part"
