"""A carrier's rough days: many shipments, hooks over real HTTP, and what has to be true at the end.

The program runs as in production (its own loops, its own web server) beside the simulated carrier. Only the clock is the
test's, so that nobody waits for a retry that is due in a minute.
"""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestServer, unused_port

from carriers.simulator.keys import make_key_pair
from carriers.simulator.server import make_app
from carriers.status import Leg, Status
from carriers.vnpost import mapping
from carriers.vnpost.parse import HistoryRow
from config.settings import Settings
from postal_service.accounts.permissions import Scope
from postal_service.app import Program, open_program, running
from postal_service.messaging.models import CapturedMessage, Message
from postal_service.messaging.rules import CHANNELS, Event, Told, due, notice_for
from postal_service.operations.imports import Kind, import_file
from postal_service.outbox.service import WORK
from postal_service.shipments import recording, territory
from postal_service.shipments.facts import CARRIER, Fact
from postal_service.shipments.journey import Journey
from postal_service.shipments.models import Shipment
from postal_service.shipments.pulling import PULL, as_fact
from postal_service.shipments.rules import fold
from postal_service.storage import sql
from postal_service.storage.transactions import tell
from tests.world import SAMPLES, MovableClock, a_request

POLL = timedelta(minutes=30)
ROUND = timedelta(minutes=5)
STEPS_A_ROUND = 5
CLIENTS = 32
LOOK_SECONDS = 0.02
_serials = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the rough days came to."""

    shipments: int
    seconds: float
    """From the first request filed to the last message told."""
    hooks: Counter[str]
    messages: int
    wrong: Sequence[str]
    """What differs from the truth, in words; empty when all is well."""


async def rough_days(count: int, database_url: str, folder: Path, *, seed: int = 7) -> Report:
    """Take `count` shipments (both legs of half as many requests) through rough days on a migrated database."""
    async with _running_together(database_url, folder, seed) as days:
        started = time.perf_counter()
        requests = await days.each(range(count // 2), days.file)
        await days.carry()
        await days.each(requests, days.accept_and_issue)
        await days.carry()
        seconds = time.perf_counter() - started
        legs = await Shipment.all()
        stats = await days.ask("stats")
        wrong = [f"{reference} was booked twice" for reference in stats["double_references"]]
        wrong += [f"{len(legs)} shipments instead of {count}"] if len(legs) != count else []
        for shipment in legs:
            wrong += await days.differences(shipment)
        return Report(
            shipments=len(legs),
            seconds=seconds,
            hooks=Counter(stats["hooks"]),
            messages=await CapturedMessage.all().count(),
            wrong=tuple(wrong),
        )


@asynccontextmanager
async def _running_together(database_url: str, folder: Path, seed: int) -> AsyncIterator["_RoughDays"]:
    clock = MovableClock()
    keys = make_key_pair(folder)
    port = unused_port()
    app = make_app(
        "vnpost",
        profile="rough",
        seed=seed,
        hook_url=f"http://127.0.0.1:{port}/hooks/carriers/vnpost",
        key_file=keys.public,
        late_seconds=0.5,
        silence_seconds=3.0,
        clock=clock,
    )
    async with TestServer(app) as carrier, ClientSession(carrier.make_url("/")) as control:
        settings = Settings.model_validate(
            {
                "database_url": database_url,
                "carriers": {
                    "poll_seconds": POLL.total_seconds(),
                    "vnpost": {
                        "enabled": True,
                        "base_url": str(carrier.make_url("/")),
                        "username": "test",
                        "password": "test",
                        "customer_code": "T000000001",
                        "signature_scheme": "rsa_decrypt",
                        "signature_key_file": keys.private,
                        "timeout_seconds": 2,
                    },
                },
                "messaging": {"quiet_hours": ""},
            }
        )
        async with open_program(settings, clock=clock) as program:
            await territory.load_reference_offices(program.reference.post_offices())
            for kind in (Kind.OFFICES, Kind.WORKERS, Kind.ROUNDS):
                await import_file(program, kind, (SAMPLES / f"{kind}.csv").read_bytes(), dry_run=False)
            key = (await program.accounts.create_api_client("test portal", [Scope.ADMIN])).key
            headers = {"Authorization": f"Bearer {key}"}
            async with (
                running(program, "all", host="127.0.0.1", port=port),
                ClientSession(f"http://127.0.0.1:{port}", headers=headers) as api,
            ):
                yield _RoughDays(program, clock, api, control)


@dataclass(slots=True)
class _RoughDays:
    program: Program
    clock: MovableClock
    api: ClientSession
    control: ClientSession
    steps: int = 0
    """Taken by all orders, their creation aside."""

    async def each(self, things: Iterable[Any], work: Callable[[Any], Awaitable[Any]]) -> list[Any]:
        """Do the work for each thing, as many clients at a time as there are; returns what they returned."""
        places = asyncio.Semaphore(CLIENTS)

        async def one(thing: Any) -> Any:
            async with places:
                return await work(thing)

        return await asyncio.gather(*(one(thing) for thing in things))

    async def file(self, _number: int) -> str:
        """File a request and return its id."""
        filed = await self._post("/api/v1/requests", a_request())
        return str(filed["id"])

    async def accept_and_issue(self, request_id: str) -> None:
        """Do the agency's part; where the post failed, the citizen brought the papers."""
        await self._post(f"/api/v1/requests/{request_id}/accept", {"dossier_code": f"H26.14-261123-{next(_serials):04d}"})
        await self._post(f"/api/v1/requests/{request_id}/issue", {"paper": True, "copies": 2})

    async def carry(self) -> None:
        """Let the carrier bring every order to its end, and the program learn of all of it."""
        await self._settle()
        while await self._advance():
            self.clock.now += ROUND
            await self._settle()
        # What a lost hook would have told is found by the next look.
        self.clock.now += POLL
        await self._settle()

    async def ask(self, what: str) -> Any:
        """Ask the simulator's own calls."""
        async with self.control.get(f"/_sim/{what}") as answer:
            return await answer.json()

    async def differences(self, shipment: Shipment) -> list[str]:
        """Say in what a shipment differs from the truth, and from the same facts told calmly one after another."""
        truth = await self.ask(f"orders/{shipment.reference}")
        stored = await recording.load(shipment.id)
        told_by_carrier = [fact for fact in stored if fact.source.startswith(CARRIER)]
        true_facts = [_true_fact(happened, truth["item_number"]) for happened in truth["facts"]]
        calm = _fold(shipment, [fact for fact in stored if not fact.source.startswith(CARRIER)] + true_facts)
        rough = _fold(shipment, stored)
        wrong = []
        if shipment.status != truth["final_status"]:
            wrong.append(f"ended {shipment.status}, not {truth['final_status']}")
        if Counter(fact.key for fact in told_by_carrier) != Counter(fact.key for fact in true_facts):
            wrong.append("has not each of the carrier's facts once")
        if _story(rough) != _story(calm):
            wrong.append("tells another story than the calm order")
        wrong += await _wrong_messages(shipment, rough)
        return [f"{shipment.reference} ({truth['journey']}): {words}" for words in wrong]

    async def _advance(self) -> int:
        async with self.control.post("/_sim/advance", json={"steps": STEPS_A_ROUND}) as answer:
            taken: int = (await answer.json())["advanced"]
        self.steps += taken
        return taken

    async def _settle(self) -> None:
        """Let everything happen that is due, and move the clock to each retry until there is none."""
        while True:
            while not await self._quiet():  # noqa: ASYNC110 - hooks and answers come over HTTP; no event tells of quiet
                await asyncio.sleep(LOOK_SECONDS)
            retry = await self._next_retry()
            if retry is None:
                return
            self.clock.now = max(retry, self.clock.now)
            tell(WORK, "")
            tell(PULL, "")

    async def _quiet(self) -> bool:
        if self.program.dispatcher._running or self.program.puller._running:
            return False
        if await self._hooks_under_way():
            return False
        now = self.clock()
        rows = await sql.fetch(
            "SELECT EXISTS (SELECT 1 FROM outbox_job WHERE state = 'ready' AND not_before <= $1)"
            " OR EXISTS (SELECT 1 FROM shipment WHERE next_pull_at <= $1) AS busy",
            now,
        )
        return not rows[0]["busy"] and not self.program.dispatcher._running and not self.program.puller._running

    async def _hooks_under_way(self) -> bool:
        stats = await self.ask("stats")
        hooks = Counter(stats["hooks"])
        sent = stats["orders"] + self.steps + hooks["forged"] + hooks["doubled"] - hooks["lost"]
        done = sum(number for outcome, number in hooks.items() if outcome.startswith(("answered", "undelivered")))
        return bool(done < sent)

    async def _next_retry(self) -> datetime | None:
        rows = await sql.fetch(
            "SELECT min(at) AS at FROM (SELECT not_before AS at FROM outbox_job WHERE state = 'ready'"
            " UNION ALL SELECT next_pull_at FROM shipment WHERE pull_failures > 0) AS due"
        )
        return sql.read_time(rows[0]["at"]) if rows[0]["at"] else None

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self.api.post(path, json=body) as answer:
            document: dict[str, Any] = await answer.json()
            assert answer.ok, document
            return document


