from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import asyncpg
import pytest

from postal_service.storage.database import Database, open_database, read_url
from postal_service.tables import MODELS

Opened = Callable[[str], AbstractAsyncContextManager[Database]]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Open a database while the block runs. A process has one at a time."""
    database = await open_database(read_url(url), MODELS)
    try:
        yield database
    finally:
        await database.close()


async def lose(url: str) -> None:
    """Destroy the database with everything in it."""
    target = read_url(url)
    if target.dialect == "sqlite":
        for file in target.path.parent.glob(f"{target.path.name}*"):
            file.unlink()
        return
    server, _, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@pytest.fixture
def new_database_url(empty_database_url: str) -> str:
    """Where to restore to: a database that was just made, without any table."""
    return empty_database_url
