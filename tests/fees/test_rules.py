from dataclasses import replace
from datetime import date
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postal_service.fees.rules import NoFeeRule, Quote, additions_quote, quote
from postal_service.kit.fee_book import FeeBook, FeeClass, Leg, PostageRule, StateFeeRule, Subsidy, Zone
from postal_service.kit.words import Words

ON = date(2026, 11, 2)
CLASSES: tuple[FeeClass, ...] = get_args(FeeClass)
ZONES: tuple[Zone, ...] = get_args(Zone)
COPIES = st.integers(1, 50)
MAYBE_ZONE = st.sampled_from((None, *ZONES))

CERTIFICATE = StateFeeRule(
    name=Words("Phí", "Fee"),
    procedures=frozenset({"criminal-record-1"}),
    base_vnd={"standard": 200_000, "reduced": 100_000, "exempt": 0},
    copies_included=2,
    extra_copy_vnd=5_000,
    exempt_pay_extra_copies=False,
    exceptions=frozenset({"strict-agency"}),
    source="TT 1",
    valid_from=date(2017, 1, 1),
    valid_to=None,
)
SUBSIDY = Subsidy(
    name=Words("Hỗ trợ", "Paid by the city"),
    agency="hanoi",
    channels=frozenset({"vneid"}),
    procedures=frozenset({"criminal-record-1"}),
    percent=100,
    source="NQ",
    valid_from=date(2024, 4, 22),
    valid_to=date(2024, 12, 31),
)


def postage(leg: Leg, zone: Zone, amount: int, agency: str | None = None) -> PostageRule:
    return PostageRule(
        leg=leg, zone=zone, agency=agency, amount_vnd=amount, source="", valid_from=date(2016, 1, 1), valid_to=None
    )


BOOK = FeeBook(
    version="v1",
    state_fees=(CERTIFICATE,),
    subsidies=(SUBSIDY,),
    postage=(
        postage("pickup", "same_province", 30_000),
        postage("pickup", "other_province", 40_000),
        postage("delivery", "same_province", 31_000),
        postage("delivery", "other_province", 41_000),
        postage("delivery", "same_province", 20_000, "da-nang"),
    ),
)


def price(
    fee_class: FeeClass = "standard",
    copies: int = 2,
    *,
    agency: str = "hanoi",
    channel: str = "ministry_module",
    on: date = ON,
    pickup: Zone | None = None,
    delivery: Zone | None = None,
    paid: bool = False,
    book: FeeBook = BOOK,
) -> Quote:
    return quote(
        book,
        procedure="criminal-record-1",
        fee_class=fee_class,
        copies=copies,
        agency=agency,
        channel=channel,
        on=on,
        pickup_zone=pickup,
        delivery_zone=delivery,
        paid=paid,
    )


def amounts(quoted: Quote) -> list[tuple[str, int, str]]:
    return [(line.kind, line.amount_vnd, line.due_at) for line in quoted.lines]


def test_the_usual_request_pays_fee_and_pickup_at_the_first_door_and_delivery_at_the_second() -> None:
    quoted = price(pickup="same_province", delivery="other_province")
    assert amounts(quoted) == [
        ("state_fee", 200_000, "pickup"),
        ("postage_pickup", 30_000, "pickup"),
        ("postage_delivery", 41_000, "delivery"),
    ]
    assert (quoted.total_vnd, quoted.due_vnd("pickup"), quoted.due_vnd("delivery")) == (271_000, 230_000, 41_000)
    assert quoted.rule_version == "v1"


def test_without_a_pickup_the_state_fee_is_due_at_delivery_or_at_the_counter() -> None:
    assert amounts(price(delivery="same_province"))[0] == ("state_fee", 200_000, "delivery")
    assert amounts(price()) == [("state_fee", 200_000, "delivery")]


@pytest.mark.parametrize(
    ("fee_class", "copies", "amount"),
    [
        ("standard", 1, 200_000),
        ("standard", 2, 200_000),
        ("standard", 5, 215_000),
        ("reduced", 3, 105_000),
        ("exempt", 9, 0),
    ],
)
def test_two_copies_are_included_and_each_more_costs(fee_class: FeeClass, copies: int, amount: int) -> None:
    assert price(fee_class, copies).total_vnd == amount


def test_an_agency_may_decide_that_the_exempt_pay_for_more_copies() -> None:
    assert price("exempt", 4, agency="strict-agency").total_vnd == 10_000
    turned = replace(BOOK, state_fees=(replace(CERTIFICATE, exempt_pay_extra_copies=True),))
    assert price("exempt", 4, book=turned).total_vnd == 10_000
    assert price("exempt", 4, agency="strict-agency", book=turned).total_vnd == 0


@pytest.mark.parametrize(
    ("on", "channel", "agency", "helped"),
    [
        (date(2024, 4, 21), "vneid", "hanoi", False),
        (date(2024, 4, 22), "vneid", "hanoi", True),
        (date(2024, 12, 31), "vneid", "hanoi", True),
        (date(2025, 1, 1), "vneid", "hanoi", False),
        (date(2024, 6, 1), "counter", "hanoi", False),
        (date(2024, 6, 1), "vneid", "da-nang", False),
    ],
)
def test_ha_noi_pays_for_its_people_who_file_by_vneid(on: date, channel: str, agency: str, helped: bool) -> None:
    quoted = price(copies=3, on=on, channel=channel, agency=agency, pickup="same_province")
    assert ("state_fee", 205_000, "pickup") in amounts(quoted)
    assert (("subsidy", -205_000, "pickup") in amounts(quoted)) is helped


