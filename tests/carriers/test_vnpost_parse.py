import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers.errors import CarrierError, CredentialsBad, MalformedAnswer, Refused
from carriers.http import Answer
from carriers.vnpost import parse

ITEM = "CV497960035VN"
RECORD = {
    "orderHdrID": "h-1",
    "originalID": "o-1",
    "itemCode": ITEM,
    "status": 1,
    "saleOrderCode": "LT-1",
    "totalFee": 27000,
}


def ok(value: Any) -> Answer:
    return Answer(200, json.dumps(value).encode())


def rejected(value: Any, status: int = 400) -> Answer:
    return Answer(status, json.dumps(value).encode())


@pytest.mark.parametrize("answer", [RECORD, {"data": RECORD}, {"data": [RECORD]}, [RECORD]])
def test_a_created_order_is_read_flat_under_data_or_in_a_list(answer: Any) -> None:
    order = parse.created_order(ok(answer), "LT-1")
    assert (order.original_id, order.item_code, order.status, order.total_fee) == ("o-1", ITEM, "1", 27000)


@pytest.mark.parametrize("fee", [27000, 27000.0, "27000"])
def test_a_fee_is_whole_dong_however_it_is_written(fee: object) -> None:
    assert parse.created_order(ok({**RECORD, "totalFee": fee}), "LT-1").total_fee == 27000


def test_an_order_under_another_reference_is_not_ours() -> None:
    with pytest.raises(MalformedAnswer):
        parse.created_order(ok(RECORD), "LT-2")


@pytest.mark.parametrize(
    "envelope",
    [
        {"status": 400, "timestamp": "…", "error": "Bad Request", "message": "Sai địa chỉ", "description": "…", "path": "/"},
        {"errorMessage": "Sai địa chỉ"},
        {"message": "Sai địa chỉ"},
        {"Message": "Sai địa chỉ"},
    ],
)
def test_every_error_envelope_is_a_refusal_in_the_carriers_words(envelope: dict[str, object]) -> None:
    for answer in (rejected(envelope), rejected([envelope])):
        with pytest.raises(Refused, match="Sai địa chỉ") as refusal:
            parse.created_order(answer, "LT-1")
        assert refusal.value.code == "400"


def test_a_complaint_with_status_200_is_a_refusal_too() -> None:
    with pytest.raises(Refused, match="Sai"):
        parse.created_order(ok({"success": False, "errorMessage": "Sai địa chỉ"}), "LT-1")


def test_a_refusal_shows_no_long_numbers() -> None:
    with pytest.raises(Refused) as refusal:
        parse.created_order(rejected({"message": "Số 0912345678 không hợp lệ"}), "LT-1")
    assert "0912345678" not in str(refusal.value)


def test_a_refusal_without_readable_words_is_still_a_refusal() -> None:
    with pytest.raises(Refused, match="HTTP 400"):
        parse.created_order(Answer(400, b"<html>"), "LT-1")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"null", b"[]", b"{}", b"3", b"[" * 100_000])
def test_an_answer_without_an_order_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        parse.created_order(Answer(200, body), "LT-1")


@pytest.mark.parametrize(
    "answer", [ok([{"results": [RECORD]}]), ok({"results": [RECORD]}), ok([RECORD]), ok(RECORD), ok({"data": [RECORD]})]
)
def test_an_order_is_found_in_every_shape_of_the_list(answer: Answer) -> None:
    found = parse.found_order(answer, "LT-1")
    assert found is not None
    assert found.item_code == ITEM


@pytest.mark.parametrize(
    "answer", [ok([{"results": []}]), ok([]), ok({"results": None}), rejected({"message": "Không tìm thấy"}, 404)]
)
def test_nothing_under_our_reference_is_none(answer: Answer) -> None:
    assert parse.found_order(answer, "LT-1") is None


@pytest.mark.parametrize("answer", [Answer(404, b"<html>no such page"), Answer(200, b"<html>")])
def test_a_page_from_somewhere_else_does_not_prove_that_there_is_nothing(answer: Answer) -> None:
    with pytest.raises(MalformedAnswer):
        parse.found_order(answer, "LT-1")


def test_orders_under_other_references_are_left_out_and_deleted_ones_come_last() -> None:
    deleted, other = {**RECORD, "status": -8, "originalID": "o-0"}, {**RECORD, "saleOrderCode": "LT-2"}
    found = parse.found_order(ok([{"results": [other, deleted, RECORD]}]), "LT-1")
    assert found is not None
    assert found.original_id == "o-1"


ROW = {
    "createdDate": "14/10/2026",
    "createHour": "09:12:33",
    "statusCode": 4,
    "statusName": "Đang lấy hàng",
    "locateName": "BC",
}
OTHER_HOUR = {"createdHour" if name == "createHour" else name: value for name, value in ROW.items()}


