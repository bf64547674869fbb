from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

import postal_service.tracking
from postal_service.outbox import service as outbox
from postal_service.storage.database import Database
from postal_service.storage.listening import hearing_others
from postal_service.storage.transactions import listen, transaction
from postal_service.tracking import api, pages
from postal_service.tracking.access import Access
from postal_service.tracking.live import Hub
from postal_service.tracking.readers import Reader, reader_for
from postal_service.tracking.second_factor import Passes
from postal_service.tracking.service import Tracking
from postal_service.web.keys import STOPPING
from postal_service.web.server import build_app
from tests.tracking.telling import START, Desk

Client = TestClient[web.Request, web.Application]


@dataclass
class HandClock:
    """A clock that a test moves."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class House:
    """The tracking room over a real database, with made-up rooms below it."""

    database: Database
    desk: Desk = field(default_factory=Desk)
    clock: HandClock = field(default_factory=HandClock)
    secure: bool = False

    def __post_init__(self) -> None:
        self.reader: Reader = reader_for(self.database.target)
        self.tracking = Tracking(self.reader, self.desk, self.desk.of_request)
        self.hub = Hub(self.reader.commits, look_seconds=0.01)
        passes = Passes(b"made-up key", self.clock)
        self.access = Access(stories=self.desk, passes=passes, clock=self.clock, secure=self.secure)

    async def touch(self, request_id: str) -> None:
        """Commit a change of a request, as any room below does."""
        async with transaction():
            outbox.touch(request_id)

    def app(self) -> web.Application:
        application = build_app(
            endpoints=[
                *api.endpoints(self.tracking, self.access, self.hub),
                *pages.endpoints(self.tracking, self.access),
            ],
            authenticate=nobody,
            clock=self.clock,
            checks={},
            templates={"tracking": "postal_service.tracking"},
            static={"tracking": Path(postal_service.tracking.__file__).parent / "static"},
            max_body_bytes=10_000,
            registry=CollectorRegistry(),
        )
        application.cleanup_ctx.append(self._running)
        return application

    async def _running(self, app: web.Application) -> AsyncIterator[None]:
        async with hearing_others(self.database.target), self.hub.running(app[STOPPING]):
            yield


async def nobody(_key: str) -> None:
    return None


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    built = House(database)
    stop_listening = listen(built.tracking.heard)
    yield built
    stop_listening()
    built.reader.close()


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app())) as opened:
        yield opened
