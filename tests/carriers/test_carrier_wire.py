from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers.errors import MalformedAnswer
from carriers.wire import read_time, staff_note, text, whole
from postal_service.kit.clock import LOCAL

MOMENT = datetime(2026, 10, 14, 2, 12, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "14/10/2026 09:12:33",
        "14-10-2026 09:12:33",
        " 14/10/2026 09:12:33 ",
        "2026-10-14T09:12:33",
        "2026-10-14 09:12:33",
        "2026-10-14T09:12:33+07:00",
        "2026-10-14T02:12:33Z",
        1791943953000,
    ],
)
def test_a_time_is_read_in_every_form_and_without_offset_is_vietnams(written: str | int) -> None:
    assert read_time(written) == MOMENT


@pytest.mark.parametrize("written", ["", "hôm qua", "32/01/2026", None, True, 10**30, ["14/10/2026"]])
def test_what_is_no_time_is_not_guessed(written: object) -> None:
    with pytest.raises(MalformedAnswer):
        read_time(written)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(LOCAL)))  # noqa: DTZ001 - its zone is given
def test_a_time_written_day_first_is_read_back(moment: datetime) -> None:
    second = moment.replace(microsecond=0)
    assert read_time(f"{second:%d/%m/%Y %H:%M:%S}") == second


@pytest.mark.parametrize(
    ("written", "number"),
    [(5, 5), ("5", 5), (Decimal("5.0"), 5), (Decimal("5.5"), None), ("5.5", None), (True, None), (None, None), ("", None)],
)
def test_whole_numbers_are_read_and_others_are_not(written: object, number: int | None) -> None:
    assert whole(written) == number


@pytest.mark.parametrize(
    ("written", "read"), [(" a ", "a"), (7, "7"), (-8, "-8"), ("", None), (None, None), (True, None), ([], None)]
)
def test_text_is_trimmed_and_empty_is_nothing(written: object, read: str | None) -> None:
    assert text(written) == read


def test_staff_see_a_carriers_words_without_phones_and_never_a_page_of_them() -> None:
    assert "0912345678" not in staff_note("Gọi 0912345678")
    assert len(staff_note("a" * 1000)) == 200