def _true_fact(happened: dict[str, Any], item_number: str) -> Fact:
    at = datetime.fromisoformat(happened["at"])
    row = HistoryRow(code=happened["code"], words=None, place=None, occurred_at=at)
    return as_fact(mapping.fact(row, item_number), "vnpost", at)


def _fold(shipment: Shipment, facts: Sequence[Fact]) -> Journey:
    return fold(facts, leg=Leg(shipment.leg), booking=Status(shipment.booking))


def _story(journey: Journey) -> list[tuple[str, Status, int]]:
    return [(entry.fact.key, entry.status_after, entry.attempt) for entry in journey.timeline if entry.effective]


async def _wrong_messages(shipment: Shipment, journey: Journey) -> list[str]:
    """Say which news was told twice, too late, or not at all. What a message was about is seen when all facts are there."""
    entries = {entry.fact.key: entry for entry in journey.timeline}
    wrong = []
    for channel in ("sms", "email"):
        rows = await Message.filter(scope=shipment.id, channel=channel, state="captured").order_by("id")
        news = Counter((row.event, entries[row.fact].attempt) for row in rows)
        wrong += [f"{event} was told {times} times" for (event, _), times in news.items() if times > 1]
        at = [entries[row.fact].fact.occurred_at for row in rows]
        wrong += ["a past state was told after a later one"] if at != sorted(at) else []
        told = [Told(event=Event(row.event), attempt=row.attempt, fact=row.fact) for row in rows]
        last = notice_for(Leg(shipment.leg), journey)
        if last and getattr(CHANNELS[last.event], channel) and due(last, told):
            wrong.append(f"{last.event} was not told by {channel}")
    return wrong
