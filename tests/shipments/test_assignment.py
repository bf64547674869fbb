from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers.ports import Address
from postal_service.accounts.service import Worker
from postal_service.kit.clock import LOCAL
from postal_service.kit.units import Units
from postal_service.shipments import assignment_rules as rules
from postal_service.shipments.assignment import Assigned, Assignment
from postal_service.shipments.assignment_rules import Office, Round
from postal_service.shipments.models import DeliveryRound, PostOffice, Shipment

MONDAY = date(2026, 3, 2)
WEDNESDAY = MONDAY + timedelta(days=2)
SATURDAY = MONDAY + timedelta(days=5)
A_HOLIDAY = WEDNESDAY + timedelta(weeks=4)
BA_DINH = "00004"
HOAN_KIEM = "00070"


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LOCAL)


# --- the pure part -------------------------------------------------------------------------------------------------

DAYS = st.dates(date(2026, 2, 1), date(2026, 4, 30))
CODES = st.sampled_from(["100001", "100002", "100003", "100004"])
OFFICES = st.lists(
    st.builds(
        Office,
        code=CODES,
        name=st.just("Bưu cục"),
        lat=st.just(21.0),
        lon=st.just(105.8),
        closed_on=st.none() | DAYS,
    ),
    unique_by=lambda office: office.code,
)
ROUNDS = st.lists(
    st.builds(
        Round,
        name=st.just("Tuyến"),
        post_office=CODES,
        employee_code=st.sampled_from(["A", "B", "C"]),
        weekdays=st.sets(st.sampled_from("1234567"), min_size=1).map(lambda days: "".join(sorted(days))),
        valid_from=DAYS,
        valid_to=st.none() | DAYS,
    ),
    max_size=4,
)
WORKERS = st.lists(
    st.builds(
        Worker,
        id=st.just("x"),
        employee_code=st.sampled_from("ABCDEFGH"),
        full_name=st.just("Bưu tá"),
        phone=st.just("+84912000001"),
        post_office=CODES,
        active=st.booleans(),
    ),
    unique_by=lambda worker: worker.employee_code,
)
KM = st.dictionaries(CODES, st.floats(0, 50))
LOAD = st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(0, 9))


@given(OFFICES, KM, DAYS)
def test_only_open_offices_are_considered_each_once_and_the_nearest_first(
    offices: list[Office], km: dict[str, float], day: date
) -> None:
    groups = rules.nearest_first(offices, km, day)
    flat = [office for group in groups for office in group]
    assert sorted(office.code for office in flat) == sorted(
        office.code for office in offices if office.open_on(day) and office.code in km
    )
    assert [km[office.code] for office in flat] == sorted(km[office.code] for office in flat)
    assert all(km[group[-1].code] - km[group[0].code] <= rules.AS_NEAR_KM + 1e-9 for group in groups)


@given(OFFICES, KM, DAYS, WORKERS, st.data())
def test_the_worker_is_at_work_in_the_first_group_with_anybody_and_has_the_least_to_do(
    offices: list[Office],
    km: dict[str, float],
    day: date,
    workers: list[Worker],
    data: st.DataObject,
) -> None:
    load = data.draw(LOAD)
    groups = rules.nearest_first(offices, km, day)
    chosen = rules.least_busy(groups, workers, load)
    at_work = {worker.post_office for worker in workers if worker.active}
    first = next((codes for codes in ({office.code for office in group} for group in groups) if codes & at_work), None)
    if first is None:
        assert chosen is None
        return
    assert chosen is not None
    assert chosen.active
    assert chosen.post_office in first
    colleagues = [worker for worker in workers if worker.active and worker.post_office in first]
    assert load.get(chosen.employee_code, 0) == min(load.get(worker.employee_code, 0) for worker in colleagues)
    in_another_order = rules.nearest_first(data.draw(st.permutations(offices)), km, day)
    assert rules.least_busy(in_another_order, data.draw(st.permutations(workers)), load) == chosen


@given(ROUNDS, DAYS)
def test_the_next_day_of_a_round_is_the_first_of_the_week_on_which_one_runs(rounds: list[Round], after: date) -> None:
    day = rules.next_run(rounds, after)
    horizon = [after + timedelta(days=offset) for offset in range(1, 8)]
    assert day == next((each for each in horizon if rules.round_on(rounds, each)), None)


@given(ROUNDS, OFFICES, DAYS)
def test_a_round_serves_only_on_its_days_and_from_an_open_office(
    rounds: list[Round], offices: list[Office], day: date
) -> None:
    by_code = {office.code: office for office in offices}
    running = rules.round_on(rules.open_rounds(rounds, by_code, day), day)
    if running:
        assert by_code[running.post_office].open_on(day)
        assert running.valid_from <= day <= (running.valid_to or date.max)
        assert str(day.isoweekday()) in running.weekdays


# --- with the tables -----------------------------------------------------------------------------------------------


@dataclass
class Point:
    lat: float
    lon: float