def test_nothing_is_subsidised_where_nothing_is_due() -> None:
    quoted = price("exempt", on=date(2024, 6, 1), channel="vneid")
    assert amounts(quoted) == [("state_fee", 0, "delivery")]


def test_a_part_of_a_dong_is_never_given_away() -> None:
    third = replace(BOOK, subsidies=(replace(SUBSIDY, percent=33),))
    assert price(copies=3, on=date(2024, 6, 1), channel="vneid", book=third).total_vnd == 205_000 - 67_650


def test_an_agencys_own_postage_goes_before_the_general_one() -> None:
    assert price(agency="da-nang", delivery="same_province").due_vnd("delivery") == 220_000
    assert price(agency="hanoi", delivery="same_province").due_vnd("delivery") == 231_000


def test_no_door_asks_for_what_the_portal_has_taken() -> None:
    quoted = price(pickup="same_province", delivery="same_province", paid=True)
    assert {line.due_at for line in quoted.lines} == {"paid"}
    assert quoted.due_vnd("pickup") == quoted.due_vnd("delivery") == 0


def test_fetching_additions_costs_postage_and_no_second_state_fee() -> None:
    quoted = additions_quote(BOOK, agency="hanoi", on=ON, pickup_zone="same_province")
    assert amounts(quoted) == [("postage_pickup", 30_000, "pickup")]
    assert additions_quote(BOOK, agency="hanoi", on=ON, pickup_zone=None).lines == ()


def test_a_fee_is_never_guessed() -> None:
    with pytest.raises(NoFeeRule, match="State fee"):
        price(on=date(2016, 12, 31))
    with pytest.raises(NoFeeRule, match="postage"):
        price(pickup="same_province", book=replace(BOOK, postage=()))
    with pytest.raises(ValueError, match="copy"):
        price(copies=0)


def test_each_line_says_why_in_both_languages() -> None:
    line = price(copies=4).lines[0].as_dict()
    assert line == {
        "kind": "state_fee",
        "amount_vnd": 210_000,
        "due_at": "delivery",
        "why": "Phí, mức thông thường: 200.000 đ; thêm 2 bản × 5.000 đ (TT 1)",
        "why_en": "Fee, standard: 200.000 đ; 2 more × 5.000 đ (TT 1)",
    }


@given(
    fee_class=st.sampled_from(CLASSES),
    copies=COPIES,
    channel=st.sampled_from(("vneid", "counter")),
    agency=st.sampled_from(("hanoi", "da-nang", "strict-agency")),
    on=st.dates(date(2017, 1, 1), date(2027, 12, 31)),
    pickup=MAYBE_ZONE,
    delivery=MAYBE_ZONE,
    paid=st.booleans(),
    percent=st.integers(1, 100),
)
def test_what_holds_for_every_quote(
    *,
    fee_class: FeeClass,
    copies: int,
    channel: str,
    agency: str,
    on: date,
    pickup: Zone | None,
    delivery: Zone | None,
    paid: bool,
    percent: int,
) -> None:
    book = replace(BOOK, subsidies=(replace(SUBSIDY, percent=percent),))
    quoted = price(
        fee_class,
        copies,
        channel=channel,
        agency=agency,
        on=on,
        pickup=pickup,
        delivery=delivery,
        paid=paid,
        book=book,
    )
    kinds = [line.kind for line in quoted.lines]
    assert len(kinds) == len(set(kinds))
    assert kinds.count("state_fee") == 1
    assert ("postage_pickup" in kinds, "postage_delivery" in kinds) == (pickup is not None, delivery is not None)
    assert all(line.amount_vnd >= 0 or line.kind == "subsidy" for line in quoted.lines)
    dues = [quoted.due_vnd("pickup"), quoted.due_vnd("delivery"), quoted.due_vnd("paid")]
    assert sum(dues) == quoted.total_vnd
    assert min(dues) >= 0
    assert pickup is not None or quoted.due_vnd("pickup") == 0


@given(fee_class=st.sampled_from(CLASSES), copies=COPIES, agency=st.sampled_from(("hanoi", "strict-agency")))
def test_more_copies_are_never_cheaper_and_a_better_class_is_never_dearer(
    fee_class: FeeClass, copies: int, agency: str
) -> None:
    assert price(fee_class, copies + 1, agency=agency).total_vnd >= price(fee_class, copies, agency=agency).total_vnd
    by_class = [price(each, copies, agency=agency).total_vnd for each in ("standard", "reduced", "exempt")]
    assert by_class == sorted(by_class, reverse=True)


@given(copies=COPIES, pickup=MAYBE_ZONE, delivery=MAYBE_ZONE)
def test_the_exempt_pay_no_state_fee(copies: int, pickup: Zone | None, delivery: Zone | None) -> None:
    quoted = price("exempt", copies, pickup=pickup, delivery=delivery)
    assert [line.amount_vnd for line in quoted.lines if line.kind == "state_fee"] == [0]
