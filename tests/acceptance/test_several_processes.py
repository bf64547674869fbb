"""Two that serve and two that work, on one PostgreSQL."""

import json
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import TestServer, unused_port
from aiohttp.typedefs import Handler

from carriers.simulator.keys import make_key_pair
from carriers.simulator.server import make_app
from tests.faults.prepared import Look, looking, prepare
from tests.faults.processes import Process, eventually
from tests.faults.town import peers, settings
from tests.peers.smtp import SmtpPeer
from tests.peers.twilio import Behaviour, TwilioPeer
from tests.world import a_request

REQUESTS = 12
SENDERS = ("+15005550006", "+15005550007")
FREE_AGAIN_SECONDS = 15
SLACK_SECONDS = 10
SHUTDOWN_SECONDS = 20


@dataclass(slots=True)
class House:
    """The processes and their peers. Each that works sends its SMS from a number of its own."""

    web: Sequence[Process]
    portals: Sequence[ClientSession]
    """One to each that serves."""
    jobs: dict[str, Process]
    carrier: ClientSession
    twilio: TwilioPeer
    mail: SmtpPeer
    look: Look
    sms_taken: Callable[[], None]
    """Called when Twilio has taken an SMS and nobody has heard so."""

    async def file(self, number: int) -> dict[str, Any]:
        """File a request with one of those that serve."""
        return await self.post(number % 2, "/api/v1/requests", a_request())

    async def post(self, server: int, path: str, body: Any) -> dict[str, Any]:
        async with self.portals[server].post(path, json=body) as answer:
            document: dict[str, Any] = await answer.json()
            assert answer.ok, document
            return document

    async def until(self, query: str, value: Any, *, within: float = 60) -> None:
        """Return when the query's one value is this."""

        async def holds() -> bool:
            rows = await self.look(query)
            return bool(rows) and rows[0][0] == value

        await eventually(holds, within=within)

    async def until_told(self, times: int) -> None:
        """Return when so many messages were sent, and there is nothing else to do."""
        await self.until("SELECT count(*) FROM message WHERE state = 'sent'", times)
        await self.until("SELECT count(*) FROM outbox_job WHERE state IN ('ready', 'running')", 0)


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    prepared = await prepare(database_url)
    keys = make_key_pair(tmp_path)
    ports = unused_port(), unused_port()
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    twilio = TwilioPeer()

    @web.middleware
    async def tell(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if request.method == "POST":
            opened.sms_taken()
        return answer

    twilio._runner.app.middlewares.append(tell)
    simulator = TestServer(make_app("vnpost", hook_url=f"{urls[0]}/hooks/carriers/vnpost", key_file=keys.public))
    async with AsyncExitStack() as stack:
        mail = await stack.enter_async_context(SmtpPeer(tmp_path))
        await stack.enter_async_context(twilio)
        await stack.enter_async_context(simulator)
        environment = settings(database_url, urls[0]) | peers(str(simulator.make_url("/")), keys, twilio, mail)

        def process(name: str, *arguments: str, **more: str) -> Process:
            made = Process(["serve", *arguments], environment | more, tmp_path / name)
            stack.callback(made.close)
            made.start()
            return made

        headers = {"Authorization": f"Bearer {prepared.key}"}
        opened = House(
            web=[process(f"web{port}", "--role", "web", "--port", str(port)) for port in ports],
            portals=[await stack.enter_async_context(ClientSession(url, headers=headers)) for url in urls],
            jobs={
                number: process(f"jobs{number}", "--role", "jobs", POSTAL_TWILIO__FROM_NUMBER=number) for number in SENDERS
            },
            carrier=await stack.enter_async_context(ClientSession(simulator.make_url("/"))),
            twilio=twilio,
            mail=mail,
            look=await stack.enter_async_context(looking(database_url)),
            sms_taken=lambda: None,
        )
        for each in (*opened.web, *opened.jobs.values()):
            await each.ready()
        yield opened


async def test_of_two_that_work_each_thing_is_done_once_and_told_once(house: House) -> None:
    for number in range(REQUESTS):
        await house.file(number)
    # "Filed" and "a worker is coming", by SMS and by e-mail.
    await house.until_told(REQUESTS * 4)
    async with house.carrier.get("/_sim/stats") as answer:
        stats = await answer.json()
    assert (stats["orders"], stats["double_references"]) == (REQUESTS, [])
    assert set(Counter(sms.body for sms in house.twilio.messages).values()) == {1}
    assert len(house.twilio.messages) == len(house.mail.mails) == REQUESTS * 2
    assert set(Counter(mail.parsed["Message-ID"] for mail in house.mail.mails).values()) == {1}


async def test_a_change_made_through_one_reaches_a_page_open_on_the_other(house: House) -> None:
    request = await house.file(0)
    async with house.portals[1].get(f"/t/{request['tracking_code']}/live") as page:
        while (await shown(page))["status"] != "pickup_assigned":
            pass
        await house.post(0, f"/api/v1/requests/{request['id']}/accept", {"dossier_code": "H26.14-261123-0001"})
        while "accepted" not in [entry["status"] for entry in (await shown(page))["timeline"]]:
            pass


async def test_work_of_a_process_that_is_killed_is_taken_over_in_time_and_not_done_again(house: House) -> None:
    killed: list[str] = []

    def kill_sender() -> None:
        if not killed:
            killed.append(house.twilio.messages[-1].sender)
            house.jobs[killed[0]].kill()

    house.sms_taken = kill_sender
    request = await house.file(0)

    async def dead() -> bool:
        return bool(killed)

    await eventually(dead, within=30)
    assert await house.jobs[killed[0]].ended() == -signal.SIGKILL
    taken = house.twilio.messages[0]
    # Its e-mails may have been in the middle of being sent as well, and then nobody can know.
    await house.until(
        f"SELECT count(*) FROM message WHERE request_id = '{request['id']}' AND channel = 'sms' AND state = 'sent'",
        2,
        within=FREE_AGAIN_SECONDS + SLACK_SECONDS,
    )
    assert [sms.body for sms in house.twilio.messages].count(taken.body) == 1
    assert len(house.twilio.messages) == 2


async def test_who_is_asked_to_stop_finishes_what_is_in_hand_and_leaves_the_rest(house: House) -> None:
    house.twilio.default = Behaviour("slow", seconds=1)
    for number in range(REQUESTS):
        await house.file(number)

    async def in_hand() -> bool:
        return house.twilio.requests > 0

    await eventually(in_hand, within=30)
    everybody = (*house.web, *house.jobs.values())
    for process in everybody:
        process.terminate()
    assert [await process.ended(within=SHUTDOWN_SECONDS + SLACK_SECONDS) for process in everybody] == [0] * 4
    assert await house.look("SELECT count(*) FROM outbox_job WHERE state = 'running'") == [(0,)]
    sent = await house.look("SELECT text FROM message WHERE channel = 'sms' AND state = 'sent'")
    assert Counter(sms.body for sms in house.twilio.messages) == Counter(text for (text,) in sent)
    for process in everybody:
        process.start()
    await house.until_told(REQUESTS * 4)
    assert len(house.twilio.messages) == REQUESTS * 2


async def shown(page: ClientResponse) -> dict[str, Any]:
    """Return the next document that an open page gets."""
    while not (line := await page.content.readline()).startswith(b"data: "):
        assert line, "the stream has ended"
    document: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
    return document
