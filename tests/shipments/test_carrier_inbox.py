"""Carriers' messages: proved, stored, answered, and only then read. A message is a hint, the carrier's answer the fact."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from carriers.simulator.keys import signer_from
from carriers.simulator.vnpost_wire import moment
from postal_service.operations.upkeep import replay
from postal_service.shipments import recording
from postal_service.shipments.models import CarrierMessage, ReviewItem, Shipment
from tests.world import World

HOOK = "/hooks/carriers/vnpost"


@pytest.fixture
async def pickup(world: World) -> dict[str, Any]:
    request = await world.file()
    await world.settle()
    world.clock.advance(minutes=2)
    return await world.shipment(request["id"], "pickup")


@pytest.fixture
def hook(world: World, tmp_path: Path) -> Any:
    """Write VNPost's message about an item, signed with the right key."""
    sign = signer_from(tmp_path / "hook-public.pem")

    def write(item: str, status: int, *, signature: bytes | None = None) -> bytes:
        sent = moment(world.clock())
        signed = sign(f"MYVNP{sent}{item}{status}".encode()) if signature is None else signature
        body = {
            "data": [{"itemCode": item, "originalId": "x", "saleOrderCode": "y", "status": status}],
            "sendDate": sent,
            "signature": base64.b64encode(signed).decode(),
        }
        return json.dumps(body).encode()

    return write


async def knock(world: World, body: bytes, path: str = HOOK) -> tuple[int, bytes]:
    async with world.api.post(path, data=body, headers={"Content-Type": "application/json"}) as answer:
        return answer.status, await answer.read()


async def test_a_message_is_stored_before_it_is_answered_and_makes_us_ask(
    world: World, pickup: dict[str, Any], hook: Any
) -> None:
    await world._carrier("advance", {"steps": 3})
    # It says delivered; the carrier, asked, says picked up.
    status, body = await knock(world, hook(pickup["item_number"], 14))
    assert (status, json.loads(body)) == (200, {"success": True})
    (stored,) = await CarrierMessage.all()
    assert (stored.carrier, stored.handled_at) == ("vnpost", None)
    assert (await world.get(f"/api/v1/shipments/{pickup['id']}"))["status"] == "pickup_assigned"
    await world.settle()
    assert (await world.get(f"/api/v1/shipments/{pickup['id']}"))["status"] == "picked_up"
    await stored.refresh_from_db()
    assert stored.result == "ok"


async def test_many_messages_at_once_are_all_kept_and_change_nothing_twice(
    world: World, pickup: dict[str, Any], hook: Any
) -> None:
    await world._carrier("advance", {"steps": 3})
    body = hook(pickup["item_number"], 6)
    answers = await asyncio.gather(*(knock(world, body) for _ in range(12)))
    assert {status for status, _ in answers} == {200}
    assert await CarrierMessage.all().count() == 12
    await world.settle()
    shown = await world.get(f"/api/v1/shipments/{pickup['id']}")
    told = [event["status"] for event in shown["events"] if event["source"] == "carrier:vnpost"]
    assert len(told) == len(set(told))


async def test_a_forged_message_is_refused_and_leaves_no_trace(world: World, pickup: dict[str, Any], hook: Any) -> None:
    asked_before = (await Shipment.get(id=pickup["id"])).next_pull_at
    forged = (
        hook(pickup["item_number"], 14, signature=b"noise" * 51 + b"n"),
        hook(pickup["item_number"], 14, signature=b""),
        hook(pickup["item_number"], 14).replace(b'"status": 14', b'"status": 19'),
        b"{}",
        b"not json",
        b"",
    )
    for body in forged:
        status, answer = await knock(world, body)
        assert status == 401
        assert pickup["item_number"].encode() not in answer
    assert await CarrierMessage.all().count() == 0
    assert (await Shipment.get(id=pickup["id"])).next_pull_at == asked_before
    for nobody in ("/hooks/carriers/nobody", "/hooks/carriers/ghn", "/hooks/carriers/ghn/secret"):
        assert (await knock(world, hook(pickup["item_number"], 14), nobody))[0] == 404


async def test_a_message_faster_than_our_own_booking_is_read_again(world: World, hook: Any) -> None:
    await world.carrier_fault("CreateOrder", "cut_after")
    request = await world.file()
    await world.settle()
    async with world.carrier.get("/_sim/orders") as answer:
        (order,) = (await answer.json())["orders"]
    assert (await knock(world, hook(order["item_number"], 2)))[0] == 200
    await world.settle()
    (stored,) = await CarrierMessage.all()
    assert stored.handled_at is None
    for _ in range(3):
        world.clock.advance(seconds=2)
        await world.settle()
    await stored.refresh_from_db()
    assert stored.result == "ok"
    assert (await world.shipment(request["id"], "pickup"))["status"] == "pickup_assigned"
    # What is nobody's of ours is kept and let go.
    await knock(world, hook("CV000000000VN", 2))
    world.clock.advance(minutes=2)
    await world.settle()
    assert await CarrierMessage.filter(result="not_ours").count() == 1


async def test_a_code_no_document_names_is_put_up_for_review_and_moves_nothing(
    world: World, pickup: dict[str, Any], hook: Any
) -> None:
    reference = (await Shipment.get(id=pickup["id"])).reference
    steps = ["assigned", "picking_up", "picked_up", "strange"]
    await world._carrier("journeys", {"reference": reference, "steps": steps})
    await world._carrier("advance", {"steps": 4})
    status, _ = await knock(world, hook(pickup["item_number"], 26))
    assert status == 200
    await world.settle()
    shown = await world.get(f"/api/v1/shipments/{pickup['id']}")
    assert shown["status"] == "picked_up"
    assert [item.kind for item in await ReviewItem.filter(shipment_id=pickup["id"])] == ["unknown_code"]
    before = shown["events"]
    await knock(world, hook(pickup["item_number"], 26))
    await world.settle()
    assert (await world.get(f"/api/v1/shipments/{pickup['id']}"))["events"] == before
    assert await ReviewItem.filter(shipment_id=pickup["id"]).count() == 1


async def test_stored_messages_can_be_read_again(world: World, pickup: dict[str, Any], hook: Any) -> None:
    await knock(world, hook(pickup["item_number"], 6))
    await world.settle()
    (stored,) = await CarrierMessage.all()
    first_read = stored.handled_at
    # A lost write, say: what the carrier said since is not with us.
    await world._carrier("advance", {"steps": 3})
    world.clock.advance(minutes=1)
    assert await replay(world.program, stored.id, None) == 1
    await world.settle()
    assert (await world.get(f"/api/v1/shipments/{pickup['id']}"))["status"] == "picked_up"
    await stored.refresh_from_db()
    assert stored.handled_at != first_read
    # By time, in whatever offset it is given.
    since = stored.received_at
    assert await replay(world.program, None, since) == 1
    assert await replay(world.program, None, since.replace(year=2027)) == 0


async def test_the_state_can_be_made_anew_from_the_facts(world: World, pickup: dict[str, Any]) -> None:
    await world.carrier_moves(steps=4)
    await Shipment.filter(id=pickup["id"]).update(status="created")
    assert await recording.refold(pickup["id"])
    assert (await Shipment.get(id=pickup["id"])).status == "at_origin"
    assert not await recording.refold(pickup["id"])
