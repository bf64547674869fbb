"""Reading VNPost's answers and hooks in every variant met. Pure.

The same record comes flat or under `data`, as an object or a list of one, with field names in several spellings.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from carriers.errors import CredentialsBad, MalformedAnswer, Refused
from carriers.http import Answer
from carriers.ports import CancelAnswer, HookItem
from carriers.wire import entries, fields, read_json, read_time, staff_note, text, whole

_NOT_FOUND = 404
_ACCEPTED, _WAITING = "00", "02"
_DELETED = "-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is used of VNPost's order record."""

    original_id: str
    item_code: str | None
    reference: str | None
    status: str | None
    total_fee: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One row of the status history; the time is UTC."""

    code: str
    words: str | None
    place: str | None
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What is used of a hook. `signed_text` is what VNPost's signature covers: the first item's number and status only."""

    items: list[HookItem]
    signed_text: str
    signature: str


def token(answer: Answer) -> str:
    """Return the token of a sign-in. Raises `CredentialsBad` where VNPost says no."""
    record = fields(read_json(answer.body))
    value = text(record.get("token"))
    if answer.ok and value and record.get("success") is not False:
        return value
    if answer.ok and "success" not in record:
        raise MalformedAnswer("a sign-in without token")
    raise CredentialsBad(_complaint(record) or "sign-in refused", code=str(answer.status))


def created_order(answer: Answer, reference: str) -> Order:
    """Return the order just created under `reference`."""
    order = _order(_accepted(answer))
    if order.reference not in (None, reference):
        raise MalformedAnswer("an order under another reference")
    return order


def found_order(answer: Answer, reference: str) -> Order | None:
    """Return the order VNPost has under `reference`, one that is not deleted first; None when it has none."""
    payload = read_json(answer.body)
    if answer.status == _NOT_FOUND:
        return None
    orders = [_order(record) for page in entries(_accepted(answer, payload)) for record in _results(page)]
    ours = [order for order in orders if order.reference in (None, reference)]
    return min(ours, key=lambda order: order.status == _DELETED, default=None)


def history(answer: Answer, item_code: str) -> list[HistoryRow]:
    """Return the status history of one item, oldest first."""
    payload = _accepted(answer)
    record = fields(payload)
    nothing_asked_for = not isinstance(payload, list) and "data" not in record and "statushistory" not in record
    if nothing_asked_for or record.get("success") is False:
        raise _no_result(record)
    items = [fields(item) for item in entries(record.get("data", payload))]
    rows = [
        _history_row(fields(row))
        for item in items
        if text(item.get("itemcode")) in (None, item_code)
        for row in entries(item.get("statushistory"))
    ]
    return sorted(rows, key=lambda row: row.occurred_at)


def cancel_answer(answer: Answer) -> CancelAnswer:
    """Return what VNPost says of a cancel request: `00` taken, `02` waiting for approval, anything else is a no."""
    record = _first(_accepted(answer))
    kind = text(record.get("type"))
    if kind is None:
        raise _no_result(record)
    return CancelAnswer(
        accepted=kind in (_ACCEPTED, _WAITING),
        pending=kind == _WAITING,
        case_id=text(record.get("caseid")),
        message=_complaint(record),
    )


def label_pdf(answer: Answer) -> bytes:
    """Return the PDF that comes as base64: bare, as a JSON string, or in a list."""
    payload = answer.body.decode("ascii", "replace") if answer.ok and answer.body[:1] not in b'"[{' else _accepted(answer)
    encoded = entries(payload)[0] if entries(payload) else None
    if not isinstance(encoded, str):
        raise _no_result(fields(encoded))
    try:
        pdf = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedAnswer("a label that is not base64") from error
    if not pdf.startswith(b"%PDF"):
        raise MalformedAnswer("a label that is not PDF")
    return pdf


def hook(body: bytes) -> Hook:
    """Return what a hook speaks of."""
    record = fields(read_json(body))
    items = [fields(item) for item in entries(record.get("data"))]
    sent, signature = text(record.get("senddate")), text(record.get("signature"))
    if not items or not sent:
        raise MalformedAnswer("a hook without data or sendDate")
    item_code, status = text(items[0].get("itemcode")), text(items[0].get("status"))
    if not item_code or not status:
        raise MalformedAnswer("a hook without itemCode or status")
    return Hook(
        items=[
            HookItem(
                item_number=text(item.get("itemcode")),
                reference=text(item.get("saleordercode")),
                carrier_order_id=text(item.get("originalid")),
            )
            for item in items
        ],
        signed_text=f"MYVNP{sent}{item_code}{status}",
        signature=signature or "",
    )


def _accepted(answer: Answer, payload: Any = None) -> Any:
    """Return the payload of a 2xx; raise `Refused` with VNPost's own words for a 4xx."""
    if not answer.ok:
        raise Refused(_words_of(answer) or f"HTTP {answer.status}", code=str(answer.status))
    return read_json(answer.body) if payload is None else payload


def _words_of(answer: Answer) -> str | None:
    try:
        return _complaint(_first(read_json(answer.body)))
    except MalformedAnswer:
        return None


def _complaint(record: dict[str, Any]) -> str | None:
    for name in ("errormessage", "message", "description", "error"):
        if words := text(record.get(name)):
            return staff_note(words)
    return None


def _no_result(record: dict[str, Any]) -> Refused | MalformedAnswer:
    """Return the error for a 2xx without what was asked for: a complaint is a no, anything else is unreadable."""
    complaint = _complaint(record)
    return Refused(complaint) if complaint else MalformedAnswer("an answer without the fields asked for")


def _first(payload: Any) -> dict[str, Any]:
    listed = entries(payload)
    return fields(listed[0]) if listed else {}


def _results(page: Any) -> Iterator[Any]:
    record = fields(page)
    yield from entries(record["results"] if "results" in record else record.get("data", page))


def _order(payload: Any) -> Order:
    record = _first(payload)
    if isinstance(record.get("data"), dict | list):
        record = _first(record["data"])
    original_id = text(record.get("originalid"))
    if original_id is None:
        raise _no_result(record)
    return Order(
        original_id=original_id,
        item_code=text(record.get("itemcode")),
        reference=text(record.get("saleordercode")),
        status=text(record.get("status")),
        total_fee=whole(record.get("totalfee")),
    )


def _history_row(record: dict[str, Any]) -> HistoryRow:
    code = text(record.get("statuscode"))
    day, hour = text(record.get("createddate")), text(record.get("createhour")) or text(record.get("createdhour"))
    if code is None or day is None:
        raise MalformedAnswer("a history row without code or day")
    words = text(record.get("statusname"))
    return HistoryRow(
        code=code,
        words=staff_note(words) if words else None,
        place=text(record.get("locatename")),
        occurred_at=read_time(f"{day} {hour}" if hour else day),
    )
