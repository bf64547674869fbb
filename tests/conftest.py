"""What every test may ask for: a database of its own on either engine, migrated and empty."""

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import settings

from postal_service.storage.database import Database, open_database, read_url
from postal_service.storage.schema import migrate
from postal_service.tables import MODELS
from tests import postgres
from tests.world import World, a_world

_numbers = itertools.count()

# Two cores shared with other work: a slow example is no failure.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of this run's cluster."""
    with postgres.cluster() as url:
        yield url


async def _migrate(url: str) -> None:
    database = await open_database(read_url(url), MODELS)
    try:
        await migrate(database.target, MODELS)
    finally:
        await database.close()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


async def _run_on(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """The name of a migrated database to copy."""
    asyncio.run(_run_on(f"{postgres_url}/postgres", "CREATE DATABASE template_postal"))
    asyncio.run(_migrate(f"{postgres_url}/template_postal"))
    return "template_postal"


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each test that touches the database runs on both engines."""
    return str(request.param)


@pytest.fixture
def empty_database_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a new database without any table."""
    if engine == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    cluster_url: str = request.getfixturevalue("postgres_url")
    name = f"empty_{next(_numbers)}"
    asyncio.run(_run_on(f"{cluster_url}/postgres", f"CREATE DATABASE {name}"))
    return f"{cluster_url}/{name}"


@pytest.fixture
def database_url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a new migrated database."""
    if engine == "sqlite":
        template: Path = request.getfixturevalue("migrated_sqlite")
        path = tmp_path / "postal.sqlite3"
        shutil.copy(template, path)
        return f"sqlite:///{path}"
    cluster_url: str = request.getfixturevalue("postgres_url")
    template_name: str = request.getfixturevalue("migrated_postgres")
    name = f"test_{next(_numbers)}"
    asyncio.run(_run_on(f"{cluster_url}/postgres", f"CREATE DATABASE {name} TEMPLATE {template_name}"))
    return f"{cluster_url}/{name}"


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The whole program with its simulated carrier."""
    async with a_world(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, migrated database."""
    opened = await open_database(read_url(database_url), MODELS)
    yield opened
    await opened.close()
