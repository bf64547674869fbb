import pytest
from hypothesis import given
from hypothesis import strategies as st

from postal_service.kit import ids

BODY = st.text(alphabet=ids.CROCKFORD, min_size=11, max_size=11)


@pytest.mark.parametrize(
    ("number", "good"),
    [
        ("EE471108151FR", True),
        ("RR473124829GB", True),
        ("EB000717595HK", True),
        ("EA123456785VN", True),
        ("EA123456789VN", False),
        ("EJ012345678VN", False),
        ("EM111111111VN", False),
        ("ea123456785vn", False),
        ("EA12345678VN", False),
        ("", False),
    ],
)
def test_a_postal_item_number_is_known_by_its_check_digit(number: str, good: bool) -> None:
    assert ids.is_s10(number) is good


@given(st.integers(0, 99_999_999))
def test_every_serial_has_exactly_one_check_digit(serial: int) -> None:
    numbers = [f"EA{serial:08d}{digit}VN" for digit in range(10)]
    assert [number for number in numbers if ids.is_s10(number)] == [
        f"EA{serial:08d}{ids.s10_check_digit(f'{serial:08d}')}VN"
    ]


def test_a_tracking_code_is_read_however_it_is_typed() -> None:
    code = ids.new_tracking_code()
    assert ids.read_tracking_code(code) == code
    assert ids.read_tracking_code(code.lower().replace("-", " ")) == code
    assert ids.read_tracking_code(code.replace("-", "").replace("0", "o").replace("1", "l")) == code


def test_tracking_codes_have_three_groups_of_four_and_do_not_repeat() -> None:
    codes = {ids.new_tracking_code() for _ in range(500)}
    assert len(codes) == 500
    assert {len(code) for code in codes} == {14}


@pytest.mark.parametrize("typed", ["", "7K2M", "7K2M-9QXA-4T1C-0000", "7K2M-9QXA-4T1U", "đâu-đây-đó"])
def test_what_cannot_be_a_tracking_code_is_refused_without_a_look_up(typed: str) -> None:
    assert ids.read_tracking_code(typed) is None


@given(BODY, st.integers(0, 10))
def test_swapped_neighbours_in_a_tracking_code_are_noticed(body: str, at: int) -> None:
    code = body + ids._check_character(body)
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    # 0 and Z have the same value in the check, as any two letters 31 apart.
    if {code[at], code[at + 1]} != {"0", "Z"} and swapped != code and at < 10:
        assert ids.read_tracking_code(swapped) is None


@given(BODY, st.integers(0, 10), st.sampled_from(ids.CROCKFORD))
def test_a_wrong_letter_in_a_tracking_code_is_noticed(body: str, at: int, letter: str) -> None:
    code = body + ids._check_character(body)
    wrong = code[:at] + letter + code[at + 1 :]
    if letter != code[at] and {letter, code[at]} != {"0", "Z"}:
        assert ids.read_tracking_code(wrong) is None


def test_a_label_code_is_read_back_and_a_wrong_one_is_not() -> None:
    code = ids.new_label_code()
    assert ids.read_label_code(code.lower()) == code
    assert ids.read_label_code(code[1:]) is None
    assert ids.read_label_code("X" + code[1:]) is None
    other = next(letter for letter in ids.CROCKFORD[:31] if letter != code[-1])
    assert ids.read_label_code(code[:-1] + other) is None


def test_a_label_code_is_never_a_tracking_code() -> None:
    assert all(ids.read_tracking_code(ids.new_label_code()) is None for _ in range(50))


def test_ids_are_opaque_distinct_and_follow_the_clock() -> None:
    made = [ids.new_id() for _ in range(200)]
    assert len(set(made)) == 200
    assert {len(each) for each in made} == {26}
    assert made[0][:10] <= made[-1][:10]
