"""Booking with a carrier that is slow, busy or says no: every parcel is booked once, or a person is asked."""

from typing import Any

import pytest

from postal_service.outbox import service as outbox
from postal_service.shipments.models import ReviewItem, Shipment
from tests.world import World, a_world


async def orders(world: World) -> list[dict[str, Any]]:
    async with world.carrier.get("/_sim/orders") as answer:
        found: list[dict[str, Any]] = (await answer.json())["orders"]
        return found


async def reviews(shipment: dict[str, Any]) -> set[str]:
    return {item.kind for item in await ReviewItem.filter(shipment_id=shipment["id"])}


async def pass_time(world: World, *seconds: float) -> None:
    for amount in seconds:
        world.clock.advance(seconds=amount)
        await world.settle()


@pytest.mark.parametrize("fault", ["server_error_after", "cut_after", "garbage_after"])
async def test_an_order_whose_answer_was_lost_is_found_and_not_made_twice(world: World, fault: str) -> None:
    await world.carrier_fault("CreateOrder", fault)
    request = await world.file()
    await world.settle()
    assert (await world.shipment(request["id"], "pickup"))["status"] == "submit_unknown"
    await pass_time(world, 2)
    booked = await world.shipment(request["id"], "pickup")
    (order,) = await orders(world)
    assert (booked["status"], booked["item_number"]) == ("pickup_assigned", order["item_number"])


async def test_a_silent_carrier_is_looked_up_and_booked_again_only_when_it_has_nothing(world: World) -> None:
    # The carrier took the order and said nothing.
    await world.carrier_fault("CreateOrder", "silence_after")
    heard = await world.file()
    await world.settle()
    await pass_time(world, 2)
    assert (await world.shipment(heard["id"], "pickup"))["status"] == "pickup_assigned"
    # It broke down before it took the order: 503 says as little.
    await world.carrier_fault("CreateOrder", "server_error")
    unheard = await world.file()
    await world.settle()
    await pass_time(world, 2)
    # Absent, but too early to be sure.
    assert (await world.shipment(unheard["id"], "pickup"))["status"] == "submit_unknown"
    assert len(await orders(world)) == 1
    await pass_time(world, 2)
    assert (await world.shipment(unheard["id"], "pickup"))["status"] == "pickup_assigned"
    assert len(await orders(world)) == 2


async def test_a_look_up_that_is_not_answered_proves_nothing(world: World) -> None:
    await world.carrier_fault("CreateOrder", "cut_after")
    await world.carrier_fault("getOrder", "server_error", times=2)
    request = await world.file()
    await world.settle()
    await pass_time(world, 5)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "submit_unknown"
    await pass_time(world, 5, 5)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "pickup_assigned"
    assert len(await orders(world)) == 1


async def test_a_process_that_died_while_calling_leaves_its_order_to_be_looked_up(world: World) -> None:
    request = await world.file()
    pickup = await world.shipment(request["id"], "pickup")
    # As a crash leaves it: about to call, and nobody knows whether the call went out.
    await Shipment.filter(id=pickup["id"]).update(
        booking="submitting", carrier="vnpost", booking_tried_at=world.clock(), status="submitting"
    )
    await world.settle()
    await pass_time(world, 5)
    assert await orders(world) == []
    await pass_time(world, 11)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "pickup_assigned"
    assert len(await orders(world)) == 1


async def test_a_busy_carrier_is_asked_again_after_the_pause_it_wishes(world: World) -> None:
    await world.carrier_fault("CreateOrder", "too_many")
    request = await world.file()
    await world.settle()
    assert (await world.shipment(request["id"], "pickup"))["status"] == "draft"
    await pass_time(world, 1)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "pickup_assigned"
    assert len(await orders(world)) == 1


async def test_a_token_that_expired_is_renewed_without_anybody_noticing(world: World) -> None:
    await world.file()
    await world.settle()
    await world._carrier("expire-tokens", {})
    request = await world.file()
    await world.settle()
    assert (await world.shipment(request["id"], "pickup"))["status"] == "pickup_assigned"


async def test_a_carrier_that_does_not_know_us_is_asked_again_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    carrier: Any = world.program.carriers["vnpost"]
    with monkeypatch.context() as wrong:
        wrong.setattr(carrier._client, "_settings", carrier._client._settings.model_copy(update={"username": ""}))
        request = await world.file()
        await world.settle()
        assert (await world.shipment(request["id"], "pickup"))["status"] == "draft"
    await pass_time(world, 59)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "draft"
    await pass_time(world, 2)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "pickup_assigned"


