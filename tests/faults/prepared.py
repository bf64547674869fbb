"""Databases of a program that is set up: migrated, sample offices and workers, one API client."""

import itertools
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from config.settings import Settings
from postal_service.accounts.permissions import Scope
from postal_service.app import open_program
from postal_service.operations.imports import Kind, import_file
from postal_service.shipments import territory
from tests.world import SAMPLES

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A database to copy, and the key of the API client in it and in every copy."""

    url: str
    key: str

    async def copy(self, folder: Path) -> str:
        """Return the URL of a new copy."""
        name = f"copy_{next(_numbers)}"
        if self.url.startswith("sqlite"):
            path = folder / f"{name}.sqlite3"
            shutil.copy(self.url.removeprefix("sqlite:///"), path)
            return f"sqlite:///{path}"
        cluster, _, template = self.url.rpartition("/")
        connection = await asyncpg.connect(f"{cluster}/postgres")
        try:
            await connection.execute(f"CREATE DATABASE {template}_{name} TEMPLATE {template}")
        finally:
            await connection.close()
        return f"{cluster}/{template}_{name}"


async def prepare(database_url: str) -> Prepared:
    """Set the program up on a migrated database, and leave it closed."""
    settings = Settings.model_validate({"database_url": database_url})
    async with open_program(settings) as program:
        await territory.load_reference_offices(program.reference.post_offices())
        for kind in (Kind.OFFICES, Kind.WORKERS, Kind.ROUNDS):
            await import_file(program, kind, (SAMPLES / f"{kind}.csv").read_bytes(), dry_run=False)
        client = await program.accounts.create_api_client("test portal", [Scope.ADMIN])
    return Prepared(database_url, client.key)


Look = Callable[[str], Awaitable[Sequence[tuple[Any, ...]]]]


@asynccontextmanager
async def looking(database_url: str) -> AsyncIterator[Look]:
    """Give a way to ask for what is committed, past the program."""
    if database_url.startswith("sqlite"):
        file = sqlite3.connect(f"file:{database_url.removeprefix('sqlite:///')}?mode=ro", uri=True)

        async def look(query: str) -> Sequence[tuple[Any, ...]]:
            return file.execute(query).fetchall()

        try:
            yield look
        finally:
            file.close()
    else:
        connection = await asyncpg.connect(database_url)

        async def fetch(query: str) -> Sequence[tuple[Any, ...]]:
            return [tuple(row) for row in await connection.fetch(query)]

        try:
            yield fetch
        finally:
            await connection.close()
