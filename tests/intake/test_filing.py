"""Filing a request over HTTP: once, with its price, and with words for whatever is wrong."""

import asyncio
from typing import Any

from postal_service.accounts.permissions import Scope
from tests.world import World, a_request

REQUESTS = "/api/v1/requests"


def lines(request: dict[str, Any]) -> dict[str, tuple[int, str]]:
    return {line["kind"]: (line["amount_vnd"], line["due_at"]) for line in request["fees"]["lines"]}


async def test_the_same_request_again_is_the_same_answer_and_books_nothing_twice(world: World) -> None:
    body = a_request()
    first = await world.post(REQUESTS, body, status=201)
    again = await world.post(REQUESTS, body, status=200)
    assert again == first
    taken = await world.post(REQUESTS, body | {"copies": 3}, status=409)
    assert taken["code"] == "external_id_taken"
    # Many at once, as portals do when a line is slow.
    body = a_request()
    answers = await asyncio.gather(*(world.api.post(REQUESTS, json=body, headers=world._headers({})) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [201]
    assert len({(await answer.json())["id"] for answer in answers}) == 1
    # Another portal numbers its requests as it likes.
    other = await world.program.accounts.create_api_client("other portal", [Scope.REQUESTS_WRITE])
    theirs = await world.post(REQUESTS, body | {"copies": 1}, status=201, Authorization=f"Bearer {other.key}")
    assert theirs["id"] != first["id"]
    await world.settle()
    async with world.carrier.get("/_sim/stats") as stats:
        told = await stats.json()
        assert (told["orders"], told["double_references"]) == (3, [])


async def test_the_same_request_is_found_again_when_its_window_has_passed(world: World) -> None:
    window = {"start": "2026-11-25T08:00:00+07:00", "end": "2026-11-25T11:00:00+07:00"}
    body = a_request(pickup={**a_request()["pickup"], "window": window})
    first = await world.post(REQUESTS, body, status=201)
    world.clock.advance(days=5)
    assert (await world.post(REQUESTS, body, status=200))["id"] == first["id"]
    assert (await world.post(REQUESTS, body | {"copies": 3}, status=409))["code"] == "external_id_taken"


async def test_an_idempotency_key_keeps_the_answer_whatever_it_was(world: World) -> None:
    body = a_request()
    first = await world.post(REQUESTS, body, status=201, Idempotency_Key="k-1")
    assert await world.post(REQUESTS, body, status=201, Idempotency_Key="k-1") == first
    reused = await world.post(REQUESTS, a_request(), status=422, Idempotency_Key="k-1")
    assert reused["code"] == "idempotency_key_reused"
    wrong = a_request(agency="atlantis")
    refused = await world.post(REQUESTS, wrong, status=422, Idempotency_Key="k-2")
    assert await world.post(REQUESTS, wrong, status=422, Idempotency_Key="k-2") == refused


async def test_the_answer_has_what_the_portal_shows_its_citizen(world: World) -> None:
    request = await world.file(copies=3, fee_class="reduced")
    assert request["tracking_url"] == f"http://127.0.0.1:8080/t/{request['tracking_code']}"
    assert (request["status"], request["portal_status"], request["dossier_code"]) == ("filed", 1, None)
    assert lines(request) == {
        "state_fee": (105_000, "pickup"),
        "postage_pickup": (30_000, "pickup"),
        "postage_delivery": (30_000, "delivery"),
    }
    assert request["fees"]["total_vnd"] == 165_000
    # Two working days to the agency, ten there, two back; the 24th is a holiday.
    assert request["promised_on"] == "2026-12-14"
    (pickup,) = request["shipments"]
    assert (pickup["leg"], pickup["status"], pickup["custody"]["holder_kind"]) == ("pickup", "draft", "citizen")
    assert request["tracking_code"] not in pickup["label_code"]
    english = await world.get(f"{REQUESTS}/{request['id']}", Accept_Language="en")
    assert english["fees"]["lines"][0]["why"].startswith("Criminal record fee")
    # Foreigners and people of many residences wait longer.
    longer = await world.file(foreign_or_many_residences=True)
    assert longer["promised_on"] == "2026-12-21"


async def test_no_door_asks_for_what_the_portal_has_taken(world: World) -> None:
    paid = {
        "paid_vnd": 260_000,
        "paid_at": "2026-11-23T08:00:00+07:00",
        "provider": "PayGov",
        "reference": "PG-1",
        "receipt_no": "0000001",
    }
    request = await world.file(payment=paid)
    assert {due_at for _, due_at in lines(request).values()} == {"paid"}
    assert request["fees"]["total_vnd"] == 260_000


async def test_papers_may_be_brought_to_a_post_office_counter(world: World) -> None:
    request = await world.file(pickup={"post_office": "100001"})
    await world.settle()
    pickup = await world.shipment(request["id"], "pickup")
    # Booked all the same, but no worker comes to the door.
    assert (pickup["status"], pickup["worker"]) == ("created", None)
    assert ("pickup_assigned", "sms") not in await world.told(request["id"])
    async with world.carrier.get("/_sim/orders") as answer:
        (order,) = (await answer.json())["orders"]
    async with world.carrier.get(f"/_sim/orders/{order['reference']}") as answer:
        booked = (await answer.json())["details"]
    assert (booked["sendType"], booked["senderCommuneName"]) == ("2", "Phường Hoàn Kiếm")
    await world.carrier_moves(steps=20)
    assert (await world.shipment(request["id"], "pickup"))["status"] == "delivered"
    unknown = await world.post(REQUESTS, a_request(pickup={"post_office": "999999"}), status=422)
    assert unknown["errors"][0]["pointer"] == "/pickup/post_office"


async def test_pickup_and_delivery_may_each_be_left_out(world: World) -> None:
    only_delivery = await world.file(pickup=None)
    assert lines(only_delivery) == {"state_fee": (200_000, "delivery"), "postage_delivery": (30_000, "delivery")}
    assert only_delivery["shipments"] == []
    only_pickup = await world.file(delivery=None)
    assert lines(only_pickup) == {"state_fee": (200_000, "pickup"), "postage_pickup": (30_000, "pickup")}
    neither = await world.file(pickup=None, delivery=None, agency="can-tho")
    assert neither["shipments"] == []


async def test_an_address_of_before_the_merger_is_fetched_where_it_lies_today(world: World) -> None:
    older = {"province": "89", "ward": "Phường Mỹ Long", "district": "Thành phố Long Xuyên", "detail": "Số 5"}
    request = await world.file(agency="an-giang", pickup={"address": older}, delivery={"address": older})
    assert lines(request)["postage_pickup"] == (30_000, "pickup")
    await world.settle()
    pickup = await world.shipment(request["id"], "pickup")
    assert pickup["worker"]["post_office"] == "880001"  # Long Xuyên
    from_afar = await world.file(delivery={"address": older})
    assert lines(from_afar)["postage_delivery"] == (40_000, "delivery")


async def test_what_is_wrong_is_named_field_by_field_in_the_readers_language(world: World) -> None:
    applicant = {**a_request()["applicant"], "phone": "12", "email": "không phải thư"}
    body = a_request(copies=0, applicant=applicant, colour="blue")
    vietnamese = await world.post(REQUESTS, body, status=422)
    english = await world.post(REQUESTS, body, status=422, Accept_Language="en")
    assert vietnamese["code"] == english["code"] == "invalid_body"
    assert {e["pointer"] for e in english["errors"]} == {"/copies", "/applicant/email", "/colour"}
    assert all(e["code"] and e["message"] for e in english["errors"] + vietnamese["errors"])
    assert [e["message"] for e in english["errors"]] != [e["message"] for e in vietnamese["errors"]]
    rules = await world.post(REQUESTS, a_request(applicant={**a_request()["applicant"], "phone": "12"}), status=422)
    assert rules["errors"] == [
        {"pointer": "/applicant/phone", "code": "bad_phone", "message": "Số điện thoại không hợp lệ."}
    ]
    # The shapes are as long as what is kept.
    long = {"external_id": "x" * 65, "fee_reason": "x" * 161}
    too_long = await world.post(REQUESTS, a_request(**long), status=422)
    assert {e["pointer"] for e in too_long["errors"]} == {"/external_id", "/fee_reason"}
    async with world.api.post(REQUESTS, data=b"{", headers=world._headers({"Content_Type": "application/json"})) as answer:
        assert (answer.status, answer.content_type) == (400, "application/problem+json")


async def test_a_client_sees_its_own_agency_and_does_what_its_scopes_allow(world: World) -> None:
    ours, theirs = await world.file(), await world.file(agency="da-nang")
    accounts = world.program.accounts
    bound = await accounts.create_api_client(
        "hanoi desk", [Scope.REQUESTS_READ, Scope.REQUESTS_WRITE, Scope.SHIPMENTS_READ, Scope.SHIPMENTS_WRITE], "hanoi"
    )
    key = f"Bearer {bound.key}"
    assert (await world.get(f"{REQUESTS}/{ours['id']}", Authorization=key))["id"] == ours["id"]
    # What belongs to another agency is not there, rather than forbidden: nothing is learned by trying.
    their_pickup = theirs["shipments"][0]["id"]
    await world.get(f"{REQUESTS}/{theirs['id']}", status=404, Authorization=key)
    await world.post(f"{REQUESTS}/{theirs['id']}/refuse", {"reason": "x"}, status=404, Authorization=key)
    await world.get(f"/api/v1/shipments/{their_pickup}", status=404, Authorization=key)
    await world.get(f"/api/v1/shipments/{their_pickup}/custody", status=404, Authorization=key)
    await world.post(f"/api/v1/shipments/{their_pickup}/cancel", {}, status=404, Authorization=key)
    assert [r["id"] for r in (await world.get(REQUESTS, Authorization=key))["items"]] == [ours["id"]]
    assert (await world.get(f"{REQUESTS}?agency=da-nang", Authorization=key))["items"] == []
    assert [s["request_id"] for s in (await world.get("/api/v1/shipments", Authorization=key))["items"]] == [ours["id"]]
    refused = await world.post(REQUESTS, a_request(agency="da-nang"), status=403, Authorization=key)
    assert refused["code"] == "other_agency"
    reader = await accounts.create_api_client("reader", [Scope.REQUESTS_READ])
    key = f"Bearer {reader.key}"
    assert (await world.post(REQUESTS, a_request(), status=403, Authorization=key))["code"] == "forbidden_scope"
    await world.get("/api/v1/shipments", status=403, Authorization=key)
    await world.get("/api/v1/fees/quote?procedure=criminal-record-1&agency=hanoi", status=403, Authorization=key)
    await world.get(f"{REQUESTS}/{ours['id']}", status=401, Authorization="Bearer nonsense")


async def test_requests_are_listed_newest_first_by_page_and_filter(world: World) -> None:
    filed = [await world.file() for _ in range(5)]
    await world.post(f"{REQUESTS}/{filed[0]['id']}/accept", {"dossier_code": "H26.14-261123-0001"})
    seen: list[str] = []
    page = await world.get(f"{REQUESTS}?limit=2")
    while True:
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        page = await world.get(f"{REQUESTS}?limit=2&cursor={page['next_cursor']}")
    assert seen == [request["id"] for request in reversed(filed)]

    async def found(query: str) -> list[str]:
        return [item["id"] for item in (await world.get(f"{REQUESTS}?{query}"))["items"]]

    assert await found(f"external_id={filed[2]['external_id']}") == [filed[2]["id"]]
    assert await found("dossier_code=H26.14-261123-0001") == await found("status=accepted") == [filed[0]["id"]]
    for bad in ("limit=0", "limit=201", "cursor=%25", "status=lost"):
        assert (await world.get(f"{REQUESTS}?{bad}", status=422))["code"].startswith("invalid_")
    # Ids of any shape that name nothing are not there.
    for unknown in ("x", "0" * 26, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "%C4%91%E1%BB%93"):
        assert (await world.get(f"{REQUESTS}/{unknown}", status=404))["code"] == "not_found"
        await world.post(f"{REQUESTS}/{unknown}/withdraw", {"reason": "đổi ý"}, status=404)


async def test_the_price_asked_beforehand_is_the_price_filed(world: World) -> None:
    asked = "/api/v1/fees/quote?procedure=criminal-record-1&agency=hanoi&copies=3&fee_class=standard"
    quoted = await world.get(asked)
    assert quoted["total_vnd"] == (await world.file(copies=3))["fees"]["total_vnd"]
    # Hà Nội paid for requests filed by VNeID from 22 April to 31 December 2024, on a line of its own.
    for day, subsidy in (("2024-04-21", 0), ("2024-04-22", -205_000), ("2024-12-31", -205_000), ("2025-01-01", 0)):
        by_vneid = await world.get(f"{asked}&channel=vneid&on={day}")
        assert sum(line["amount_vnd"] for line in by_vneid["lines"] if line["kind"] == "subsidy") == subsidy
    assert (await world.get(f"{asked}&on=2009-01-01", status=422))["code"] == "no_fee_rule"
    assert (await world.get(f"{asked}&copies=0", status=422))["code"] == "invalid_query"


async def test_agencies_procedures_and_offices_are_there_for_the_portals_form(world: World) -> None:
    agencies = {a["agency"]: a for a in (await world.get("/api/v1/agencies"))["items"]}
    with_post = {name for name, agency in agencies.items() if agency["stage"] == "online_with_post"}
    assert with_post == {"hanoi", "ho-chi-minh", "da-nang", "an-giang", "bac-ninh"}
    assert agencies["hanoi"]["carriers"] == ["vnpost", "viettelpost", "ghn", "ghtk"]
    procedures = {p["procedure"]: p for p in (await world.get("/api/v1/procedures"))["items"]}
    assert set(procedures) == {"criminal-record-1", "criminal-record-2", "birth-registration", "marital-status"}
    assert procedures["criminal-record-1"]["limit_working_days"] == 10
    offices = (await world.get("/api/v1/post-offices?province=79"))["items"]
    assert offices
    assert {office["province"] for office in offices} == {"79"}
