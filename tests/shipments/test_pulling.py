"""Asking the carrier on a schedule: a lost message is no lost parcel."""

from datetime import timedelta
from typing import Any

import pytest

from carriers.errors import OutcomeUnknown, TryLater
from carriers.ports import CarrierFact
from postal_service.shipments import pulling, queries
from postal_service.shipments.models import Shipment
from tests.world import World


@pytest.fixture
async def pickup(world: World) -> dict[str, Any]:
    request = await world.file()
    await world.settle()
    return await world.shipment(request["id"], "pickup")


async def due_in(world: World, pickup: dict[str, Any]) -> timedelta | None:
    due = (await Shipment.get(id=pickup["id"])).next_pull_at
    return due - world.clock() if due else None


async def test_without_any_message_the_parcel_still_comes_home(world: World, pickup: dict[str, Any]) -> None:
    assert await due_in(world, pickup) == timedelta(minutes=5)
    await world._carrier("advance", {"steps": 4})
    world.clock.advance(minutes=4)
    await world.settle()
    assert (await world.get(f"/api/v1/shipments/{pickup['id']}"))["status"] == "pickup_assigned"
    world.clock.advance(minutes=1)
    await world.settle()
    assert (await world.get(f"/api/v1/shipments/{pickup['id']}"))["status"] == "at_origin"
    await world.carrier_moves(steps=20)
    assert (await world.get(f"/api/v1/shipments/{pickup['id']}"))["status"] == "delivered"
    # What has ended is not asked about any more.
    assert await due_in(world, pickup) is None


async def test_a_parcel_that_lies_still_is_asked_about_less_often(world: World, pickup: dict[str, Any]) -> None:
    world.clock.advance(days=2)
    await world.settle()
    assert await due_in(world, pickup) == timedelta(minutes=30)


async def test_a_carrier_that_does_not_answer_is_asked_at_growing_pauses(
    world: World, pickup: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(_item: str) -> list[CarrierFact]:
        raise OutcomeUnknown("silence")

    with monkeypatch.context() as broken:
        broken.setattr(type(world.program.carriers["vnpost"]), "track", staticmethod(silent))
        pauses = []
        for _ in range(14):
            world.clock.advance(hours=1)
            await world.settle()
            due = await due_in(world, pickup)
            assert due is not None
            pauses.append(due.total_seconds())

        async def busy(_item: str) -> list[CarrierFact]:
            raise TryLater("busy", retry_after=120.0)

        await Shipment.filter(id=pickup["id"]).update(pull_failures=0)
        broken.setattr(type(world.program.carriers["vnpost"]), "track", staticmethod(busy))
        world.clock.advance(hours=1)
        await world.settle()
        assert await due_in(world, pickup) == timedelta(minutes=2)
    assert pauses[:5] == [2, 4, 8, 16, 32]
    assert pauses == sorted(pauses)
    assert max(pauses) == pulling.LONGEST_PAUSE.total_seconds() or max(pauses) == 2048
    # The first answer makes it forget.
    await world.carrier_moves(steps=4)
    assert (await Shipment.get(id=pickup["id"])).pull_failures == 0
    assert (await world.get(f"/api/v1/shipments/{pickup['id']}"))["status"] == "at_origin"


async def test_a_message_that_comes_while_we_ask_makes_us_ask_once_more(
    world: World, pickup: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = world.program.carriers["vnpost"]
    asked = carrier.track
    calls = 0

    async def track(item: str) -> list[CarrierFact]:
        nonlocal calls
        calls += 1
        answer = await asked(item)
        if calls == 1:
            # After the carrier wrote its answer, and before we read it, the papers move and a message says so.
            await world._carrier("advance", {"steps": 4})
            await queries.pull_now("vnpost", [item], [], world.clock())
        return answer

    monkeypatch.setattr(type(carrier), "track", staticmethod(track))
    world.clock.advance(minutes=5)
    await world.settle()
    assert calls == 2
    assert (await world.get(f"/api/v1/shipments/{pickup['id']}"))["status"] == "at_origin"


async def test_one_parcel_that_cannot_be_read_does_not_hold_up_the_others(
    world: World, pickup: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await world.file()
    await world.settle()
    carrier = world.program.carriers["vnpost"]
    asked = carrier.track

    async def track(item: str) -> list[CarrierFact]:
        if item == pickup["item_number"]:
            raise RuntimeError("a fault of ours")
        return await asked(item)

    with monkeypatch.context() as broken:
        broken.setattr(type(carrier), "track", staticmethod(track))
        await world.carrier_moves(steps=4)
    assert (await world.shipment(other["id"], "pickup"))["status"] == "at_origin"
    # Its claim runs out, and it is asked about again.
    world.clock.advance(seconds=pulling.CLAIM.total_seconds())
    await world.settle()
    assert (await world.get(f"/api/v1/shipments/{pickup['id']}"))["status"] == "at_origin"
