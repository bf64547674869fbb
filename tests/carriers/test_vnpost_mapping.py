import dataclasses
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from carriers.errors import Refused
from carriers.ports import Address, BookingRequest
from carriers.simulator.bench import a_request
from carriers.status import Effect, MoneyStatus, Status
from carriers.vnpost import mapping
from carriers.vnpost.parse import HistoryRow
from carriers.vnpost.settings import VNPostSettings

SETTINGS = VNPostSettings(customer_code="T000000001")
AT = datetime(2026, 10, 14, 2, 12, 33, tzinfo=UTC)


def sent(request: BookingRequest, settings: VNPostSettings = SETTINGS) -> dict[str, object]:
    information: dict[str, object] = mapping.create_order(request, settings)["informationOrder"]
    return information


def test_the_status_table_is_the_published_one_code_for_code(data: Path) -> None:
    effects = {"L": Effect.MOVES, "M": Effect.MONEY, "R": Effect.REVIEW}
    published = {
        str(row["code"]): (row["vi"], effects[row["effect"]], row["canonical"] and Status[row["canonical"]])
        for row in json.loads((data / "vnpost-status.json").read_text("utf-8"))["codes"]
    }
    assert {code: (row.words, row.effect, row.status) for code, row in mapping.CODES.items()} == published


def test_every_code_that_tells_of_money_moves_nothing() -> None:
    assert {code for code, row in mapping.CODES.items() if row.effect is Effect.MONEY} == {"21", "28", "29"}
    assert all(row.status is None for row in mapping.CODES.values() if row.effect is Effect.MONEY)


def test_cash_paid_out_is_remitted_money_and_no_proof_of_delivery() -> None:
    fact = mapping.fact(HistoryRow(code="21", words=None, place=None, occurred_at=AT), "CV497960035VN")
    assert (fact.status, fact.money, fact.effect) == (None, MoneyStatus.REMITTED, Effect.MONEY)


@pytest.mark.parametrize("code", ["25", "26", "27", "30", "-1", "100", "DELIVERED"])
def test_a_code_outside_the_table_moves_nothing_and_asks_for_a_person(code: str) -> None:
    fact = mapping.fact(HistoryRow(code=code, words="Lạ", place=None, occurred_at=AT), "CV497960035VN")
    assert (fact.known, fact.status, fact.effect, fact.note) == (False, None, Effect.REVIEW, "Lạ")


def test_a_fact_is_known_by_carrier_item_code_and_carrier_time() -> None:
    row = HistoryRow(code="4", words="Đang lấy hàng", place="BC X", occurred_at=AT)
    assert mapping.fact(row, "CV497960035VN").source_id == "vnpost:CV497960035VN:4:20261014T021233Z"


def test_a_two_level_address_has_the_literal_for_its_district() -> None:
    information = sent(a_request("LT-1"))
    for role in ("sender", "receiver"):
        assert information[f"{role}DistrictCode"] == "VNPOST"
        assert information[f"{role}DistrictName"] == "VNPOST"
    assert information["senderCommuneName"] == "Phường Láng"


def test_a_three_level_address_keeps_its_district() -> None:
    request = a_request("LT-1")
    old = Address(
        province_code="01",
        province_name="Thành phố Hà Nội",
        district_name="Quận Đống Đa",
        ward_code=None,
        ward_name="Phường Láng Hạ",
        detail="Số 1",
    )
    information = sent(dataclasses.replace(request, sender=dataclasses.replace(request.sender, address=old)))
    assert information["senderDistrictName"] == "Quận Đống Đa"
    assert information["senderDistrictCode"] == ""
    assert information["receiverDistrictCode"] == "VNPOST"


def test_codes_of_the_state_are_never_sent_as_codes_of_vnpost() -> None:
    information = sent(a_request("LT-1"))
    assert {information[f"{role}{unit}Code"] for role in ("sender", "receiver") for unit in ("Province", "Commune")} == {""}


@pytest.mark.parametrize(("day_part", "letter"), [(None, "N"), ("morning", "S"), ("afternoon", "C")])
def test_the_day_part_is_said_with_its_letter(day_part: str | None, letter: str) -> None:
    assert sent(a_request("LT-1", day_part=day_part))["deliveryTime"] == letter


@pytest.mark.parametrize(("at_door", "send_type"), [(True, "1"), (False, "2")])
def test_collection_at_the_door_is_asked_for(at_door: bool, send_type: str) -> None:
    assert sent(a_request("LT-1", collect_at_door=at_door))["sendType"] == send_type


def test_the_day_of_collection_is_said_in_words() -> None:
    information = sent(a_request("LT-1", on_day=date(2026, 10, 14), instruction="Gọi trước."))
    assert information["deliveryInstruction"] == "Thu gom ngày 14/10/2026. Gọi trước."


def test_an_instruction_is_cut_to_what_vnpost_takes() -> None:
    assert len(str(sent(a_request("LT-1", instruction="a" * 400))["deliveryInstruction"])) == 255


def test_phones_are_written_as_dialled_at_home() -> None:
    assert sent(a_request("LT-1"))["senderPhone"] == "0912345678"


def test_money_is_collected_from_the_receiver_only_when_there_is_some() -> None:
    assert sent(a_request("LT-1"))["addonService"] == []
    assert sent(a_request("LT-1", collect_from_receiver_vnd=200_000))["addonService"] == [
        {"code": "GTG021", "propValue": "PROP0018:200000"}
    ]


def test_an_addon_the_service_does_not_have_is_refused_before_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(mapping.ALLOWED_ADDONS, "ETN037", frozenset({"GTG001"}))
    with pytest.raises(Refused) as refusal:
        sent(a_request("LT-1", collect_from_receiver_vnd=1), VNPostSettings(service_code="ETN037"))
    assert refusal.value.code == "addon_not_allowed"


def test_weight_is_grams_as_text() -> None:
    assert sent(a_request("LT-1", weight_grams=250))["weight"] == "250"
