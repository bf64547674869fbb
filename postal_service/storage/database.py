"""Opening the database: which engine, with which settings, over which tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext

APP = "postal"
MIGRATIONS = "postal_service.storage.migrations"
_BUSY_MILLISECONDS = 10_000


class DatabaseUrlError(ValueError):
    """The database URL is not one this program understands."""


@dataclass(frozen=True, slots=True)
class Target:
    """A database to open: its engine and what the driver needs."""

    dialect: str
    """`sqlite` or `postgres`."""
    credentials: dict[str, Any]
    engine: str

    @property
    def path(self) -> Path:
        """Return the file of a SQLite database."""
        return Path(self.credentials["file_path"])


def read_url(url: str, *, pool: int = 10) -> Target:
    """Read a database URL; raises `DatabaseUrlError` without repeating it, since it may hold a password."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        # sqlite:///relative and sqlite:////absolute, as SQLAlchemy made usual.
        path = unquote(parts.path.removeprefix("/"))
        if parts.netloc or not path or not url.startswith("sqlite:///"):
            raise DatabaseUrlError("a SQLite URL is sqlite:///relative/path or sqlite:////absolute/path")
        return Target(
            dialect="sqlite",
            engine="postal_service.storage.sqlite_backend",
            credentials={
                "file_path": path,
                "journal_mode": "WAL",
                "synchronous": "FULL",
                "foreign_keys": "ON",
                "busy_timeout": _BUSY_MILLISECONDS,
                "cache_size": -32_000,
            },
        )
    if parts.scheme in ("postgres", "postgresql"):
        database = parts.path.lstrip("/")
        if not parts.hostname or not database:
            raise DatabaseUrlError("a PostgreSQL URL is postgres://user:password@host:port/name")
        return Target(
            dialect="postgres",
            engine="tortoise.backends.asyncpg",
            credentials={
                "host": parts.hostname,
                "port": parts.port or 5432,
                "user": unquote(parts.username or "postgres"),
                "password": unquote(parts.password or ""),
                "database": unquote(database),
                "minsize": 1,
                "maxsize": pool,
            },
        )
    raise DatabaseUrlError("the database URL must begin with sqlite:/// or postgres://")


def tortoise_config(target: Target, models: Sequence[str]) -> dict[str, Any]:
    """Return the configuration Tortoise and its migrations read."""
    return {
        "connections": {"default": {"engine": target.engine, "credentials": target.credentials}},
        "apps": {APP: {"models": list(models), "default_connection": "default", "migrations": MIGRATIONS}},
        "use_tz": True,
        "timezone": "UTC",
    }


@dataclass(frozen=True, slots=True)
class Database:
    """An open database. There is one in a process; close it last."""

    target: Target
    context: TortoiseContext

    @property
    def dialect(self) -> str:
        """Return `sqlite` or `postgres`."""
        return self.target.dialect

    async def close(self) -> None:
        """Close every connection."""
        await self.context.__aexit__(None, None, None)


async def open_database(target: Target, models: Sequence[str]) -> Database:
    """Open the database and make it the one every task of this process uses.

    Connections are made now rather than at the first query: Tortoise keeps them in a context variable, and one made
    later inside a task would be lost with it.
    """
    if target.dialect == "sqlite":
        target.path.parent.mkdir(parents=True, exist_ok=True)
    # Tortoise keeps each table's SQL by connection name alone: what was written for the other engine must not be used.
    EXECUTOR_CACHE.clear()
    context = TortoiseContext()
    await context.__aenter__()
    try:
        await context.init(config=tortoise_config(target, models), _enable_global_fallback=True)
        await get_connection("default").create_connection(with_db=True)
    except BaseException:
        await context.__aexit__(None, None, None)
        raise
    return Database(target, context)
