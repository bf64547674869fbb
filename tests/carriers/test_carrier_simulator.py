import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import BaseTestServer, TestClient, TestServer

from carriers.simulator.chance import draw, pick
from carriers.simulator.engine import Engine, Order
from carriers.simulator.hooks import HookSender
from carriers.simulator.journeys import JOURNEYS, PROFILES, Profile, Step, script
from carriers.simulator.label import label_pdf
from carriers.simulator.server import make_app
from carriers.status import Status
from postal_service.kit.ids import is_s10

NOW = datetime(2026, 10, 14, 2, 0, 0, 500_000, tzinfo=UTC)


def engine(profile: str = "calm", seed: int = 1, lag_seconds: float = 60.0) -> Engine:
    return Engine(PROFILES[profile], seed, clock=lambda: NOW, lag_seconds=lag_seconds)


def book(carrier: Engine, reference: str, *, at_door: bool = True, pays_out: bool = False) -> Order:
    return carrier.book(reference=reference, collect_at_door=at_door, pays_out=pays_out, details={})


def run(carrier: Engine, order: Order) -> list[Step]:
    while carrier.advance(order):
        pass
    return [happening.step for happening in order.happened]


def test_the_same_seed_tells_the_same_stories() -> None:
    def stories(seed: int) -> list[tuple[str, str]]:
        carrier = engine("rough", seed)
        return [(order.item_number, order.journey) for order in (book(carrier, f"LT-{i}") for i in range(50))]

    assert stories(1) == stories(1)
    assert stories(1) != stories(2)


def test_which_journey_an_order_follows_does_not_depend_on_when_it_comes() -> None:
    there, back = engine("rough"), engine("rough")
    references = [f"LT-{i}" for i in range(50)]
    went = {reference: book(there, reference).journey for reference in references}
    assert {reference: book(back, reference).journey for reference in reversed(references)} == went


def test_every_calm_journey_ends_at_the_receiver() -> None:
    carrier = engine("calm")
    assert {book(carrier, f"LT-{i}").final_status for i in range(500)} == {Status.DELIVERED}


def test_rough_days_know_every_journey() -> None:
    carrier = engine("rough")
    assert {book(carrier, f"LT-{i}").journey for i in range(500)} == set(JOURNEYS)


@pytest.mark.parametrize("journey", JOURNEYS)
@pytest.mark.parametrize("at_door", [True, False])
def test_events_of_one_order_are_whole_seconds_apart_and_never_in_the_future(journey: str, at_door: bool) -> None:
    carrier = engine()
    carrier.choose_journey("LT-1", journey)
    order = book(carrier, "LT-1", at_door=at_door, pays_out=True)
    run(carrier, order)
    times = [happening.at for happening in order.happened]
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in itertools.pairwise(times))
    assert times[-1] <= NOW
    assert {moment.microsecond for moment in times} == {0}
    assert order.status == order.final_status


def test_an_order_dropped_at_an_office_sees_no_postal_worker_at_the_door() -> None:
    assert script(JOURNEYS["direct"], collect_at_door=False, pays_out=False) == [
        Step.CREATED,
        Step.ACCEPTED,
        Step.TRANSIT,
        Step.ARRIVED,
        Step.OUT_FOR_DELIVERY,
        Step.DELIVERED,
    ]


def test_collected_money_is_paid_out_after_delivery_and_only_then() -> None:
    assert script(JOURNEYS["direct"], collect_at_door=True, pays_out=True)[-1] is Step.PAID_OUT
    assert Step.PAID_OUT not in script(JOURNEYS["returned"], collect_at_door=True, pays_out=True)


def test_the_same_reference_twice_is_two_orders_and_can_be_seen() -> None:
    carrier = engine()
    assert book(carrier, "LT-1").item_number != book(carrier, "LT-1").item_number
    assert carrier.double_references() == ["LT-1"]


def test_a_cancel_is_granted_while_nobody_is_on_the_way() -> None:
    carrier = engine()
    order = book(carrier, "LT-1")
    case = carrier.cancel(order)
    assert case is not None
    assert case.approved
    assert run(carrier, order) == [Step.CREATED, Step.CANCELLED]