@pytest.mark.parametrize(
    "answer",
    [
        {"data": [{"itemCode": ITEM, "statusHistory": [ROW]}]},
        {"data": {"itemCode": ITEM, "statusHistory": [ROW]}},
        {"data": [{"itemCode": ITEM, "statusHistory ": [ROW]}]},
        {"data": [{"itemCode": ITEM, "statusHistory": [OTHER_HOUR]}]},
        [{"itemCode": ITEM, "statusHistory": [ROW]}],
        {"itemCode": ITEM, "statusHistory": [{**ROW, "statusCode": "4"}]},
        {"data": [{"itemCode": ITEM, "statusHistory": [{**ROW, "createdDate": "14-10-2026"}]}]},
        {"data": [{"itemCode": ITEM, "statusHistory": [{**ROW, "createdDate": "2026-10-14"}]}]},
    ],
)
def test_the_history_is_read_in_every_variant_met(answer: Any) -> None:
    (row,) = parse.history(ok(answer), ITEM)
    assert (row.code, row.place, row.occurred_at.isoformat()) == ("4", "BC", "2026-10-14T02:12:33+00:00")


def test_the_history_comes_oldest_first_and_of_this_item_only() -> None:
    later = {**ROW, "createHour": "10:00:00", "statusCode": 6}
    stranger = {"itemCode": "CV497523410VN", "statusHistory": [ROW]}
    rows = parse.history(ok({"data": [{"itemCode": ITEM, "statusHistory": [later, ROW]}, stranger]}), ITEM)
    assert [row.code for row in rows] == ["4", "6"]


@pytest.mark.parametrize("answer", [{"data": []}, {"data": None}, [], {"data": [{"itemCode": ITEM, "statusHistory": None}]}])
def test_an_item_without_history_has_none(answer: Any) -> None:
    assert parse.history(ok(answer), ITEM) == []


@pytest.mark.parametrize("row", [{**ROW, "createdDate": "hôm qua"}, {**ROW, "statusCode": None}, {}, "?"])
def test_a_row_that_cannot_be_placed_in_time_is_not_guessed(row: object) -> None:
    with pytest.raises(MalformedAnswer):
        parse.history(ok({"data": [{"itemCode": ITEM, "statusHistory": [row]}]}), ITEM)


def test_a_history_that_is_refused_is_not_an_empty_one() -> None:
    with pytest.raises(Refused):
        parse.history(ok({"success": False, "data": None, "errorMessage": "Lỗi"}), ITEM)


@pytest.mark.parametrize(
    ("kind", "accepted", "pending"), [("00", True, False), ("02", True, True), ("01", False, False), ("99", False, False)]
)
def test_a_cancel_answer_is_read_in_either_case_and_in_a_list(kind: str, accepted: bool, pending: bool) -> None:
    pascal = {"Type": kind, "Message": "…", "Note": "", "OriginalId": "o-1", "CaseId": "c-1"}
    camel = {name[0].lower() + name[1:]: value for name, value in pascal.items()}
    for answer in (pascal, camel, [pascal], [camel]):
        result = parse.cancel_answer(ok(answer))
        assert (result.accepted, result.pending, result.case_id) == (accepted, pending, "c-1")


PDF = base64.b64encode(b"%PDF-1.7 ...").decode()


@pytest.mark.parametrize("body", [json.dumps(PDF), json.dumps([PDF]), PDF])
def test_a_label_is_read_as_a_string_in_a_list_or_bare(body: str) -> None:
    assert parse.label_pdf(Answer(200, body.encode())).startswith(b"%PDF")


@pytest.mark.parametrize("body", [b"", b'""', b"[]", b'"!!"', b'"aGVsbG8="', b"<html>"])
def test_a_label_that_is_no_pdf_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        parse.label_pdf(Answer(200, body))


def test_a_sign_in_that_is_refused_is_bad_credentials() -> None:
    answer = ok({"success": False, "errorMessage": "Sai thông tin đăng nhập", "token": None})
    with pytest.raises(CredentialsBad, match="Sai thông tin"):
        parse.token(answer)


HOOK = {
    "data": [{"orderHdrId": "h-1", "originalId": "o-1", "itemCode": ITEM, "saleOrderCode": "LT-1", "status": 14}],
    "sendDate": "14/10/2026 15:00:00",
    "signature": "c2ln",
}


def test_the_signed_text_is_date_number_and_status_of_the_first_item() -> None:
    assert parse.hook(json.dumps(HOOK).encode()).signed_text == f"MYVNP14/10/2026 15:00:00{ITEM}14"


def test_a_hook_names_its_items_and_carries_no_fact() -> None:
    (item,) = parse.hook(json.dumps(HOOK).encode()).items
    assert (item.item_number, item.reference, item.carrier_order_id, item.fact) == (ITEM, "LT-1", "o-1", None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "results", "statusHistory", "itemCode", "originalID", "Type", "token", "success", "message"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(value=json_values, status=st.sampled_from([200, 400, 404]))
def test_no_answer_whatever_breaks_the_reader(value: object, status: int) -> None:
    answer = Answer(status, json.dumps(value).encode())
    for read in (
        lambda: parse.created_order(answer, "LT-1"),
        lambda: parse.found_order(answer, "LT-1"),
        lambda: parse.history(answer, ITEM),
        lambda: parse.cancel_answer(answer),
        lambda: parse.label_pdf(answer),
        lambda: parse.token(answer),
        lambda: parse.hook(answer.body),
    ):
        try:
            read()
        except CarrierError:
            continue
