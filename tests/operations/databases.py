from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from postal_service.storage.database import Database, open_database, read_url
from postal_service.tables import MODELS


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
