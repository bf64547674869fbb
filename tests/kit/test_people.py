"""Telephone and identity numbers, text and money: what is shown to people and read from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postal_service.kit.money import format_vnd
from postal_service.kit.national_id import mask_national_id, read_national_id
from postal_service.kit.phone import is_mobile, mask_phone, national_phone, read_phone
from postal_service.kit.text import nfc, squeeze, unaccent


@pytest.mark.parametrize("typed", ["0912345678", "+84912345678", "84 912 345 678", "0912.345.678", "(+84) 912-345-678"])
def test_a_mobile_number_is_kept_in_one_form(typed: str) -> None:
    assert read_phone(typed) == "+84912345678"


@pytest.mark.parametrize("typed", ["", "12", "0112345678", "09123456", "khong co", "+849123456789012"])
def test_what_cannot_be_dialled_is_no_telephone_number(typed: str) -> None:
    assert read_phone(typed) is None


def test_an_sms_goes_to_mobiles_only() -> None:
    assert is_mobile("+84912345678")
    assert not is_mobile("+842439390085")


def test_carriers_get_the_number_as_dialled_at_home_and_others_see_its_end() -> None:
    assert national_phone("+84912345678") == "0912345678"
    assert national_phone("+4915112345678") == "+4915112345678"
    assert mask_phone("+84912345678") == "09*****678"


@pytest.mark.parametrize(
    ("typed", "digits"),
    [("001090012345", "001090012345"), ("0010 9001 2345", "001090012345"), ("123.456.789", "123456789")],
)
def test_identity_numbers_have_nine_or_twelve_digits(typed: str, digits: str) -> None:
    assert read_national_id(typed) == digits


@pytest.mark.parametrize("typed", ["", "12345678", "1234567890", "00109001234x", "0010900123456"])
def test_other_lengths_are_no_identity_number(typed: str) -> None:
    assert read_national_id(typed) is None


@given(st.from_regex(r"[0-9]{9}([0-9]{3})?", fullmatch=True))
def test_a_masked_identity_number_keeps_its_length_and_hides_its_middle(number: str) -> None:
    masked = mask_national_id(number)
    assert len(masked) == len(number)
    assert masked[3:-3] == "*" * (len(number) - 6)


def test_vietnamese_text_loses_its_marks_and_nothing_else() -> None:
    assert unaccent("Đường Nguyễn Chí Thanh, Đống Đa – số 5/2") == "Duong Nguyen Chi Thanh, Dong Da – so 5/2"
    assert unaccent("ẬẵộửỹĐờ") == "AaouyDo"


@given(st.text())
def test_taking_marks_away_twice_changes_nothing_more(text: str) -> None:
    assert unaccent(unaccent(text)) == unaccent(text)


def test_equal_words_compare_equal_however_they_were_composed() -> None:
    assert nfc("Hà Nội") == nfc("Hà Nội")
    assert squeeze("  Hà \t Nội \n") == "Hà Nội"


def test_amounts_are_written_with_points() -> None:
    assert format_vnd(200000) == "200.000 đ"
    assert format_vnd(0) == "0 đ"
    assert format_vnd(-1250000) == "-1.250.000 đ"
