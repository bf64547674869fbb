import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.sms_text import Encoding, fits_one_segment, plain, segments, shorten, shorten_name


@pytest.mark.parametrize(
    ("text", "encoding", "units", "count"),
    [
        ("", Encoding.GSM7, 0, 1),
        ("a" * 160, Encoding.GSM7, 160, 1),
        ("a" * 161, Encoding.GSM7, 161, 2),
        ("a" * 306, Encoding.GSM7, 306, 2),
        ("a" * 307, Encoding.GSM7, 307, 3),
        ("{" * 80, Encoding.GSM7, 160, 1),
        ("{" * 81, Encoding.GSM7, 162, 2),
        ("é" * 160, Encoding.GSM7, 160, 1),
        ("đ", Encoding.UCS2, 1, 1),
        ("ư" * 70, Encoding.UCS2, 70, 1),
        ("ư" * 71, Encoding.UCS2, 71, 2),
        ("😀" * 35, Encoding.UCS2, 70, 1),
        ("😀" * 36, Encoding.UCS2, 72, 2),
        ("Hồ sơ của bạn đã được giao.", Encoding.UCS2, 27, 1),
        ("Ho so cua ban da duoc giao.", Encoding.GSM7, 27, 1),
    ],
)
def test_a_text_costs_what_the_network_bills(text: str, encoding: Encoding, units: int, count: int) -> None:
    counted = segments(text)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, units, count)


def test_letters_are_composed_before_they_are_counted() -> None:
    assert segments(unicodedata.normalize("NFD", "Hồ sơ")).units == 5


@pytest.mark.parametrize("letter", "àèéìòùÉ")
def test_the_few_marked_vietnamese_letters_of_gsm7_stay_cheap(letter: str) -> None:
    assert segments(letter).encoding is Encoding.GSM7


def test_an_escaped_character_is_not_split_over_two_parts() -> None:
    # 306 septets would fill two parts exactly, if the pair at their border could be cut in half.
    assert segments("a" * 152 + "{" + "a" * 152).segments == 3


def test_a_surrogate_pair_is_not_split_over_two_parts() -> None:
    assert segments("ư" * 66 + "😀" + "ư" * 66).segments == 3


@given(st.text())
def test_plain_text_is_always_in_the_cheap_alphabet_at_one_septet_a_letter(text: str) -> None:
    counted = segments(plain(text))
    assert counted.encoding is Encoding.GSM7
    assert counted.units == len(plain(text))


@given(st.text(max_size=400))
def test_the_billed_parts_hold_the_whole_text(text: str) -> None:
    counted = segments(text)
    room = {Encoding.GSM7: (160, 153), Encoding.UCS2: (70, 67)}[counted.encoding]
    assert counted.units <= (room[0] if counted.segments == 1 else counted.segments * room[1])
    assert fits_one_segment(text) == (counted.units <= room[0])


def test_tone_marks_and_typographic_signs_have_plain_forms() -> None:
    assert plain("Bưu cục Đống Đa – “giao tận nơi”… [2]") == 'Buu cuc Dong Da - "giao tan noi"... (2)'


def test_words_are_cut_at_a_word() -> None:
    assert shorten("người nhận hẹn lại ngày khác", 20) == "người nhận hẹn..."
    assert shorten("ngắn", 20) == "ngắn"


def test_a_long_name_keeps_the_word_people_are_called_by() -> None:
    assert shorten_name("Công Tằng Tôn Nữ Nguyễn Thị Thu Trang", 24) == "Nữ Nguyễn Thị Thu Trang"
    assert shorten_name("Nguyễn Văn An", 24) == "Nguyễn Văn An"


@given(st.text(max_size=60), st.integers(min_value=4, max_value=40))
def test_cutting_never_leaves_more_than_the_limit(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit
    assert len(shorten_name(text, limit)) <= limit