def test_a_cancel_under_way_waits_and_may_be_declined() -> None:
    unwilling = Profile(journeys={"direct": 1.0}, approves_cancel=0.0)
    carrier = Engine(unwilling, 1, clock=lambda: NOW)
    order = book(carrier, "LT-1")
    carrier.advance(order)
    case = carrier.cancel(order)
    assert case is not None
    assert case.approved is None
    assert run(carrier, order)[-1] is Step.DELIVERED
    assert case.approved is False


def test_a_cancel_comes_too_late_once_the_papers_are_collected() -> None:
    carrier = engine()
    carrier.choose_journey("LT-1", "direct")
    order = book(carrier, "LT-1")
    while order.last.step is not Step.PICKED_UP:
        carrier.advance(order)
    assert carrier.cancel(order) is None


def test_a_journey_can_be_changed_only_while_it_can_still_be_walked() -> None:
    carrier = engine()
    carrier.choose_journey("LT-1", "direct")
    order = book(carrier, "LT-1")
    carrier.choose_journey("LT-1", "returned")
    assert order.final_status is Status.RETURNED
    run(carrier, order)
    with pytest.raises(ValueError, match="another way"):
        carrier.choose_journey("LT-1", "direct")


def test_chance_repeats_and_is_spread() -> None:
    marks = [draw(1, "mark", i) for i in range(2_000)]
    assert all(0 <= mark < 1 for mark in marks)
    assert 0.45 < sum(marks) / len(marks) < 0.55
    shares = Counter(pick({"often": 0.9, "seldom": 0.1, "never": 0.0}, 1, i) for i in range(2_000))
    assert set(shares) == {"often", "seldom"}
    assert shares["often"] > 5 * shares["seldom"]


async def test_orders_move_by_themselves_at_the_given_pace() -> None:
    delivered = asyncio.Event()

    async def catch(request: web.Request) -> web.Response:
        if (await request.json())["data"][0]["status"] == 14:
            delivered.set()
        return web.Response()

    catcher = web.Application()
    catcher.router.add_post("/", catch)
    async with TestServer(catcher) as hooks:
        app = make_app("vnpost", step_seconds=0.01, hook_url=str(hooks.make_url("/")))
        async with TestServer(app) as server, asyncio.timeout(5):
            await a_vnpost_order(server, "LT-1")
            await delivered.wait()


async def test_rough_hooks_are_lost_doubled_and_late_but_never_invented_twice() -> None:
    got: list[bytes] = []
    all_came = asyncio.Event()
    expected = 0

    async def catch(request: web.Request) -> web.Response:
        got.append(await request.read())
        if len(got) == expected:
            all_came.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", catch)
    profile = Profile(journeys={}, hooks_lost=0.2, hooks_late=0.3, hooks_doubled=0.2)
    async with TestServer(app) as server:
        sender = HookSender(str(server.make_url("/")), profile, 1, latest_seconds=0.05)
        async with sender.running(), asyncio.timeout(5):
            for i in range(200):
                sender.send(str(i).encode())
            expected = 200 - sender.counts["lost"] + sender.counts["doubled"]
            await all_came.wait()
    seen = Counter(got)
    assert sender.counts["lost"] == 200 - len(seen) > 0
    assert sender.counts["doubled"] == sum(count - 1 for count in seen.values()) > 0
    assert [int(body) for body in got] != sorted(int(body) for body in got)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("advance", {"steps": 0}, 422),
        ("advance", {"step": 1}, 422),
        ("journeys", {"reference": "LT-1"}, 422),
        ("journeys", {"reference": "LT-1", "journey": "to the moon"}, 422),
        ("journeys", {"reference": "LT-1", "steps": ["flown"]}, 422),
        ("faults", {"call": "CreateOrder", "fault": "flood"}, 422),
        ("journeys", {"reference": "LT-1", "journey": "returned"}, 200),
    ],
)
async def test_the_control_calls_say_what_they_do_not_understand(path: str, body: dict[str, Any], status: int) -> None:
    async with TestClient(TestServer(make_app("vnpost"))) as client:
        assert (await client.post(f"/_sim/{path}", json=body)).status == status


