"""From a carrier's hook to the SMS leaving: the hook is taken in, the carrier asked, the citizen told.

The carrier (the simulator) and the SMS provider (a peer that speaks Twilio's API) are in this process, the program in its
own. A hook's time begins when the carrier sends it and ends when the request for the SMS has arrived at the provider.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web

from carriers.simulator.engine import Engine
from carriers.simulator.journeys import Profile, Step
from carriers.simulator.keys import KeyFiles, make_key_pair, signer_from
from carriers.simulator.vnpost_face import VNPostFace
from postal_service.kit.clock import system_clock
from tests.bench.bench import Bench, say
from tests.bench.hooks import PATH
from tests.bench.load import HOST
from tests.bench.program import make_ready, serving, vnpost
from tests.bench.table import Figure, below, percentile
from tests.peers.twilio import TwilioPeer
from tests.world import a_request

HOOKS_A_SECOND = 50
SHIPMENTS = 500
GOAL_SECONDS = 1.0
_SENDER = "+15005550006"
_SECONDS_TO_THE_DOOR = 4.0
_BEFORE_THE_HOOK = 2
"""SMS each citizen had already: filed, and a worker named."""
_PATIENCE_SECONDS = 240.0


def measure(bench: Bench) -> Iterator[Figure]:
    """Measure the 99th percentile at fifty hooks a second."""
    for engine in bench.engines:
        say(f"hook to SMS on {engine}")
        url = bench.new_database(engine, "telling")
        key = make_ready(url)
        delays = asyncio.run(_measure(bench, url, key))
        worst = percentile(delays, 99)
        yield Figure(
            name=f"hook to SMS request, p99 at {HOOKS_A_SECOND} hooks a second",
            engine=engine,
            value=worst,
            unit="s",
            limit_or_peer=f"median {percentile(delays, 50):.2f} s of {len(delays)}",
            **below(GOAL_SECONDS, worst, "s"),
        )


class _Sink(TwilioPeer):
    """Notes when each SMS came."""

    def __init__(self) -> None:
        super().__init__()
        self.came: defaultdict[str, list[float]] = defaultdict(list)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        now = time.perf_counter()
        answer = await super()._create(request)
        recipient = str((await request.post())["To"])
        self.came[recipient].append(now)
        return answer

    async def has_told_each(self, times: int) -> None:
        """Return once every citizen has got so many SMS."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(self.came) < SHIPMENTS or min(map(len, self.came.values())) < times:  # noqa: ASYNC110 - a peer polled
                await asyncio.sleep(0.1)


class _Carrier:
    """The simulated carrier, whose hooks are sent at the pace that is measured."""

    def __init__(self, keys: KeyFiles) -> None:
        self._engine = Engine(Profile(journeys={"direct": 1.0}), seed=1, clock=system_clock)
        self._face = VNPostFace(self._engine, clock=system_clock, sign=signer_from(keys.public))

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[str]:
        """Answer the program's calls while the block runs; gives the address."""
        app = web.Application()
        app.add_routes(self._face.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, 0).start()
            yield f"http://{HOST}:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    def go_to_the_doors(self) -> None:
        """Let every order come to where the next step is the collection."""
        for order in self._engine.orders:
            while order.script[len(order.happened)] is not Step.PICKED_UP:
                self._engine.advance(order)

    async def collect(self, hook_url: str) -> dict[str, float]:
        """Collect one order after the other and send a hook about each; returns when each was sent, by phone."""
        sent: dict[str, float] = {}
        began = time.perf_counter()
        async with ClientSession() as session, asyncio.TaskGroup() as group:
            for number, order in enumerate(self._engine.orders):
                await asyncio.sleep(began + number / HOOKS_A_SECOND - time.perf_counter())
                happening = self._engine.advance(order)
                assert happening is not None
                sent["+84" + order.details["senderPhone"][1:]] = time.perf_counter()
                group.create_task(_send(session, hook_url, self._face.hook(order, happening)))
        return sent


async def _measure(bench: Bench, url: str, key: str) -> list[float]:
    keys = make_key_pair(bench.folder / f"telling-{url.partition(':')[0]}")
    carrier = _Carrier(keys)
    async with _Sink() as sink, carrier.answering() as carrier_url:
        settings = vnpost(keys, "rsa_decrypt", carrier_url) | {
            "POSTAL_TWILIO__ACCOUNT_SID": sink.account_sid,
            "POSTAL_TWILIO__AUTH_TOKEN": sink.auth_token,
            "POSTAL_TWILIO__FROM_NUMBER": _SENDER,
            "POSTAL_TWILIO__BASE_URL": sink.base_url,
            "POSTAL_MESSAGING__GUEST_LIST": '["*"]',
        }
        with serving(url, bench.folder / "telling.log", role="all", settings=settings) as program:
            address = f"http://{HOST}:{program.port}"
            await _file(address, key)
            await sink.has_told_each(_BEFORE_THE_HOOK)
            carrier.go_to_the_doors()
            # The carrier writes whole seconds, one for each step: let them pass.
            await asyncio.sleep(_SECONDS_TO_THE_DOOR)
            sent = await carrier.collect(address + PATH)
            await sink.has_told_each(_BEFORE_THE_HOOK + 1)
            return [sink.came[phone][_BEFORE_THE_HOOK] - at for phone, at in sent.items()]


async def _file(address: str, key: str) -> None:
    async with ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        for number in range(SHIPMENTS):
            body = a_request(external_id=f"TELLING-{number}", consent={"sms": True, "email": False, "version": "2026-01"})
            async with session.post(f"{address}/api/v1/requests", json=body) as answer:
                answer.raise_for_status()


async def _send(session: ClientSession, url: str, body: bytes) -> None:
    async with session.post(url, data=body, headers={"Content-Type": "application/json"}) as answer:
        answer.raise_for_status()
