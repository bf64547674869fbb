"""The adapter in rough days: what it tells in the end is what really happened, and nothing was booked twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import pytest
from pydantic import SecretStr

from carriers.errors import MalformedAnswer, OutcomeUnknown, TryLater
from carriers.ports import Booking
from carriers.simulator.bench import Bench, running_bench
from carriers.simulator.keys import KeyFiles
from carriers.vnpost.adapter import VNPost
from carriers.vnpost.settings import VNPostSettings

T = TypeVar("T")
ORDERS = 80


@pytest.fixture
async def rough(keys: KeyFiles) -> AsyncIterator[Bench]:
    def make(base_url: str) -> VNPost:
        return VNPost(
            VNPostSettings(
                base_url=base_url,
                username="demo",
                password=SecretStr("demo"),
                customer_code="T0",
                signature_scheme="rsa_verify",
                signature_key_file=keys.public,
                timeout_seconds=0.5,
            )
        )

    async with running_bench("vnpost", make, key_file=keys.private, profile="rough", seed=7) as bench:
        yield bench


async def until_answered(call: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await call()
        except (TryLater, MalformedAnswer):
            continue


async def book_once(bench: Bench, reference: str) -> Booking:
    """Book as a careful caller does: look before sending again."""
    while True:
        try:
            return await bench.book(reference, collect_from_receiver_vnd=200_000)
        except TryLater:
            continue
        except OutcomeUnknown:
            found = await until_answered(lambda: bench.carrier.find_by_reference(reference))
            if found is not None:
                return found


async def test_every_order_ends_where_its_script_says_and_none_is_booked_twice(rough: Bench) -> None:
    bookings = await asyncio.gather(*(book_once(rough, f"LT-{i}") for i in range(ORDERS)))
    await rough.finish()
    for booking in bookings:
        truth = await rough.truth(booking.reference)
        facts = await until_answered(lambda item=booking.item_number: rough.carrier.track(item or ""))  # type: ignore[misc]  # a default binds
        moved = [fact.status for fact in facts if fact.status is not None]
        assert moved[-1] == truth["final_status"]
        assert [fact.code for fact in facts] == [true["code"] for true in truth["facts"]]
    assert Counter(order["reference"] for order in await rough.orders()) == Counter(b.reference for b in bookings)


async def test_forged_hooks_are_among_the_true_ones_and_fall_out(rough: Bench) -> None:
    await asyncio.gather(*(book_once(rough, f"LT-{i}") for i in range(ORDERS)))
    await rough.finish()
    reasons: Counter[str] = Counter()
    while len(reasons) < 2:
        reasons[rough.carrier.verify_hook(await rough.next_hook()).reason] += 1
    assert set(reasons) == {"ok", "bad_signature"}
