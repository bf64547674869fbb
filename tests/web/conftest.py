from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from prometheus_client import CollectorRegistry

from postal_service.web.endpoints import Endpoint
from postal_service.web.health import Check
from postal_service.web.server import build_app

Client = TestClient[web.Request, web.Application]
Serve = Callable[..., Awaitable[Client]]
WRITER_KEY = "writer-key"
READER_KEY = "reader-key"
ADMIN_KEY = "admin-key"


@dataclass(frozen=True)
class FakeCaller:
    client_id: str
    scopes: frozenset[str]
    agency: str | None = None

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def may_see(self, agency: str) -> bool:
        return self.agency in (None, agency)


@dataclass
class HandClock:
    """A clock that a test moves."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 1, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


CALLERS = {
    WRITER_KEY: FakeCaller("client-writer", frozenset({"things:write", "things:read"})),
    READER_KEY: FakeCaller("client-reader", frozenset({"things:read"})),
    ADMIN_KEY: FakeCaller("client-admin", frozenset({"admin"})),
}


async def authenticate(bearer: str) -> FakeCaller | None:
    return CALLERS.get(bearer)


def make_app(
    endpoints: Sequence[Endpoint],
    *,
    clock: Callable[[], datetime] | None = None,
    checks: Mapping[str, Check] | None = None,
    **values: Any,
) -> web.Application:
    return build_app(
        endpoints=endpoints,
        authenticate=authenticate,
        clock=clock or HandClock(),
        checks=checks or {},
        templates={},
        static={},
        max_body_bytes=10_000,
        registry=CollectorRegistry(),
        **values,
    )


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def serve(aiohttp_client: Callable[[web.Application], Awaitable[Client]]) -> Serve:
    """Serve endpoints and get a client for them."""

    async def start(*endpoints: Endpoint, **values: Any) -> Client:
        return await aiohttp_client(make_app(endpoints, **values))

    return start


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
