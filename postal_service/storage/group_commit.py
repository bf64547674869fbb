"""Committing waiting work together: each caller is answered only after the commit, many callers share one.

A durable answer per request is bounded by commits; under load this turns sixty-four waiting requests into one commit, and
an idle server commits each at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from typing import Generic, TypeVar

from postal_service.storage.transactions import transaction

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Writes items through `write`, which gets a list and returns a result for each, inside one transaction.

    When a batch fails, its items are written one by one, so that one bad item fails alone.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], *, largest_batch: int = 256) -> None:
        self._write = write
        self._largest_batch = largest_batch
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._flusher: asyncio.Task[None] | None = None
        # The flusher must see the database, and nothing of the request that happens to start it.
        self._context = copy_context()

    async def submit(self, item: Item) -> Result:
        """Return the item's result after it is durably committed."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush(), name="group commit", context=self._context.copy())
        return await future

    async def _flush(self) -> None:
        while self._waiting:
            batch = self._waiting[: self._largest_batch]
            del self._waiting[: len(batch)]
            try:
                await self._commit(batch)
            except Exception as error:  # noqa: BLE001 - whatever failed is told to the caller it belongs to
                if len(batch) == 1:
                    _fail(batch[0][1], error)
                else:
                    for single in batch:
                        await self._commit_alone(single)

    async def _commit_alone(self, single: tuple[Item, "asyncio.Future[Result]"]) -> None:
        try:
            await self._commit([single])
        except Exception as error:  # noqa: BLE001 - same as above
            _fail(single[1], error)

    async def _commit(self, batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> None:
        async with transaction():
            results = await self._write([item for item, _ in batch])
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)


def _fail(future: "asyncio.Future[Result]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
