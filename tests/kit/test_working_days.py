from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from postal_service.kit.working_days import WorkingCalendar

CALENDAR = WorkingCalendar(
    years=[2026],
    days_off=[date(2026, 8, 31), date(2026, 9, 1), date(2026, 9, 2)],
    worked_rest_days=[date(2026, 8, 22)],
)
DAYS = st.dates(date(2026, 7, 1), date(2026, 10, 31))
COUNTS = st.integers(0, 40)


def test_weekends_and_holidays_are_not_worked() -> None:
    assert CALENDAR.is_working_day(date(2026, 8, 28))
    assert not CALENDAR.is_working_day(date(2026, 8, 29))
    assert not CALENDAR.is_working_day(date(2026, 9, 2))


def test_a_swapped_saturday_is_worked_and_its_monday_is_not() -> None:
    assert CALENDAR.is_working_day(date(2026, 8, 22))
    assert not CALENDAR.is_working_day(date(2026, 8, 31))


def test_ten_working_days_reach_over_national_day() -> None:
    assert CALENDAR.add_working_days(date(2026, 8, 20), 10) == date(2026, 9, 7)


def test_the_day_of_receipt_is_not_counted() -> None:
    assert CALENDAR.add_working_days(date(2026, 9, 3), 1) == date(2026, 9, 4)
    assert CALENDAR.add_working_days(date(2026, 9, 4), 1) == date(2026, 9, 7)


def test_no_days_at_all_mean_today_or_the_next_day_that_is_worked() -> None:
    assert CALENDAR.add_working_days(date(2026, 9, 3), 0) == date(2026, 9, 3)
    assert CALENDAR.add_working_days(date(2026, 8, 29), 0) == date(2026, 9, 3)


@given(DAYS, COUNTS)
def test_a_promised_day_is_always_a_working_day(start: date, count: int) -> None:
    assert CALENDAR.is_working_day(CALENDAR.add_working_days(start, count))


@given(DAYS, st.integers(1, 40))
def test_counting_back_gives_the_days_that_were_added(start: date, count: int) -> None:
    end = CALENDAR.add_working_days(start, count)
    assert CALENDAR.working_days_between(start, end) == count
    assert CALENDAR.working_days_between(end, start) == -count


@given(DAYS, st.integers(1, 20), st.integers(1, 20))
def test_adding_in_two_steps_is_adding_at_once(start: date, first: int, second: int) -> None:
    middle = CALENDAR.add_working_days(start, first)
    assert CALENDAR.add_working_days(middle, second) == CALENDAR.add_working_days(start, first + second)


@given(DAYS, COUNTS)
def test_starting_later_never_ends_earlier(start: date, count: int) -> None:
    later = CALENDAR.add_working_days(start + timedelta(days=1), count)
    assert later >= CALENDAR.add_working_days(start, count)


def test_a_year_without_announced_holidays_has_its_weekends() -> None:
    assert 2031 not in CALENDAR.years
    assert CALENDAR.add_working_days(date(2031, 3, 7), 1) == date(2031, 3, 10)