async def test_an_order_the_carrier_refuses_is_shown_to_a_person(world: World) -> None:
    request = await world.file()
    pickup = await world.shipment(request["id"], "pickup")
    shipment = await Shipment.get(id=pickup["id"])
    shipment.sender["phone"] = "+4912"  # no Vietnamese number: VNPost says no
    await shipment.save()
    await world.settle()
    refused = await world.shipment(request["id"], "pickup")
    assert (refused["status"], refused["item_number"]) == ("submit_rejected", None)
    assert await reviews(pickup) == {"booking_refused"}
    assert [event for event, _ in await world.told(request["id"])] == ["filed", "filed"]
    # Nobody has it, so a cancel needs nobody's leave.
    await world.post(f"/api/v1/shipments/{pickup['id']}/cancel", {}, status=202)
    await world.settle()
    assert (await world.shipment(request["id"], "pickup"))["status"] == "cancelled"
    assert await orders(world) == []


async def test_without_a_carrier_the_work_waits_for_a_person(database_url: str, tmp_path: Any) -> None:
    async with a_world(database_url, tmp_path, carriers={}) as world:
        request = await world.file()
        await world.settle()
        assert (await world.shipment(request["id"], "pickup"))["status"] == "draft"
        (letter,) = await outbox.dead_letters()
        assert (letter.topic, letter.payload["shipment_id"]) == ("shipment.book", request["shipments"][0]["id"])
        assert "no enabled carrier" in str(letter.last_error)


async def test_a_cancel_before_the_pickup_is_the_carriers_to_grant(world: World) -> None:
    request = await world.file()
    await world.settle()
    pickup = await world.shipment(request["id"], "pickup")
    await world.post(f"/api/v1/shipments/{pickup['id']}/cancel", {"reason": "đổi ý"}, status=202)
    await world.settle()
    assert (await world.shipment(request["id"], "pickup"))["status"] == "cancel_requested"
    await world.carrier_moves(steps=1)
    cancelled = await world.shipment(request["id"], "pickup")
    assert (cancelled["status"], cancelled["custody"]["holder_kind"]) == ("cancelled", "citizen")
    # Once is enough.
    await world.post(f"/api/v1/shipments/{pickup['id']}/cancel", {}, status=202)
    assert await reviews(pickup) == set()


async def test_a_cancel_asked_while_a_worker_is_on_the_way_waits_for_the_carriers_approval(world: World) -> None:
    request = await world.file()
    await world.settle()
    await world.carrier_moves(steps=2)
    pickup = await world.shipment(request["id"], "pickup")
    assert pickup["status"] == "pickup_in_progress"
    await world.post(f"/api/v1/shipments/{pickup['id']}/cancel", {}, status=202)
    await world.settle()
    assert (await world.shipment(request["id"], "pickup"))["status"] == "cancel_requested"
    await world.carrier_moves(steps=1)
    await world.carrier_moves(steps=1)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "cancelled"
    assert await reviews(pickup) == set()


async def test_a_cancel_that_lost_the_race_goes_on_and_a_person_is_told(world: World) -> None:
    request = await world.file()
    await world.settle()
    pickup = await world.shipment(request["id"], "pickup")
    # The worker has taken the papers, which we do not know yet.
    await world._carrier("advance", {"steps": 3})
    await world.post(f"/api/v1/shipments/{pickup['id']}/cancel", {}, status=202)
    await world.program.dispatcher.drain()
    assert await reviews(pickup) == {"cancel_refused"}
    await world.carrier_moves(steps=20)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "delivered"
    late = await world.post(f"/api/v1/shipments/{pickup['id']}/cancel", {}, status=409)
    assert late["code"] == "too_late_to_cancel"


async def test_a_cancel_asked_while_the_order_is_on_its_way_is_sent_once_the_carrier_has_answered(world: World) -> None:
    await world.carrier_fault("CreateOrder", "cut_after")
    request = await world.file()
    await world.settle()
    pickup = await world.shipment(request["id"], "pickup")
    assert pickup["status"] == "submit_unknown"
    await world.post(f"/api/v1/requests/{request['id']}/withdraw", {"reason": "đổi ý"})
    await world.settle()
    await pass_time(world, 2, 2, 2)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "cancel_requested"
    await world.carrier_moves(steps=1)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "cancelled"
    assert "pickup_assigned" not in {event for event, _ in await world.told(request["id"])}
    assert await reviews(pickup) == set()


async def test_what_the_carrier_is_told_has_the_window_and_says_nothing_of_the_papers(world: World) -> None:
    window = {"start": "2026-11-25T13:00:00+07:00", "end": "2026-11-25T17:00:00+07:00"}
    address = {"province": "01", "ward": "Phường Hoàn Kiếm", "detail": "Số 1 phố Thử"}
    await world.file(pickup={"address": address, "window": window})
    await world.settle()
    (order,) = await orders(world)
    async with world.carrier.get(f"/_sim/orders/{order['reference']}") as answer:
        sent = (await answer.json())["details"]
    assert (sent["contentNote"], sent["sendType"]) == ("Hồ sơ hành chính", "1")
    assert sent["senderPhone"].startswith("0")
    assert "lý lịch" not in str(sent).lower()
    assert "001090012345" not in str(sent)
