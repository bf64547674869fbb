"""What a carrier tells with the end of a shipment, or after it, is not lost with the message that announced it."""

import pytest

from carriers.ports import CarrierFact
from carriers.vnpost.adapter import VNPost
from postal_service.shipments import queries
from postal_service.shipments.pulling import PULL
from postal_service.storage.transactions import signal, transaction
from tests.world import World

TO_THE_END = 8
# The money comes after the end.
STEPS = [
    "assigned",
    "picking_up",
    "picked_up",
    "accepted",
    "transit",
    "arrived",
    "out_for_delivery",
    "delivered",
    "paid_out",
]


async def booked(world: World) -> tuple[str, str, str]:
    """Return a booked pickup shipment: its request, our reference, its item number."""
    request = await world.file()
    await world.settle()
    item = (await world.shipment(request["id"], "pickup"))["item_number"]
    async with world.carrier.get("/_sim/orders") as answer:
        reference = (await answer.json())["orders"][0]["reference"]
    async with world.carrier.post("/_sim/journeys", json={"reference": reference, "steps": STEPS}) as answer:
        assert answer.ok
    return request["id"], reference, item


async def hear(world: World, item: str) -> None:
    """Let the program hear that there is news of an item, as a hook does."""
    async with transaction():
        await queries.pull_now("vnpost", [item], [], world.clock())
        signal(PULL)


async def money(world: World, request_id: str) -> str:
    shipment = await world.shipment(request_id, "pickup")
    assert shipment["status"] == "delivered"
    return str(shipment["money_status"])


async def test_what_comes_after_the_end_is_asked_for_until_the_carrier_answers(world: World) -> None:
    request_id, reference, item = await booked(world)
    await world.carrier_moves(reference, TO_THE_END)
    assert await money(world, request_id) == "none"
    await world.carrier_fault("GetStatusHistoryOrder", "server_error", 2)
    await world.carrier_moves(reference, 1)
    await hear(world, item)
    await world.settle()
    assert await money(world, request_id) == "none"
    for _ in range(2):
        world.clock.advance(seconds=10)
        await world.settle()
    assert await money(world, request_id) == "remitted"


async def test_what_is_announced_while_the_end_is_being_read_is_read_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id, reference, item = await booked(world)
    track = VNPost.track

    async def overtaken(carrier: VNPost, number: str) -> list[CarrierFact]:
        monkeypatch.setattr(VNPost, "track", track)
        told = await track(carrier, number)
        async with world.carrier.post("/_sim/advance", json={"reference": reference}) as answer:
            assert answer.ok
        world.clock.advance(seconds=1)
        await hear(world, item)
        return told

    monkeypatch.setattr(VNPost, "track", overtaken)
    await world.carrier_moves(reference, TO_THE_END)
    assert await money(world, request_id) == "remitted"
