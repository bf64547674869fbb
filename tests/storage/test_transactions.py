"""Transactions, what is told after them, and commits that many callers share."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest

from postal_service.outbox import queries
from postal_service.outbox.models import OutboxJob
from postal_service.storage import sql
from postal_service.storage.group_commit import GroupCommit
from postal_service.storage.transactions import listen, signal, transaction
from tests.world import A_MONDAY_MORNING

pytestmark = pytest.mark.usefixtures("database")
NOW = A_MONDAY_MORNING


async def raise_version(subject: str) -> None:
    await queries.touch([subject])


async def versions() -> dict[str, int]:
    return await queries.versions(["A", "B", "C", "D"])


async def test_listeners_are_told_after_the_commit_and_never_of_what_was_rolled_back() -> None:
    heard: list[tuple[str, str]] = []
    stop = listen(lambda channel, subject: heard.append((channel, subject)))
    try:
        async with transaction():
            signal("change", "A")
            signal("change", "A")
            async with transaction():
                signal("work")
            assert heard == []
        assert heard == [("change", "A"), ("work", "")]

        async def fail() -> None:
            async with transaction():
                await raise_version("B")
                signal("change", "B")
                raise RuntimeError("oops")

        with pytest.raises(RuntimeError, match="oops"):
            await fail()
        assert len(heard) == 2
        assert await versions() == {}
    finally:
        stop()
    async with transaction():
        signal("change", "C")
    assert len(heard) == 2
    with pytest.raises(RuntimeError, match="transaction"):
        signal("change", "D")


async def test_callers_that_wait_together_share_a_commit_and_are_answered_after_it() -> None:
    batches: list[int] = []

    async def write(items: Sequence[str]) -> Sequence[str]:
        batches.append(len(items))
        for item in items:
            await raise_version(item)
        return [item.lower() for item in items]

    commits = GroupCommit(write, largest_batch=3)

    async def submit(item: str) -> tuple[str, bool]:
        answer = await commits.submit(item)
        return answer, item in await versions()

    answers = await asyncio.gather(*(submit(item) for item in "ABCD"))
    assert answers == [("a", True), ("b", True), ("c", True), ("d", True)]
    assert sum(batches) == 4
    assert max(batches) <= 3
    assert len(batches) < 4


async def test_one_bad_item_fails_alone() -> None:
    async def write(items: Sequence[str]) -> Sequence[None]:
        for item in items:
            await raise_version(item)
            if item == "B":
                raise ValueError(item)
        return [None] * len(items)

    commits = GroupCommit(write)
    answers = await asyncio.gather(*(commits.submit(item) for item in "ABC"), return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None), ValueError, type(None)]
    assert await versions() == {"A": 1, "C": 1}
    # And the next one is written as if nothing had happened.
    await commits.submit("D")
    assert (await versions())["D"] == 1


async def test_a_caller_that_gives_up_does_not_take_the_others_along() -> None:
    release = asyncio.Event()

    async def write(items: Sequence[str]) -> Sequence[None]:
        await release.wait()
        for item in items:
            await raise_version(item)
        return [None] * len(items)

    commits = GroupCommit(write)
    impatient, patient = (asyncio.create_task(commits.submit(item)) for item in "AB")
    await asyncio.sleep(0)
    impatient.cancel()
    release.set()
    await patient
    assert impatient.cancelled()
    assert "B" in await versions()


async def test_a_moment_is_the_same_in_whatever_offset_it_is_written() -> None:
    hanoi, tokyo = NOW, NOW.astimezone(timezone(timedelta(hours=9)))
    await OutboxJob.create(topic="t", payload={}, not_before=tokyo, created_at=hanoi)
    await OutboxJob.filter(topic="t").update(finished_at=tokyo)
    assert await OutboxJob.filter(not_before__lte=hanoi, finished_at__gte=hanoi).count() == 1
    assert await OutboxJob.filter(created_at__lt=tokyo).count() == 0
    assert len(await sql.fetch("SELECT id FROM outbox_job WHERE not_before = $1 AND finished_at = $1", hanoi)) == 1
    job = await OutboxJob.get(topic="t")
    assert job.not_before == datetime.fromisoformat("2026-11-23T01:30:00+00:00")