@dataclass
class Post:
    """The workers there are, and where addresses lie."""

    workers: dict[str, Worker] = field(default_factory=dict)
    point: tuple[float, float] | None = (21.03, 105.84)
    asked: list[str] = field(default_factory=list)

    def add(self, code: str, office: str, *, active: bool = True) -> None:
        self.workers[code] = Worker(code, code, f"Bưu tá {code}", "+84912000001", office, active)

    async def by_code(self, code: str) -> Worker | None:
        return self.workers.get(code)

    async def of_offices(self, offices: Collection[str]) -> list[Worker]:
        return [worker for worker in self.workers.values() if worker.post_office in offices and worker.active]

    async def locate(self, *, province: str, ward: str, detail: str = "") -> Point | None:
        self.asked.append(f"{province} {ward} {detail}")
        return Point(*self.point) if self.point else None


@pytest.fixture(scope="module")
def units() -> Units:
    return Units.load()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def assignment(database: object, post: Post, units: Units) -> Assignment:
    assert database
    return Assignment(
        units=units,
        locate=post.locate,
        worker_by_code=post.by_code,
        workers_of_offices=post.of_offices,
        is_working_day=lambda day: day.isoweekday() < 6,
        is_holiday=lambda day: day == A_HOLIDAY,
    )


def address(ward_code: str | None = BA_DINH, ward: str = "Phường Ba Đình", **more: str) -> Address:
    known = {"province_code": "01", "province_name": "Hà Nội", "detail": "1 Phố Thử"}
    return Address(ward_code=ward_code, ward_name=ward, **(known | more))


async def office(code: str, lat: float, lon: float, *, closed_on: date | None = None, province: str = "01") -> None:
    await PostOffice.create(
        code=code, name=f"Bưu cục {code}", province=province, ward="Phường", lat=lat, lon=lon, closed_on=closed_on
    )


async def delivery_round(employee_code: str, office_code: str, weekdays: str = "1234567", ward: str = BA_DINH) -> None:
    await DeliveryRound.create(
        id=f"{employee_code}{weekdays}{ward}",
        province="01",
        ward_code=ward,
        post_office=office_code,
        name="Tuyến Ba Đình",
        employee_code=employee_code,
        weekdays=weekdays,
        valid_from=date(2025, 7, 1),
    )


async def stop(employee_code: str, day: date, number: int, *, closed: bool = False) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    await Shipment.create(
        id=f"{employee_code}-{day}-{number}",
        request_id="r",
        agency="hanoi",
        leg="pickup",
        reference=f"{employee_code}-{day}-{number}",
        label_code=f"L{number:010}",
        booking="created",
        sender={},
        receiver={},
        contents="",
        status="pickup_assigned",
        holder_kind="citizen",
        holder_since=now,
        worker_employee_code=employee_code,
        window_start=at(day, 7, 30),
        window_end=at(day, 17, 30),
        closed=closed,
        created_at=now,
        updated_at=now,
    )


def who(assigned: Assigned | None) -> tuple[str | None, str] | None:
    return (assigned.worker.employee_code, assigned.source) if assigned else None


async def test_the_territory_table_names_the_worker_and_the_day(assignment: Assignment, post: Post) -> None:
    await office("100003", 21.04, 105.84)
    await delivery_round("BT-001", "100003", "35")
    post.add("BT-001", "100003")
    assigned = await assignment.propose(address(), MONDAY, None)
    assert assigned is not None
    assert who(assigned) == ("BT-001", "territory")
    assert (assigned.worker.name, assigned.worker.phone) == ("Bưu tá BT-001", "+84912000001")
    assert assigned.worker.post_office == "100003"
    assert assigned.window == (at(WEDNESDAY, 7, 30), at(WEDNESDAY, 17, 30))
    assert "Tuyến Ba Đình" in assigned.why.vi
    assert post.asked == []


async def test_a_window_asked_for_is_kept(assignment: Assignment, post: Post) -> None:
    await office("100003", 21.04, 105.84)
    await delivery_round("BT-001", "100003", "135")
    post.add("BT-001", "100003")
    window = (at(WEDNESDAY, 13, 30), at(WEDNESDAY, 17, 30))
    assigned = await assignment.propose(address(), MONDAY, window)
    assert assigned is not None
    assert (who(assigned), assigned.window) == (("BT-001", "territory"), window)


async def test_the_table_wins_over_a_nearer_and_idle_worker(assignment: Assignment, post: Post) -> None:
    await office("100003", 21.40, 105.40)
    await office("100001", 21.03, 105.84)
    await delivery_round("BT-001", "100003")
    post.add("BT-001", "100003")
    post.add("BT-002", "100001")
    await stop("BT-001", MONDAY + timedelta(days=1), 1)
    assert who(await assignment.propose(address(), MONDAY, None)) == ("BT-001", "territory")


