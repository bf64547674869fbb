"""Durable work: done once, tried again with growing pauses, taken over from the dead, never forgotten."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from postal_service.outbox import queries, service
from postal_service.outbox.dispatcher import (
    LEASE,
    LONGEST_RETRY_SECONDS,
    MAX_ATTEMPTS,
    Dead,
    Dispatcher,
    Handler,
    Job,
    Later,
    backoff_seconds,
)
from postal_service.outbox.models import OutboxJob
from postal_service.outbox.service import Work
from postal_service.storage.transactions import transaction
from tests.world import MovableClock


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


async def add(clock: MovableClock, *works: Work) -> None:
    async with transaction():
        await service.add(*works, now=clock())


def dispatcher(clock: MovableClock, handler: Handler, topic: str = "task") -> Dispatcher:
    return Dispatcher({topic: handler}, clock)


async def the_job() -> OutboxJob:
    (job,) = await OutboxJob.all()
    return job


@given(attempts=st.integers(1, 10_000), jitter=st.floats(0, 1, exclude_max=True))
def test_pauses_grow_to_ten_minutes_and_no_two_crowds_come_together(attempts: int, jitter: float) -> None:
    pause = backoff_seconds(attempts, jitter)
    assert 0.75 <= pause <= LONGEST_RETRY_SECONDS * 1.25
    assert backoff_seconds(attempts, 0.0) <= pause
    assert backoff_seconds(attempts + 1, jitter) >= pause


@pytest.mark.usefixtures("database")
async def test_work_is_done_once_and_only_when_it_is_due(clock: MovableClock) -> None:
    done: Counter[str] = Counter()

    async def handler(job: Job) -> None:
        done[job.payload["name"]] += 1

    tomorrow = clock() + timedelta(days=1)
    await add(
        clock,
        Work(topic="task", payload={"name": "now"}),
        Work(topic="task", payload={"name": "later"}, not_before=tomorrow),
        Work(topic="other", payload={"name": "not ours"}),
    )
    await dispatcher(clock, handler).drain()
    await dispatcher(clock, handler).drain()
    assert done == {"now": 1}
    clock.now = tomorrow
    await dispatcher(clock, handler).drain()
    assert done == {"now": 1, "later": 1}


@pytest.mark.usefixtures("database")
async def test_work_with_a_key_is_one_of_a_kind_even_after_it_was_done(clock: MovableClock) -> None:
    done: list[int] = []

    async def handler(job: Job) -> None:
        done.append(job.id)

    for _ in range(2):
        work = Work(topic="task", payload={}, key="only one")
        await add(clock, work, work)
        await dispatcher(clock, handler).drain()
    assert len(done) == 1


@pytest.mark.usefixtures("database")
async def test_work_of_a_transaction_that_fails_never_was(clock: MovableClock) -> None:
    async def fail() -> None:
        async with transaction():
            await service.add(Work(topic="task", payload={}), now=clock())
            raise ValueError("oops")

    with pytest.raises(ValueError, match="oops"):
        await fail()
    assert await OutboxJob.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_two_dispatchers_share_the_work_and_do_none_of_it_twice(clock: MovableClock) -> None:
    done: Counter[int] = Counter()

    async def handler(job: Job) -> None:
        await asyncio.sleep(0)
        done[job.payload["number"]] += 1

    await add(clock, *(Work(topic="task", payload={"number": number}) for number in range(100)))
    await asyncio.gather(*(dispatcher(clock, handler).drain() for _ in range(3)))
    assert done == dict.fromkeys(range(100), 1)


@pytest.mark.usefixtures("database")
async def test_a_handler_that_fails_is_tried_again_until_it_becomes_a_dead_letter(clock: MovableClock) -> None:
    tries = 0

    async def handler(_job: Job) -> None:
        nonlocal tries
        tries += 1
        raise ValueError("the number +84912345678 is in this message")

    await add(clock, Work(topic="task", payload={}))
    with capture_logs() as logged:
        for expected in range(1, MAX_ATTEMPTS):
            await dispatcher(clock, handler).drain()
            job = await the_job()
            assert (tries, job.state, job.last_error) == (expected, "ready", "ValueError")
            assert clock() < job.not_before <= clock() + timedelta(seconds=LONGEST_RETRY_SECONDS * 1.25)
            clock.now = job.not_before
        # So many failures, and for so long: an outage of an hour kills nothing.
        clock.advance(days=1)
        await dispatcher(clock, handler).drain()
    assert [line["event"] for line in logged] == ["job_failed"] * MAX_ATTEMPTS
    (letter,) = await service.dead_letters()
    # Its reason names no person: people read the list.
    assert (letter.attempts, letter.last_error) == (MAX_ATTEMPTS, "ValueError")
    clock.advance(days=30)
    await dispatcher(clock, handler).drain()
    assert tries == MAX_ATTEMPTS


@pytest.mark.usefixtures("database")
async def test_a_handler_may_say_when_it_wants_to_come_again_or_that_it_is_useless(clock: MovableClock) -> None:
    wishes: list[Exception] = [Later("busy", seconds=7), Later("busy"), Dead("nobody there")]

    async def handler(_job: Job) -> None:
        raise wishes.pop(0)

    await add(clock, Work(topic="task", payload={}))
    await dispatcher(clock, handler).drain()
    assert (await the_job()).not_before == clock() + timedelta(seconds=7)
    clock.advance(seconds=7)
    await dispatcher(clock, handler).drain()
    job = await the_job()
    assert timedelta(seconds=1.5) <= job.not_before - clock() <= timedelta(seconds=2.5)
    clock.advance(seconds=3)
    await dispatcher(clock, handler).drain()
    job = await the_job()
    assert (job.state, job.last_error, job.attempts) == ("dead", "nobody there", 3)


@pytest.mark.usefixtures("database")
async def test_a_dead_letter_is_put_back_to_work_by_hand(clock: MovableClock) -> None:
    broken = True
    done: list[int] = []

    async def handler(job: Job) -> None:
        if broken:
            raise Dead("broken")
        done.append(job.attempts)

    await add(clock, Work(topic="task", payload={}), Work(topic="task", payload={}))
    await dispatcher(clock, handler).drain()
    first, second = await service.dead_letters()
    broken = False
    assert await service.retry_dead([first.id], now=clock()) == 1
    assert await service.retry_dead([first.id], now=clock()) == 0
    await dispatcher(clock, handler).drain()
    assert done == [1]
    assert [letter.id for letter in await service.dead_letters()] == [second.id]
    # Dead letters stay when what is done is forgotten.
    assert await queries.purge_done(clock() + timedelta(days=1)) == 1
    assert [letter.id for letter in await service.dead_letters()] == [second.id]


@pytest.mark.usefixtures("database")
async def test_the_work_of_a_dead_process_is_taken_over_when_its_lease_has_run_out(clock: MovableClock) -> None:
    done: list[int] = []

    async def handler(job: Job) -> None:
        done.append(job.attempts)

    await add(clock, Work(topic="task", payload={}))
    async with transaction():
        (claimed,) = await queries.claim("the dead", ["task"], clock(), clock() + LEASE, 10)
    clock.advance(seconds=LEASE.total_seconds() - 1)
    await dispatcher(clock, handler).drain()
    assert done == []
    clock.advance(seconds=2)
    assert timedelta(seconds=15) >= LEASE
    await dispatcher(clock, handler).drain()
    assert done == [2]
    # What comes back from the dead changes nothing.
    await queries.finish([("ready", clock(), None, "late", claimed["id"], "the dead")])
    assert (await the_job()).state == "done"


@pytest.mark.usefixtures("database")
async def test_a_lease_is_kept_while_the_work_goes_on(clock: MovableClock) -> None:
    await add(clock, Work(topic="task", payload={}))
    async with transaction():
        (claimed,) = await queries.claim("the slow", ["task"], clock(), clock() + LEASE, 10)
    clock.advance(seconds=LEASE.total_seconds() - 1)
    await queries.renew("the slow", [claimed["id"]], clock() + LEASE)
    clock.advance(seconds=2)
    async with transaction():
        assert await queries.claim("another", ["task"], clock(), clock() + LEASE, 10) == []


@pytest.mark.usefixtures("database")
async def test_a_dispatcher_that_is_stopped_finishes_what_it_has_in_hand(clock: MovableClock) -> None:
    started, go_on = asyncio.Event(), asyncio.Event()
    done: list[int] = []

    async def handler(job: Job) -> None:
        started.set()
        await go_on.wait()
        done.append(job.id)

    await add(clock, Work(topic="task", payload={}))
    worker = dispatcher(clock, handler)
    running = asyncio.create_task(worker.run())
    await started.wait()
    worker.stop()
    await add(clock, Work(topic="task", payload={}))
    go_on.set()
    await running
    assert len(done) == 1
    assert sorted(job.state for job in await OutboxJob.all()) == ["done", "ready"]
    assert await service.backlog() == {("task", "ready"): 1}