async def test_a_journey_already_gone_is_a_conflict_and_an_unknown_order_not_found() -> None:
    async with TestServer(make_app("vnpost")) as server:
        await a_vnpost_order(server, "LT-1")
        async with ClientSession(server.make_url("/")) as session:
            await post(session, "/_sim/advance", {"reference": "LT-1", "steps": 100})
            assert await post(session, "/_sim/journeys", {"reference": "LT-1", "journey": "called_off"}) == 409
            async with session.get("/_sim/orders/LT-2") as answer:
                assert answer.status == 404
            async with session.get("/_sim/stats") as answer:
                assert await answer.json() == {"orders": 1, "finished": 1, "double_references": [], "hooks": {}}


async def post(session: ClientSession, path: str, body: dict[str, Any]) -> int:
    async with session.post(path, json=body) as answer:
        return answer.status


PARTY = {"Name": "A", "Phone": "0912345678", "Address": "1", "ProvinceName": "Hà Nội", "CommuneName": "Láng"}
DISTRICT = {"DistrictCode": "VNPOST", "DistrictName": "VNPOST"}
INFORMATION = {
    **{f"{role}{name}": value for role in ("sender", "receiver") for name, value in {**PARTY, **DISTRICT}.items()},
    "serviceCode": "ETN011",
    "contentNote": "Hồ sơ",
    "weight": "100",
    "sendType": "1",
}


async def a_vnpost_order(server: BaseTestServer, reference: str, changes: Sequence[tuple[str, object]] = ()) -> Any:
    """Create an order as a stranger to our adapter would; return its item number, or the error's status."""
    async with ClientSession(server.make_url("/")) as session:
        sign_in = {"username": "demo", "password": "demo", "customerCode": "T0"}
        async with session.post("/GetAccessToken", json=sign_in) as answer:
            token = (await answer.json())["token"]
        information = {**INFORMATION, "saleOrderCode": reference, **dict(changes)}
        body = {"orderCreationStatus": 1, "type": "GUI", "customerCode": "T0", "informationOrder": information}
        async with session.post("/CreateOrder", json=body, headers={"token": token}) as answer:
            return (await answer.json())["itemCode"] if answer.ok else answer.status


@pytest.mark.parametrize(
    "changes",
    [
        ("contentNote", ""),
        ("weight", 100),
        ("weight", "0,1"),
        ("sendType", "3"),
        ("senderPhone", "+84912345678"),
        ("receiverDistrictCode", ""),
        ("receiverCommuneName", None),
    ],
)
async def test_vnpost_takes_no_order_it_could_not_read(changes: tuple[str, object]) -> None:
    async with TestServer(make_app("vnpost")) as server:
        assert await a_vnpost_order(server, "LT-1", [changes]) == 400


@pytest.mark.parametrize("path", ["/getOrder", "/GetStatusHistoryOrder", "/orderCorrection/updateCase"])
async def test_without_a_token_vnpost_answers_nothing(path: str) -> None:
    async with TestClient(TestServer(make_app("vnpost"))) as client:
        assert (await client.get(path)).status == 401


def test_a_label_is_a_pdf_whose_table_finds_every_object() -> None:
    pdf = label_pdf(["CV497960035VN", "CV497523410VN"])
    table = int(pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    assert pdf[table:].startswith(b"xref\n0 8\n")
    starts = [int(line.split()[0]) for line in pdf[table:].splitlines()[3:10]]
    assert all(pdf[start:].startswith(b"%d 0 obj" % number) for number, start in enumerate(starts, start=1))


def test_ten_thousand_orders_come_to_their_ends_under_valid_numbers_of_their_own() -> None:
    carrier = engine("rough")
    for i in range(10_000):
        run(carrier, book(carrier, f"LT-{i}"))
    assert all(order.finished for order in carrier.orders)
    numbers = {order.item_number for order in carrier.orders}
    assert len(numbers) == 10_000
    assert all(is_s10(number) for number in numbers)
