from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from postal_service.accounts.service import Accounts
from postal_service.storage.database import Database


@dataclass
class HandClock:
    """A clock that a test moves."""

    now: datetime = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def accounts(database: Database, clock: HandClock) -> Accounts:
    assert database
    return Accounts(clock)
