"""Plain SQL for the hot paths: `$1` placeholders and plain Python values on both engines.

Queries live in a room's `queries.py`. Inside `transaction()` they belong to it, like the ORM's own.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from tortoise.connection import get_connection

_PLACEHOLDER = re.compile(r"\$(\d+)")


def dialect() -> str:
    """Return `sqlite` or `postgres`."""
    return str(get_connection("default").capabilities.dialect)


async def fetch(query: str, *values: Any) -> list[dict[str, Any]]:
    """Run a query (also UPDATE … RETURNING) and return its rows."""
    connection = get_connection("default")
    if connection.capabilities.dialect == "sqlite":
        return await connection.execute_query_dict(_for_sqlite(query), [_sqlite_value(v) for v in values])
    return await connection.execute_query_dict(query, list(values))


async def execute(query: str, *values: Any) -> int:
    """Run a statement that returns no rows; returns how many it touched."""
    connection = get_connection("default")
    if connection.capabilities.dialect == "sqlite":
        query, arguments = _for_sqlite(query), [_sqlite_value(v) for v in values]
    else:
        arguments = list(values)
    touched, _ = await connection.execute_query(query, arguments)
    return touched


async def execute_many(query: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run one statement for many rows of values, in one go."""
    connection = get_connection("default")
    if connection.capabilities.dialect == "sqlite":
        await connection.execute_many(_for_sqlite(query), [[_sqlite_value(v) for v in row] for row in rows])
    else:
        await connection.execute_many(query, [list(row) for row in rows])


def read_time(value: datetime | str) -> datetime:
    """Return a stored time as an aware datetime: SQLite keeps text, PostgreSQL its own type."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_json(value: Any) -> Any:
    """Return a stored JSON value: both drivers hand it over as text in plain SQL."""
    return json.loads(value) if isinstance(value, (str, bytes)) else value


@lru_cache(maxsize=512)
def _for_sqlite(query: str) -> str:
    return _PLACEHOLDER.sub(r"?\1", query)


def _sqlite_value(value: Any) -> Any:
    # The same text Tortoise writes, so that both kinds of query compare equal.
    return str(value.astimezone(UTC)) if isinstance(value, datetime) else value
