"""Server-sent events: what is new is sent once, and whoever comes back gets only what they have not seen."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientResponse

from carriers.status import Leg, Status
from postal_service.kit.ids import new_tracking_code
from postal_service.storage.listening import RESYNC
from postal_service.storage.transactions import tell
from postal_service.tracking import stream
from postal_service.tracking.live import Hub
from postal_service.web.keys import STOPPING
from tests.tracking.conftest import Client, House
from tests.tracking.telling import event, leg, story
from tests.tracking.test_looking_up import commit_elsewhere

PICKED_UP = leg(Leg.PICKUP, event(Status.PICKED_UP, 1))
IN_TRANSIT = leg(Leg.PICKUP, event(Status.PICKED_UP, 1), event(Status.IN_TRANSIT, 2))


@dataclass
class Stream:
    """An open page, as a browser reads it."""

    response: ClientResponse

    async def block(self) -> list[str]:
        lines = []
        while (line := (await self.response.content.readline()).decode()) not in {"\n", ""}:
            lines.append(line.rstrip("\n"))
        return lines

    async def event(self) -> tuple[int, dict[str, Any]]:
        while True:
            lines = await self.block()
            assert lines, "the stream has ended"
            if lines[0].startswith("id: "):
                assert lines[1] == "event: tracking"
                return int(lines[0][4:]), json.loads(lines[2].removeprefix("data: "))


@asynccontextmanager
async def opened(client: Client, code: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Stream]:
    async with client.get(f"/t/{code}/live", headers=headers) as response:
        assert response.status == 200
        page = Stream(response)
        assert await page.block() == ["retry: 2000"]
        yield page


async def test_a_page_that_opens_gets_what_there_is_and_then_every_change(house: House, client: Client) -> None:
    told = house.desk.put(story())
    async with opened(client, told.tracking_code) as page:
        assert page.response.headers["Cache-Control"] == "no-cache, no-transform"
        assert page.response.content_type == "text/event-stream"
        version, shown = await page.event()
        assert (version, shown["status"]) == (0, "filed")
        for shipment, status in ((PICKED_UP, "picked_up"), (IN_TRANSIT, "in_transit")):
            house.desk.put(told, shipment)
            await house.touch(told.request_id)
            version, shown = await page.event()
            assert shown["status"] == status
        assert version == 2


async def test_the_stream_speaks_the_pages_language(house: House, client: Client) -> None:
    told = house.desk.put(story())
    async with client.get(f"/t/{told.tracking_code}/live?lang=en") as response:
        _, shown = await Stream(response).event()
    assert shown["status_text"] == "Your online request has been filed"


async def test_who_has_seen_the_latest_gets_nothing_until_there_is_more(house: House, client: Client) -> None:
    told = house.desk.put(story(), PICKED_UP)
    await house.touch(told.request_id)
    async with opened(client, told.tracking_code, {"Last-Event-ID": "1"}) as page:
        assert await page.block() == [": ping"]
        house.desk.put(told, IN_TRANSIT)
        await house.touch(told.request_id)
        assert (await page.event())[0] == 2


@pytest.mark.parametrize("seen", ["0", "nonsense", "99999999999999999999", "7", "-1"])
async def test_who_has_seen_less_or_something_else_gets_the_latest(house: House, client: Client, seen: str) -> None:
    told = house.desk.put(story(), PICKED_UP)
    await house.touch(told.request_id)
    async with opened(client, told.tracking_code, {"Last-Event-ID": seen}) as page:
        assert (await page.event())[0] == 1


async def test_a_change_of_another_process_reaches_the_page(house: House, client: Client, database_url: str) -> None:
    told = house.desk.put(story())
    async with opened(client, told.tracking_code) as page:
        await page.event()
        house.desk.put(told, PICKED_UP)
        await commit_elsewhere(database_url, told.request_id)
        assert (await page.event())[1]["status"] == "picked_up"


async def test_a_change_nobody_heard_of_is_found_after_the_connection_is_back(house: House) -> None:
    told = house.desk.put(story())
    versions = {told.request_id: 1}

    async def present(_subjects: object) -> Mapping[str, int]:
        return versions

    hub = Hub(lambda: None, present)
    async with hub.running(asyncio.Event()):
        with hub.subscribed(told.request_id) as subscription:
            for version in (1, 2):
                versions[told.request_id] = version
                tell(RESYNC, "")
                await subscription.wait(60)


async def test_of_many_changes_at_once_a_busy_page_gets_the_latest(house: House) -> None:
    told = house.desk.put(story())
    async with house.hub.running(asyncio.Event()):
        with house.hub.subscribed(told.request_id) as subscription:
            for _ in range(50):
                await house.touch(told.request_id)
            await subscription.wait(60)
            view = await house.tracking.view(told.tracking_code, "vi")
            assert view is not None
            assert view.version == 50


async def test_quiet_streams_are_kept_open_by_pings(house: House, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PING_SECONDS", 0.01)
    told = house.desk.put(story())
    async with opened(client, told.tracking_code) as page:
        await page.event()
        assert [await page.block() for _ in range(3)] == [[": ping"]] * 3


async def test_a_stream_ends_after_its_time(house: House, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "STREAM_SECONDS", 0.0)
    told = house.desk.put(story())
    async with opened(client, told.tracking_code) as page:
        await page.event()
        assert await page.response.content.read() == b""


async def test_open_streams_end_when_the_server_stops(house: House, client: Client) -> None:
    told = house.desk.put(story())
    async with opened(client, told.tracking_code) as page:
        await page.event()
        assert client.app is not None
        client.app[STOPPING].set()
        rest = await page.response.content.read()
        assert b"event:" not in rest
        assert page.response.content.at_eof()


async def test_a_client_that_takes_nothing_is_let_go(house: House, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "WRITE_SECONDS", 0.05)
    told = house.desk.put(story(agency_phone="9" * 20_000_000))
    async with client.get(f"/t/{told.tracking_code}/live") as response:
        await left(house, told.request_id)
        with pytest.raises(Exception, match=r"payload|closed|reset"):
            await response.read()


async def left(house: House, request_id: str, *, touching: bool = False) -> None:
    """Return once no stream of the request is open any more; a closed connection is noticed when something is sent."""
    while request_id in house.hub._waiting:
        if touching:
            await house.touch(request_id)
        await asyncio.sleep(0)


async def test_nobody_waits_any_more_once_the_page_is_closed(house: House, client: Client) -> None:
    told = house.desk.put(story())
    async with opened(client, told.tracking_code) as page:
        await page.event()
        assert told.request_id in house.hub._waiting
        page.response.close()
    await left(house, told.request_id, touching=True)


async def test_an_unknown_code_has_no_stream(client: Client) -> None:
    response = await client.get(f"/t/{new_tracking_code()}/live")
    assert response.status == 404
    assert response.content_type == "application/problem+json"
