"""The main job: filed, collected, accepted, issued, brought home; each told once."""

from tests.world import World


async def test_a_request_goes_from_the_door_to_the_agency_and_the_certificate_comes_home(world: World) -> None:
    request = await world.file()
    request_id = request["id"]
    await world.settle()
    pickup = await world.shipment(request_id, "pickup")
    assert pickup["carrier"] == "vnpost"
    assert pickup["item_number"].endswith("VN")
    assert pickup["status"] == "pickup_assigned"
    assert pickup["worker"]["name"]

    await world.carrier_moves(steps=20)
    pickup = await world.shipment(request_id, "pickup")
    assert (pickup["status"], pickup["custody"]["holder_kind"]) == ("delivered", "agency")

    await world.post(f"/api/v1/requests/{request_id}/accept", {"dossier_code": "H26.14-261123-0001"})
    await world.settle()
    await world.post(f"/api/v1/requests/{request_id}/issue", {"paper": True, "copies": 2})
    await world.settle()
    await world.carrier_moves(steps=20)
    delivery = await world.shipment(request_id, "delivery")
    assert (delivery["status"], delivery["custody"]["holder_kind"]) == ("delivered", "citizen")
    assert (await world.request(request_id))["status"] == "returned"

    told = await world.told(request_id)
    assert len(told) == len(set(told))
    assert [event for event, channel in told if channel == "email"] == [
        "filed",
        "pickup_assigned",
        "pickup_delivered",
        "accepted",
        "issued",
        "delivered",
    ]
