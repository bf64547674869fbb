"""What the agency and the citizen do with a request, and what each step sets going."""

from typing import Any

from tests.world import World

CODE = "H26.14-261123-0001"


def path(request: dict[str, Any], step: str) -> str:
    return f"/api/v1/requests/{request['id']}/{step}"


async def step(world: World, request: dict[str, Any], name: str, body: dict[str, Any], *, status: int = 200) -> Any:
    return await world.post(path(request, name), body, status=status)


async def test_acceptance_starts_the_legal_clock_and_names_the_dossier(world: World) -> None:
    request = await world.file()
    await world.settle()
    world.clock.advance(days=3)
    accepted = await step(world, request, "accept", {"dossier_code": CODE, "appointment_no": "HK-7"})
    assert (accepted["status"], accepted["portal_status"]) == ("accepted", 2)
    assert (accepted["dossier_code"], accepted["appointment_no"]) == (CODE, "HK-7")
    # Thursday 26 November + 10 working days, + 2 for the way home.
    assert accepted["promised_on"] == "2026-12-14"
    assert await step(world, request, "accept", {"dossier_code": CODE}) == accepted
    other = await world.file()
    assert (await step(world, other, "accept", {"dossier_code": CODE}, status=409))["code"] == "dossier_code_taken"
    malformed = await step(world, other, "accept", {"dossier_code": "26-1"}, status=422)
    assert malformed["errors"][0]["pointer"] == "/dossier_code"
    too_long = {"dossier_code": CODE, "appointment_no": "x" * 61}
    assert (await step(world, other, "accept", too_long, status=422))["errors"][0]["pointer"] == "/appointment_no"
    await world.settle()
    assert [event for event, channel in await world.told(request["id"]) if channel == "sms"][-1] == "accepted"


async def test_additions_open_a_second_pickup_without_a_second_state_fee_and_pause_the_clock(world: World) -> None:
    request = await world.file()
    await world.settle()
    await world.carrier_moves(steps=20)
    first = await step(world, request, "accept", {"dossier_code": CODE})
    world.clock.advance(days=1)
    asked = {"missing": ["Bản sao căn cước"], "due_on": "2026-12-20"}
    waiting = await step(world, request, "additions", asked)
    assert (waiting["status"], waiting["portal_status"]) == ("additions_requested", 5)
    assert (waiting["missing"], waiting["additions_due_on"]) == (asked["missing"], asked["due_on"])
    kinds = [line["kind"] for line in waiting["fees"]["lines"]]
    assert (kinds.count("state_fee"), kinds.count("postage_pickup")) == (1, 2)
    assert [s["leg"] for s in waiting["shipments"]] == ["pickup", "pickup"]
    assert await step(world, request, "additions", asked) == waiting
    world.clock.advance(days=7)
    await world.settle()
    second = await world.shipment(request["id"], "pickup")
    assert second["item_number"] != waiting["shipments"][0]["item_number"]
    assert second["status"] == "pickup_assigned"
    again = await step(world, request, "accept", {"dossier_code": CODE})
    # From Tuesday's holiday to the next Tuesday are five working days: the citizen's, not the agency's.
    assert (first["promised_on"], again["promised_on"]) == ("2026-12-10", "2026-12-17")
    assert (again["missing"], again["additions_due_on"]) == (None, None)
    late = await step(world, request, "additions", {"missing": ["x"], "due_on": "2026-11-01"}, status=422)
    assert late["errors"][0]["pointer"] == "/due_on"


async def test_without_a_pickup_additions_come_by_upload(world: World) -> None:
    request = await world.file(pickup=None)
    waiting = await step(world, request, "additions", {"missing": ["Tờ khai"], "due_on": "2026-12-20"})
    assert waiting["shipments"] == []
    assert waiting["fees"] == request["fees"]
    assert (await step(world, request, "accept", {"dossier_code": CODE}))["status"] == "accepted"


