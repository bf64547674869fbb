"""What a client may ask of a shipment and tell about it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from postal_service.shipments.models import ReviewItem
from tests.world import World

SHIPMENTS = "/api/v1/shipments"


@pytest.fixture
async def pickup(world: World) -> dict[str, Any]:
    """A booked pickup whose worker is named."""
    request = await world.file()
    await world.settle()
    return await world.shipment(request["id"], "pickup")


def event(world: World, source_id: str, status: str, *, minutes: int = 0, **more: Any) -> dict[str, Any]:
    at = world.clock() + timedelta(minutes=minutes)
    return {"source_id": source_id, "status": status, "occurred_at": at.isoformat(), **more}


async def test_each_told_event_is_answered_with_what_became_of_it(world: World, pickup: dict[str, Any]) -> None:
    world.clock.advance(hours=5)

    async def tell(*events: dict[str, Any]) -> dict[str, str]:
        told = await world.post(f"{SHIPMENTS}/{pickup['id']}/events", {"events": events})
        return {result["source_id"]: result["result"] for result in told["results"]}

    taken = event(world, "e1", "picked_up", minutes=-60, place="Bưu cục Hoàn Kiếm", note="1 phong bì")
    assert await tell(taken) == {"e1": "applied"}
    assert await tell(taken) == {"e1": "duplicate"}
    assert await tell(event(world, "e4", "delivered", minutes=-10)) == {"e4": "applied"}
    assert await tell(event(world, "e3", "in_transit", minutes=-30), event(world, "e5", "teleported", minutes=-5)) == {
        "e3": "late",
        "e5": "unknown",
    }
    # Another telling of the same state is no new one, and nothing leaves an end.
    assert await tell(event(world, "e6", "delivered", minutes=-2), event(world, "e7", "in_transit", minutes=-1)) == {
        "e6": "duplicate",
        "e7": "illegal",
    }
    shown = await world.get(f"{SHIPMENTS}/{pickup['id']}")
    assert (shown["status"], shown["custody"]["holder_kind"]) == ("delivered", "agency")
    timeline = [(e["status"], e["effective"]) for e in shown["events"] if e["source"] == "client"]
    assert timeline == [
        ("picked_up", True),
        ("in_transit", True),
        ("delivered", True),
        (None, False),
        ("delivered", False),
        ("in_transit", False),
    ]
    first = next(e for e in shown["events"] if e["source"] == "client")
    assert (first["place"], first["note"]) == ("Bưu cục Hoàn Kiếm", "1 phong bì")
    assert {item.kind for item in await ReviewItem.filter(shipment_id=pickup["id"])} == {"unknown_code", "illegal_move"}
    chain = (await world.get(f"{SHIPMENTS}/{pickup['id']}/custody"))["items"]
    assert (chain[0]["holder_kind"], chain[-1]["holder_kind"]) == ("citizen", "agency")
    assert [link["since"] for link in chain] == sorted(link["since"] for link in chain)


async def test_an_event_that_names_its_worker_wins_over_our_plan(world: World, pickup: dict[str, Any]) -> None:
    worker = {"name": "Trần Văn Đến", "phone": "0912 345 678", "employee_code": "HN777", "post_office": "100001"}
    body = {"events": [event(world, "e1", "pickup_in_progress", minutes=1, worker=worker)]}
    told = await world.post(f"{SHIPMENTS}/{pickup['id']}/events", body)
    assert told["shipment"]["worker"] == worker | {"phone": "+84912345678"}
    body = {"events": [event(world, "e2", "picked_up", worker=worker | {"phone": "12"})]}
    wrong = await world.post(f"{SHIPMENTS}/{pickup['id']}/events", body, status=422)
    assert wrong["errors"][0]["pointer"] == "/events/0/worker/phone"


async def test_events_that_cannot_be_kept_are_refused_field_by_field(world: World, pickup: dict[str, Any]) -> None:
    path = f"{SHIPMENTS}/{pickup['id']}/events"
    worker = {"name": "x", "employee_code": "x" * 33, "post_office": "x" * 33}
    bad = event(world, "x" * 101, "x" * 41, place="x" * 101, note="x" * 301, worker=worker)
    wrong = await world.post(path, {"events": [bad]}, status=422)
    assert {error["pointer"] for error in wrong["errors"]} == {
        f"/events/0/{field}"
        for field in ("source_id", "status", "place", "note", "worker/employee_code", "worker/post_office")
    }
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-11-23T08:00:00", "hôm nay"):
        wrong = await world.post(path, {"events": [event(world, "e", "created") | {"occurred_at": moment}]}, status=422)
        assert wrong["errors"][0]["pointer"] == "/events/0/occurred_at"
    assert (await world.post(path, {"events": []}, status=422))["errors"][0]["pointer"] == "/events"
    longest = event(world, "x" * 100, "x" * 40, place="x" * 100, note="x" * 300)
    assert (await world.post(path, {"events": [longest]}))["results"][0]["result"] == "unknown"


async def test_one_event_told_by_many_at_once_is_applied_once(world: World, pickup: dict[str, Any]) -> None:
    body = {"events": [event(world, "e1", "picked_up", minutes=1)]}
    told = await asyncio.gather(*(world.post(f"{SHIPMENTS}/{pickup['id']}/events", body) for _ in range(6)))
    results = [answer["results"][0]["result"] for answer in told]
    assert len([e for e in told[-1]["shipment"]["events"] if e["source"] == "client"]) == 1
    assert "applied" in results
    assert set(results) <= {"applied", "duplicate"}


async def test_a_worker_is_named_by_staff_number_as_often_as_one_likes(world: World, pickup: dict[str, Any]) -> None:
    path = f"{SHIPMENTS}/{pickup['id']}/assign"
    world.clock.advance(minutes=1)
    named = await world.post(path, {"employee_code": "HN002"})
    assert (named["worker"]["name"], named["worker"]["employee_code"]) == ("Trần Thị Hoa", "HN002")
    assert await world.post(path, {"employee_code": "HN002"}) == named
    assert (await world.post(path, {"employee_code": "HN999"}, status=422))["code"] == "unknown_worker"
    world.clock.advance(minutes=1)
    back = await world.post(path, {"employee_code": "HN001"})
    assert back["worker"]["employee_code"] == "HN001"


async def test_a_new_window_is_taken_until_the_papers_are_collected(world: World, pickup: dict[str, Any]) -> None:
    path = f"{SHIPMENTS}/{pickup['id']}/reschedule"
    window = {"start": "2026-11-26T13:00:00+07:00", "end": "2026-11-26T17:00:00+07:00"}
    moved = await world.post(path, {"window": window})
    assert moved["window"] == window
    backwards = {"window": {"start": window["end"], "end": window["start"]}}
    assert (await world.post(path, backwards, status=422))["errors"][0]["code"] == "window_backwards"
    past = {"window": {"start": "2026-11-20T13:00:00+07:00", "end": "2026-11-20T17:00:00+07:00"}}
    assert (await world.post(path, past, status=422))["errors"][0]["code"] == "window_past"
    await world.carrier_moves(steps=4)
    assert (await world.post(path, {"window": window}, status=409))["code"] == "already_collected"
    await world.carrier_moves(steps=20)
    assert (await world.post(path, {"window": window}, status=409))["code"] == "shipment_closed"


async def test_the_label_is_the_carriers_and_comes_once_it_is_booked(world: World) -> None:
    unbooked = (await world.file())["shipments"][0]
    assert (await world.get(f"{SHIPMENTS}/{unbooked['id']}/label.pdf", status=409))["code"] == "no_label_yet"
    await world.settle()
    async with world.api.get(f"{SHIPMENTS}/{unbooked['id']}/label.pdf", headers=world._headers({})) as answer:
        assert (answer.status, answer.content_type) == (200, "application/pdf")
        assert (await answer.read()).startswith(b"%PDF")
    await world.carrier_fault("exportListReport", "server_error", times=9)
    async with world.api.get(f"{SHIPMENTS}/{unbooked['id']}/label.pdf", headers=world._headers({})) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "30")


async def test_shipments_are_listed_newest_first_by_page_and_filter(world: World) -> None:
    requests = [await world.file() for _ in range(4)] + [await world.file(agency="da-nang", delivery=None)]
    await world.settle()
    ids = [request["shipments"][0]["id"] for request in reversed(requests)]
    seen: list[str] = []
    page = await world.get(f"{SHIPMENTS}?limit=2")
    while True:
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        page = await world.get(f"{SHIPMENTS}?limit=2&cursor={page['next_cursor']}")
    assert seen == ids

    async def found(query: str) -> list[str]:
        return [item["id"] for item in (await world.get(f"{SHIPMENTS}?{query}"))["items"]]

    assert await found("agency=da-nang") == ids[:1]
    assert await found(f"request_id={requests[0]['id']}") == ids[-1:]
    assert await found("status=pickup_assigned&leg=pickup&carrier=vnpost") == ids
    assert await found("worker=HN001") == ids  # every sender lives in her round
    assert await found("leg=delivery") == await found("carrier=ghn") == await found("worker=HN002") == []
    for bad in ("leg=sideways", "status=lost_in_space", "limit=x", "cursor=%25"):
        await world.get(f"{SHIPMENTS}?{bad}", status=422)


async def test_an_id_that_names_nothing_is_not_found_whatever_is_asked_of_it(world: World) -> None:
    window = {"start": "2026-11-26T13:00:00+07:00", "end": "2026-11-26T17:00:00+07:00"}
    bodies: dict[str, dict[str, Any]] = {
        "events": {"events": [event(world, "e", "created")]},
        "assign": {"employee_code": "HN001"},
        "cancel": {},
        "reschedule": {"window": window},
    }
    for unknown in ("x", "0" * 26, "01ARZ3NDEKTSV4RRFFQ69G5FAV", "%C4%91%E1%BB%93"):
        for suffix in ("", "/custody", "/label.pdf"):
            assert (await world.get(f"{SHIPMENTS}/{unknown}{suffix}", status=404))["code"] == "not_found"
        for what, body in bodies.items():
            await world.post(f"{SHIPMENTS}/{unknown}/{what}", body, status=404)
