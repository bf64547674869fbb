"""Tortoise's SQLite engine with transactions that take the write lock at once.

A deferred BEGIN that reads first and writes later fails with SQLITE_BUSY_SNAPSHOT when another process wrote in between,
and no busy time-out helps. BEGIN IMMEDIATE waits its turn instead.

SQLite keeps times as text and compares them as text, so every one is written in UTC, whatever offset it came with.
"""

import sqlite3
from datetime import UTC, datetime

from tortoise.backends.base.client import TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionContext, SqliteTransactionWrapper
from tortoise.exceptions import TransactionManagementError

# After Tortoise's own, which keeps the offset.
sqlite3.register_adapter(datetime, lambda moment: str(moment.astimezone(UTC)))


class ImmediateTransaction(SqliteTransactionWrapper):
    """A transaction that holds the write lock from its first statement."""

    async def begin(self) -> None:
        """Wait for the write lock (at most the busy time-out) and begin."""
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise TransactionManagementError(error) from error


class ImmediateSqliteClient(SqliteClient):
    """The one connection of this process, shared by its tasks under a lock."""

    def _in_transaction(self) -> TransactionContext:
        return SqliteTransactionContext(ImmediateTransaction(self), self._lock)


client_class = ImmediateSqliteClient
