"""What a request must be and how the law counts its days, without a database."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postal_service.intake import rules
from postal_service.intake.rules import STEPS, check, check_dossier_code, legal_deadline
from postal_service.intake.schemas import RequestIn
from postal_service.intake.story import RequestStatus as S
from postal_service.kit.clock import LOCAL
from postal_service.kit.reference import Reference
from postal_service.kit.units import Units
from postal_service.kit.working_days import WorkingCalendar
from tests.world import A_MONDAY_MORNING, a_request

Wrong = Callable[..., set[tuple[str, str]]]
A_YEAR = WorkingCalendar(years=[2026], days_off=[date(2026, 4, 30), date(2026, 5, 1), date(2026, 9, 2)])
A_DAY_OF_IT = st.dates(date(2026, 3, 1), date(2026, 10, 31)).map(
    lambda day: datetime(day.year, day.month, day.day, 9, tzinfo=LOCAL)
)


@pytest.fixture
def checked(reference: Reference, units: Units) -> Callable[..., Any]:
    """Check a request that is right in every field but for the changes."""

    def check_it(now: datetime = A_MONDAY_MORNING, office_province: str | None = None, **changes: Any) -> Any:
        body = RequestIn.model_validate(a_request(**changes))
        return check(body, reference=reference, units=units, pickup_office_province=office_province, now=now)

    return check_it


@pytest.fixture
def wrong(checked: Callable[..., Any]) -> Wrong:
    """What is wrong with a request that differs from a right one by the changes: (pointer, code)."""

    def names(**changes: Any) -> set[tuple[str, str]]:
        found = checked(**changes)
        return {(error.pointer, error.code) for error in found} if isinstance(found, list) else set()

    return names


def applicant(**changes: Any) -> dict[str, Any]:
    return {**a_request()["applicant"], **changes}


def pickup(**changes: Any) -> dict[str, Any]:
    return {**a_request()["pickup"], **changes}


def window(start: str, end: str, day: str = "2026-11-26") -> dict[str, str]:
    return {"start": f"{day}T{start}:00+07:00", "end": f"{day}T{end}:00+07:00"}


AN_AGENT = {"full_name": "Trần Thị Giúp", "national_id": "012345678", "relation": "wife"}


@pytest.mark.parametrize(
    ("relation", "authorisation", "problem"),
    [
        ("wife", None, set()),
        ("child", None, set()),
        ("sibling", None, {("/agent/authorisation", "authorisation_required")}),
        ("lawyer", "Văn bản ủy quyền số 01", set()),
    ],
)
def test_who_may_act_in_number_1(
    wrong: Wrong, relation: str, authorisation: str | None, problem: set[tuple[str, str]]
) -> None:
    assert wrong(agent=AN_AGENT | {"relation": relation, "authorisation": authorisation}) == problem


def test_nobody_may_act_in_number_2_authorised_or_not(wrong: Wrong) -> None:
    for authorisation in (None, "Văn bản ủy quyền số 01"):
        agent = AN_AGENT | {"authorisation": authorisation}
        assert wrong(procedure="criminal-record-2", agent=agent) == {("/agent", "agent_not_allowed")}
    assert wrong(procedure="criminal-record-2") == set()


@pytest.mark.parametrize("number", ["012345678", "001090012345", "001 090 012 345"])
def test_an_identity_number_has_nine_or_twelve_digits(wrong: Wrong, number: str) -> None:
    assert wrong(applicant=applicant(national_id=number)) == set()


@pytest.mark.parametrize("number", ["1234567890", "01234567A", "12345678", "٠١٢٣٤٥٦٧٨"])
def test_any_other_identity_number_is_refused(wrong: Wrong, number: str) -> None:
    assert wrong(applicant=applicant(national_id=number)) == {("/applicant/national_id", "bad_national_id")}
    assert wrong(agent=AN_AGENT | {"national_id": number}) == {("/agent/national_id", "bad_national_id")}


def test_a_telephone_number_is_kept_as_e164_however_it_is_written(checked: Callable[..., Any], wrong: Wrong) -> None:
    assert checked(applicant=applicant(phone="0912 345 678")).phone == "+84912345678"
    for phone in ("12345", "+84123", "không có"):
        assert wrong(applicant=applicant(phone=phone)) == {("/applicant/phone", "bad_phone")}


@pytest.mark.parametrize(
    ("birth_date", "problem"),
    [
        ("1990", None),
        ("1990-02", None),
        ("2010-11-23", None),  # sixteen today
        ("2010-11-24", "too_young"),
        ("2010", None),  # may be sixteen: nobody is refused for what they can't say
        ("1990-02-30", "no_such_day"),
        ("2030-01-01", "in_the_future"),
    ],
)
def test_the_day_of_birth_is_one_of_the_calendar_and_old_enough(wrong: Wrong, birth_date: str, problem: str | None) -> None:
    expected = {("/applicant/birth_date", problem)} if problem else set()
    assert wrong(applicant=applicant(birth_date=birth_date)) == expected


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (window("07:00", "18:00"), None),
        (window("07:30", "11:30"), None),
        (window("13:00", "17:00"), None),
        (window("08:00", "11:00", "2026-11-28"), None),  # the post works on Saturday
        (window("11:00", "08:00"), "window_backwards"),
        (window("06:30", "09:00"), "window_outside_hours"),
        (window("15:00", "18:30"), "window_outside_hours"),
        (window("08:00", "11:00", "2026-11-29"), "window_not_working_day"),  # Sunday
        (window("08:00", "11:00", "2026-11-24"), "window_not_working_day"),  # a public holiday
        (window("08:00", "11:00", "2026-11-20"), "window_past"),
        (window("08:00", "11:00", "2027-01-06"), "window_too_far"),
        ({"start": "2026-11-25T08:00:00+07:00", "end": "2026-11-26T09:00:00+07:00"}, "window_over_days"),
        ({"start": "2026-11-26T01:00:00Z", "end": "2026-11-26T04:00:00Z"}, None),  # local hours count
    ],
)
def test_the_worker_comes_on_one_working_day_in_working_hours(
    wrong: Wrong, asked: dict[str, str], problem: str | None
) -> None:
    assert wrong(pickup=pickup(window=asked)) == ({("/pickup/window", problem)} if problem else set())


def test_papers_are_fetched_at_an_address_or_brought_to_a_post_office(wrong: Wrong, checked: Callable[..., Any]) -> None:
    address = pickup()["address"]
    one_of_two = {("/pickup", "address_or_post_office")}
    assert wrong(pickup={"address": address, "post_office": "100001"}, office_province="01") == one_of_two
    assert wrong(pickup={}) == one_of_two
    assert wrong(pickup={"post_office": "999999"}) == {("/pickup/post_office", "unknown_post_office")}
    found = checked(pickup={"post_office": "700901"}, office_province="79")
    assert (found.pickup_place, found.pickup_zone) == (None, "other_province")


def test_an_address_is_read_in_the_list_of_today_or_with_a_district_in_the_older_one(
    wrong: Wrong, checked: Callable[..., Any]
) -> None:
    older = {"province": "89", "ward": "Phường Mỹ Long", "district": "Thành phố Long Xuyên", "detail": "Số 5"}
    place = checked(delivery={"address": older}).delivery_place
    assert (place.province.code, place.ward.name) == ("91", "Phường Long Xuyên")
    assert (place.given_code, place.given_list) == ("89", "2004")
    # Code 89 names no province since July 2025; without a district it cannot be the older list.
    assert wrong(delivery={"address": older | {"district": None}}) == {("/delivery/address/province", "unknown_province")}
    address = {"province": "01", "ward": "Phường Không Có", "detail": "Số 5", "district": None}
    assert wrong(pickup={"address": address}) == {("/pickup/address/ward", "unknown_ward")}


def test_only_an_agency_that_has_the_post_takes_postal_requests(wrong: Wrong) -> None:
    assert wrong(agency="can-tho") == {("/agency", "agency_without_post")}
    assert wrong(agency="can-tho", pickup=None, delivery=None) == set()
    assert wrong(agency="atlantis") == {("/agency", "unknown_agency")}
    # Long An had the post and ended with the merger of July 2025.
    assert wrong(agency="long-an") == {("/agency", "unknown_agency")}
    before = datetime(2025, 6, 2, 9, tzinfo=LOCAL)
    assert wrong(agency="long-an", now=before) == set()
    assert wrong(procedure="fishing-licence") == {("/procedure", "unknown_procedure")}


def test_everything_wrong_is_told_at_once(wrong: Wrong) -> None:
    found = wrong(agency="atlantis", dossier_code="X", applicant=applicant(phone="1", national_id="2", birth_date="2030"))
    assert {pointer for pointer, _ in found} == {
        "/agency",
        "/dossier_code",
        "/applicant/phone",
        "/applicant/national_id",
        "/applicant/birth_date",
    }


@pytest.mark.parametrize(
    "code",
    [
        "000.17.22.H56-210531-0001",
        "000.00.14.H56-200203-0118",
        "H26-261123-0001",
        "H26.14-261123-0001",
        "G22.99.12.001-261123-12345",
    ],
)
def test_dossier_codes_of_both_forms_are_taken(code: str) -> None:
    assert check_dossier_code(code) == []


@pytest.mark.parametrize(
    "code",
    [
        "",
        "H26",
        "h26-261123-0001",
        "H26-2611-0001",
        "H26-261123-1",
        "26.14-261123-0001",
        "H26-٢٦١١٢٣-0001",
        "H26-261123-" + "1" * 60,
    ],
)
def test_any_other_dossier_code_is_refused(code: str) -> None:
    assert [error.pointer for error in check_dossier_code(code)] == ["/dossier_code"]


def test_the_portal_numbers_every_state_from_1_to_10() -> None:
    assert [rules.PORTAL_STATUS[status] for status in S] == list(range(1, 11))


def test_what_has_ended_stays_ended() -> None:
    for ended in (S.REFUSED, S.WITHDRAWN, S.STOPPED, S.RETURNED):
        assert not STEPS[ended]
    assert STEPS[S.ISSUED] == {S.RETURNED}


# The legal clock (Law 28/2009/QH12, Article 48): working days from the agency's receipt of a valid dossier.


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T09:00:00+07:00")


def test_the_clock_starts_with_the_acceptance_and_not_before() -> None:
    assert legal_deadline([("filed", at("2026-08-10"))], A_YEAR, 10) is None
    assert legal_deadline([("filed", at("2026-08-10")), ("accepted", at("2026-08-17"))], A_YEAR, 10) == date(2026, 8, 31)


def test_the_clock_stands_still_while_the_citizen_is_asked_for_additions() -> None:
    steps = [("accepted", at("2026-08-17")), ("additions_requested", at("2026-08-19")), ("accepted", at("2026-08-26"))]
    assert legal_deadline(steps, A_YEAR, 10) == A_YEAR.add_working_days(date(2026, 8, 17), 15)


def test_additions_asked_before_the_first_acceptance_pause_nothing() -> None:
    steps = [("filed", at("2026-08-10")), ("additions_requested", at("2026-08-11")), ("accepted", at("2026-08-17"))]
    assert legal_deadline(steps, A_YEAR, 10) == date(2026, 8, 31)


@given(
    start=A_DAY_OF_IT,
    waits=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 30)), max_size=4),
    limit=st.integers(1, 15),
)
def test_every_working_day_of_waiting_is_given_back_and_no_more(
    start: datetime, waits: list[tuple[int, int]], limit: int
) -> None:
    steps, now, waited = [("accepted", start)], start, 0
    for worked_on, waited_for in waits:
        asked = now + timedelta(days=worked_on)
        now = asked + timedelta(days=waited_for)
        steps += [("additions_requested", asked), ("accepted", now)]
        waited += A_YEAR.working_days_between(asked.date(), now.date())
    deadline = legal_deadline(steps, A_YEAR, limit)
    assert deadline == A_YEAR.add_working_days(start.date(), limit + waited)
    assert A_YEAR.is_working_day(deadline)


@given(start=A_DAY_OF_IT.map(datetime.date), limit=st.integers(1, 15))
def test_the_promise_grows_with_each_leg_and_with_the_distance(start: date, limit: int) -> None:
    def promise(fetched: Any, brought: Any) -> date:
        return rules.promise_at_filing(A_YEAR, start=start, limit=limit, pickup_zone=fetched, delivery_zone=brought)

    assert promise(None, None) == A_YEAR.add_working_days(start, limit)
    assert promise(None, None) < promise("same_province", None) < promise("same_province", "same_province")
    assert promise("same_province", "same_province") < promise("other_province", "other_province")
