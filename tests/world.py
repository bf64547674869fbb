"""The whole program in one test: real database, real HTTP to the simulated carrier, and a clock that a test moves."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from carriers.simulator.keys import make_key_pair
from carriers.simulator.server import make_app
from config.settings import Settings
from postal_service.accounts.permissions import Scope
from postal_service.app import Program, open_program
from postal_service.kit.clock import LOCAL
from postal_service.messaging.models import Message
from postal_service.operations.imports import Kind, import_file
from postal_service.shipments import territory
from postal_service.storage.transactions import listen

SAMPLES = Path(__file__).parents[1] / "config" / "samples"
A_MONDAY_MORNING = datetime(2026, 11, 23, 8, 30, tzinfo=LOCAL)
_numbers = itertools.count(1)


class MovableClock:
    """The present time, as far as the test lets it come."""

    def __init__(self, now: datetime = A_MONDAY_MORNING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        """Let time pass: `advance(minutes=5)`."""
        self.now += timedelta(**amount)


def a_request(**changes: Any) -> dict[str, Any]:
    """Return the body of a request that is right in every field; each has an external id of its own."""
    number = next(_numbers)
    body: dict[str, Any] = {
        "external_id": f"DK-{number:05d}",
        "channel": "national_portal",
        "procedure": "criminal-record-1",
        "agency": "hanoi",
        "copies": 2,
        "fee_class": "standard",
        "applicant": {
            "full_name": "Nguyễn Văn Thử",
            "birth_date": "1990-02-01",
            "national_id": "001090012345",
            "phone": f"+8490000{number % 10000:04d}",
            "email": f"nguoi.thu.{number}@example.vn",
            "language": "vi",
        },
        "pickup": {"address": {"province": "01", "ward": "Phường Hoàn Kiếm", "detail": "Số 1 phố Thử"}},
        "delivery": {"address": {"province": "01", "ward": "Phường Ba Đình", "detail": "Số 2 phố Thử"}},
        "consent": {"sms": True, "email": True, "version": "2026-01"},
    }
    return body | changes


@dataclass(slots=True)
class World:
    """A program, the carrier it books with, and a client that calls it. Nothing happens by itself: see `settle`."""

    program: Program
    clock: MovableClock
    api: TestClient[web.Request, web.Application]
    carrier: ClientSession
    key: str

    async def settle(self) -> None:
        """Let everything that is due happen, and all it leads to; time stands still."""
        busy = True

        def heard(_channel: str, _subject: str) -> None:
            nonlocal busy
            busy = True

        stop = listen(heard)
        try:
            while busy:
                busy = False
                await self.program.dispatcher.drain()
                await self.program.puller.drain()
        finally:
            stop()

    async def post(self, path: str, body: Any, *, status: int = 200, **headers: str) -> Any:
        """POST as the portal and return the JSON answer, whose status has to be `status`."""
        async with self.api.post(path, json=body, headers=self._headers(headers)) as answer:
            document = await answer.json()
            assert answer.status == status, document
            return document

    async def get(self, path: str, *, status: int = 200, **headers: str) -> Any:
        """GET as the portal and return the JSON answer, whose status has to be `status`."""
        async with self.api.get(path, headers=self._headers(headers)) as answer:
            document = await answer.json()
            assert answer.status == status, document
            return document

    async def file(self, **changes: Any) -> dict[str, Any]:
        """File a request and return it; nothing else has happened yet."""
        filed: dict[str, Any] = await self.post("/api/v1/requests", a_request(**changes), status=201)
        return filed

    async def request(self, request_id: str) -> dict[str, Any]:
        """Return a request as the API shows it now."""
        found: dict[str, Any] = await self.get(f"/api/v1/requests/{request_id}")
        return found

    async def shipment(self, request_id: str, leg: str) -> dict[str, Any]:
        """Return the newest shipment of a leg as the API shows it now."""
        legs = [s for s in (await self.request(request_id))["shipments"] if s["leg"] == leg]
        newest: dict[str, Any] = legs[-1]
        return newest

    async def carrier_moves(self, reference: str | None = None, steps: int = 1, journey: str | None = None) -> None:
        """Let time pass and the carrier take steps with one order or all, then hear of it as a scheduled look would."""
        if journey is not None:
            await self._carrier("journeys", {"reference": reference, "journey": journey})
        self.clock.advance(minutes=10)
        await self._carrier("advance", {"reference": reference, "steps": steps} if reference else {"steps": steps})
        self.clock.advance(minutes=10)
        await self.settle()

    async def carrier_fault(self, call: str, fault: str, times: int = 1) -> None:
        """Make the carrier's next calls of this name go wrong."""
        await self._carrier("faults", {"call": call, "fault": fault, "times": times})

    async def told(self, request_id: str) -> list[tuple[str, str]]:
        """Return what the citizen was told, in order: (event, channel)."""
        rows = await Message.filter(request_id=request_id).exclude(state="dropped").order_by("id")
        return [(row.event, row.channel) for row in rows]

    async def _carrier(self, what: str, body: dict[str, Any]) -> None:
        async with self.carrier.post(f"/_sim/{what}", json=body) as answer:
            assert answer.status < 300, await answer.text()

    def _headers(self, extra: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} | {name.replace("_", "-"): value for name, value in extra.items()}


@asynccontextmanager
async def a_world(database_url: str, folder: Path, **overrides: Any) -> AsyncIterator[World]:
    """Open a world on a migrated database. `overrides` are settings (`messaging={...}`)."""
    clock = MovableClock()
    keys = make_key_pair(folder)
    carrier_server = TestServer(make_app("vnpost", profile="straight", key_file=keys.public, clock=clock))
    await carrier_server.start_server()
    settings = Settings.model_validate(
        {
            "environment": "development",
            "database_url": database_url,
            "public_url": "http://127.0.0.1:8080",
            "carriers": {
                "poll_seconds": 300,
                "vnpost": {
                    "enabled": True,
                    "base_url": str(carrier_server.make_url("/")).rstrip("/"),
                    "username": "test",
                    "password": "test",
                    "customer_code": "T000000001",
                    "signature_scheme": "rsa_decrypt",
                    "signature_key_file": keys.private,
                    "timeout_seconds": 1,
                },
            },
        }
        | overrides
    )
    try:
        async with open_program(settings, clock=clock) as program:
            await territory.load_reference_offices(program.reference.post_offices())
            for kind in (Kind.OFFICES, Kind.WORKERS, Kind.ROUNDS, Kind.STAFF):
                await import_file(program, kind, (SAMPLES / f"{kind}.csv").read_bytes(), dry_run=False)
            key = await program.accounts.create_api_client("test portal", [Scope.ADMIN])
            async with (
                TestClient(TestServer(program.web_app())) as api,
                ClientSession(carrier_server.make_url("/")) as carrier,
            ):
                yield World(program, clock, api, carrier, key.key)
    finally:
        await carrier_server.close()