async def test_a_ward_is_known_by_its_name_too(assignment: Assignment, post: Post) -> None:
    await office("100003", 21.04, 105.84)
    await delivery_round("BT-001", "100003")
    post.add("BT-001", "100003")
    assert who(await assignment.propose(address(None, "p. ba dinh"), MONDAY, None)) == ("BT-001", "territory")


async def test_when_the_worker_of_the_round_is_away_a_colleague_of_the_office_comes(
    assignment: Assignment, post: Post
) -> None:
    await office("100003", 21.40, 105.40)
    await office("100001", 21.03, 105.84)
    await delivery_round("BT-001", "100003")
    post.add("BT-001", "100003", active=False)
    post.add("BT-009", "100003")
    post.add("BT-002", "100001")
    assigned = await assignment.propose(address(), MONDAY, None)
    assert assigned is not None
    assert (who(assigned), assigned.worker.post_office) == (("BT-009", "distance"), "100003")
    assert "phụ trách địa bàn" in assigned.why.vi
    assert post.asked == []


async def test_on_a_day_without_round_the_same_office_is_asked_first(assignment: Assignment, post: Post) -> None:
    await office("100003", 21.40, 105.40)
    await office("100001", 21.03, 105.84)
    await delivery_round("BT-001", "100003", "1")
    post.add("BT-001", "100003")
    post.add("BT-002", "100001")
    window = (at(WEDNESDAY, 7, 30), at(WEDNESDAY, 11, 30))
    assert who(await assignment.propose(address(), MONDAY, window)) == ("BT-001", "distance")


async def test_where_the_table_is_silent_the_nearest_open_office_with_somebody_at_work_sends(
    assignment: Assignment, post: Post
) -> None:
    await office("100001", 21.03, 105.84, closed_on=MONDAY)
    await office("100002", 21.05, 105.84)
    await office("100003", 21.20, 105.84)
    await office("700001", 21.03, 105.84, province="79")
    post.add("BT-001", "100001")
    post.add("BT-002", "100002", active=False)
    post.add("BT-003", "100003")
    post.add("BT-007", "700001")
    assigned = await assignment.propose(address(HOAN_KIEM, "Phường Hoàn Kiếm"), MONDAY, None)
    assert assigned is not None
    assert who(assigned) == ("BT-003", "distance")
    assert "18,8 km" in assigned.why.vi
    assert "18.8 km" in assigned.why.en
    assert assigned.window == (at(MONDAY + timedelta(days=1), 7, 30), at(MONDAY + timedelta(days=1), 17, 30))
    assert post.asked == ["01 00070 1 Phố Thử"]


async def test_among_equally_near_workers_the_one_with_fewer_stops_that_day_comes(
    assignment: Assignment, post: Post
) -> None:
    await office("100001", 21.030, 105.84)
    await office("100002", 21.035, 105.84)
    post.add("BT-001", "100001")
    post.add("BT-002", "100002")
    tuesday = MONDAY + timedelta(days=1)
    assert who(await assignment.propose(address(), MONDAY, None)) == ("BT-001", "distance")
    await stop("BT-001", tuesday, 1)
    assert who(await assignment.propose(address(), MONDAY, None)) == ("BT-002", "distance")
    await stop("BT-002", tuesday, 2, closed=True)
    await stop("BT-002", WEDNESDAY, 3)
    assert who(await assignment.propose(address(), MONDAY, None)) == ("BT-002", "distance")


async def test_without_a_round_nobody_is_promised_on_a_day_of_rest(assignment: Assignment, post: Post) -> None:
    await office("100001", 21.03, 105.84)
    post.add("BT-001", "100001")
    assigned = await assignment.propose(address(), SATURDAY - timedelta(days=1), None)
    assert assigned is not None
    assert assigned.window[0] == at(SATURDAY + timedelta(days=2), 7, 30)


async def test_with_nobody_to_send_or_nowhere_to_go_nobody_is_named(assignment: Assignment, post: Post) -> None:
    assert await assignment.propose(address(), MONDAY, None) is None
    await office("100001", 21.03, 105.84)
    post.add("BT-001", "100001")
    post.point = None
    assert await assignment.propose(address(None, "Không Có"), MONDAY, None) is None


async def test_a_round_of_a_closed_office_counts_for_nothing(assignment: Assignment, post: Post) -> None:
    await office("100003", 21.04, 105.84, closed_on=MONDAY)
    await office("100001", 21.03, 105.84)
    await delivery_round("BT-001", "100003")
    post.add("BT-001", "100003")
    post.add("BT-002", "100001")
    assert who(await assignment.propose(address(), MONDAY, None)) == ("BT-002", "distance")


async def test_no_round_runs_on_a_holiday(assignment: Assignment, post: Post) -> None:
    await office("100003", 21.04, 105.84)
    await delivery_round("BT-001", "100003", "35")
    post.add("BT-001", "100003")
    proposed = await assignment.propose(address(), A_HOLIDAY - timedelta(days=1), None)
    assert proposed is not None
    assert proposed.window[0].date() == A_HOLIDAY + timedelta(days=2)
