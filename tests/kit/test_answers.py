"""Problem documents, pages of a list, and the clock."""

from datetime import UTC, date, datetime

import pytest

from postal_service.kit.clock import local_date, rfc3339, system_clock
from postal_service.kit.ids import new_id
from postal_service.kit.paging import page, read_cursor
from postal_service.kit.problems import FieldError, Problem, invalid, not_found
from postal_service.kit.words import Words


def test_a_refused_body_names_each_field_in_the_callers_language() -> None:
    problem = invalid(FieldError("/applicant/phone", "invalid_phone", "Số điện thoại chưa đúng.", "Not a phone number."))
    assert problem.status == 422
    assert problem.body("vi")["errors"] == [
        {"pointer": "/applicant/phone", "code": "invalid_phone", "message": "Số điện thoại chưa đúng."}
    ]
    assert problem.body("en")["errors"][0]["message"] == "Not a phone number."


def test_a_problem_has_a_stable_code_and_says_the_rest_in_words() -> None:
    problem = Problem(409, "external_id_taken", vi="Mã đã dùng.", en="Taken.", extra={"external_id": "DK-1"})
    assert problem.body("en") == {
        "type": "urn:postal:problem:external_id_taken",
        "title": "Taken.",
        "status": 409,
        "code": "external_id_taken",
        "external_id": "DK-1",
    }
    assert "errors" not in not_found().body("vi")


def test_a_cursor_leads_back_to_its_row() -> None:
    row = new_id()
    assert read_cursor(page([], row, more=True)["next_cursor"]) == row


def test_the_last_page_has_no_cursor() -> None:
    assert page([{"id": 1}], "1", more=False) == {"items": [{"id": 1}], "next_cursor": None}
    assert read_cursor(None) is None


@pytest.mark.parametrize("raw", ["Q", "AAAA", "!!!", "MQ=="])
def test_a_cursor_that_is_not_ours_is_refused(raw: str) -> None:
    with pytest.raises(Problem) as caught:
        read_cursor(raw)
    assert caught.value.code == "invalid_cursor"


def test_the_day_is_vietnams_and_times_carry_their_offset() -> None:
    moment = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    assert local_date(moment) == date(2026, 11, 23)
    assert rfc3339(moment) == "2026-11-23T01:30:00+07:00"
    assert system_clock().tzinfo is UTC


def test_words_are_vietnamese_unless_english_is_asked_for() -> None:
    words = Words("Có", "Yes")
    assert (words.text("vi"), words.text("en"), words.text("fr")) == ("Có", "Yes", "Có")