async def test_a_refused_request_is_over(world: World) -> None:
    request = await world.file()
    refused = await step(world, request, "refuse", {"reason": "Không thuộc thẩm quyền"})
    assert (refused["status"], refused["portal_status"]) == ("refused", 3)
    assert await step(world, request, "refuse", {"reason": "Không thuộc thẩm quyền"}) == refused
    bodies: dict[str, dict[str, Any]] = {
        "accept": {"dossier_code": CODE},
        "additions": {"missing": ["x"], "due_on": "2026-12-20"},
        "issue": {"copies": 1},
        "withdraw": {"reason": "x"},
    }
    for name, body in bodies.items():
        problem = await step(world, request, name, body, status=409)
        assert (problem["code"], problem["current"]) == ("wrong_status", "refused")
    await world.settle()
    (pickup,) = (await world.request(request["id"]))["shipments"]
    assert pickup["status"] == "cancelled"
    assert {event for event, _ in await world.told(request["id"])} == {"refused"}


async def test_a_paper_result_goes_home_by_post_and_ends_the_request(world: World) -> None:
    request = await world.file(pickup=None)
    assert (await step(world, request, "issue", {"copies": 2}, status=409))["code"] == "wrong_status"
    await step(world, request, "accept", {"dossier_code": CODE})
    issued = await step(world, request, "issue", {"paper": True, "copies": 2})
    assert (issued["status"], issued["portal_status"]) == ("issued", 9)
    assert [s["leg"] for s in issued["shipments"]] == ["delivery"]
    assert await step(world, request, "issue", {"paper": True, "copies": 2}) == issued
    assert (await step(world, request, "withdraw", {"reason": "x"}, status=409))["current"] == "issued"
    await world.settle()
    await world.carrier_moves(steps=20)
    assert (await world.request(request["id"]))["portal_status"] == 10


async def test_an_electronic_result_needs_no_post_and_a_counter_one_waits_at_the_agency(world: World) -> None:
    request = await world.file(pickup=None)
    await step(world, request, "accept", {"dossier_code": CODE})
    issued = await step(world, request, "issue", {"paper": False, "copies": 1})
    assert (issued["status"], issued["shipments"]) == ("returned", [])
    at_counter = await world.file(pickup=None, delivery=None)
    await step(world, at_counter, "accept", {"dossier_code": "H26.14-261123-0002"})
    issued = await step(world, at_counter, "issue", {"paper": True, "copies": 1})
    assert (issued["status"], issued["shipments"]) == ("issued", [])


async def test_withdrawing_cancels_what_was_not_collected_yet(world: World) -> None:
    unbooked = await world.file()
    withdrawn = await step(world, unbooked, "withdraw", {"reason": "đổi ý"})
    assert (withdrawn["status"], withdrawn["portal_status"]) == ("withdrawn", 7)
    assert await step(world, unbooked, "withdraw", {"reason": "đổi ý"}) == withdrawn
    await world.settle()
    assert (await world.shipment(unbooked["id"], "pickup"))["status"] == "cancelled"
    async with world.carrier.get("/_sim/stats") as stats:
        assert (await stats.json())["orders"] == 0
    booked, collected = await world.file(), await world.file()
    await world.settle()
    reference = f"HS-{collected['id'][-12:]}-P1"
    await world.carrier_moves(reference, steps=4)
    for request in (booked, collected):
        await step(world, request, "withdraw", {"reason": "đổi ý"})
    await world.settle()
    await world.carrier_moves(steps=1)
    assert (await world.shipment(booked["id"], "pickup"))["status"] == "cancelled"
    # Papers on their way go on: the agency sends them back.
    assert (await world.shipment(collected["id"], "pickup"))["status"] in ("at_origin", "in_transit")
    assert ("withdrawn", "sms") in await world.told(booked["id"])


async def test_a_missed_promise_is_told_once_and_a_new_promise_may_be_missed_again(world: World) -> None:
    request = await world.file(pickup=None)
    late_at = world.program.intake.tell_late
    assert await late_at() == 0
    world.clock.advance(days=30)
    assert (await late_at(), await late_at()) == (1, 0)
    await world.settle()
    assert (await world.told(request["id"]))[-2:] == [("late", "sms"), ("late", "email")]
    await step(world, request, "accept", {"dossier_code": CODE})
    await step(world, request, "additions", {"missing": ["x"], "due_on": "2027-02-01"})
    world.clock.advance(days=40)
    # While the citizen is asked, nobody is late.
    assert await late_at() == 0
    await step(world, request, "accept", {"dossier_code": CODE})
    world.clock.advance(days=60)
    assert (await late_at(), await late_at()) == (1, 0)
    await world.settle()
    assert [event for event, _ in await world.told(request["id"])].count("late") == 4
