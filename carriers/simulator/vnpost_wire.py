"""How VNPost writes things: its codes, its records, and what it takes for a well-formed order. Pure."""

import base64
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from carriers.simulator.engine import Order
from carriers.simulator.journeys import Step
from postal_service.kit.clock import LOCAL

CODES: Mapping[Step, tuple[int, str]] = {
    Step.CREATED: (1, "Đã tạo"),
    Step.ASSIGNED: (2, "Bưu tá nhận yêu cầu thu gom"),
    Step.PICKING_UP: (4, "Đang lấy hàng"),
    Step.PICKUP_TRY_FAILED: (5, "Lấy hàng không thành công"),
    Step.PICKED_UP: (6, "Đã lấy hàng"),
    Step.ACCEPTED: (7, "Bưu cục đã nhận hàng"),
    Step.TRANSIT: (10, "Đang vận chuyển"),
    Step.ARRIVED: (11, "Đã đến bưu cục phát"),
    Step.FORWARDED: (13, "Chuyển tiếp"),
    Step.OUT_FOR_DELIVERY: (12, "Đang giao hàng"),
    Step.TRY_FAILED: (15, "Giao không thành công"),
    Step.DELIVERED: (14, "Đã giao hàng"),
    Step.DELIVERY_STOPPED: (22, "Hủy giao hàng"),
    Step.RETURN_WAITING: (16, "Chờ để chuyển hoàn"),
    Step.RETURN_APPROVED: (17, "Đã duyệt hoàn"),
    Step.RETURN_STARTED: (18, "Bắt đầu chuyển hoàn"),
    Step.RETURNED: (19, "Trả hàng thành công"),
    Step.CANCELLED: (9, "Hủy thu gom"),
    Step.PAID_OUT: (21, "Đã trả tiền COD"),
    Step.STRANGE: (26, "Chờ bổ sung"),
}
_REQUIRED = ("serviceCode", "contentNote", "weight", "sendType")
_REQUIRED_OF_EACH = ("Name", "Phone", "Address", "ProvinceName", "DistrictName", "CommuneName")
_SEND_TYPES = ("1", "2")
_MAIN_FEE, _COD_FEE = 22_000, 5_000


def record(order: Order) -> dict[str, Any]:
    """Return the order record as CreateOrder and getOrder answer it."""
    cash = collected(order.details)
    vas_fee = _COD_FEE if cash else 0
    return {
        "orderHdrID": order.order_id,
        "originalID": order.order_id,
        "itemCode": order.item_number,
        "originalItemCode": None,
        "status": CODES[order.last.step][0],
        "saleOrderCode": order.reference,
        "serviceCode": order.details["serviceCode"],
        "totalFee": _MAIN_FEE + vas_fee,
        "mainFee": _MAIN_FEE,
        "vasFee": vas_fee,
        "codAmount": cash,
        "addonService": order.details.get("addonService") or [],
        "weight": int(order.details["weight"]),
        "createdDate": moment(order.happened[0].at),
        "updatedDate": moment(order.last.at),
    }


def hook_body(order: Order, status: int, sent: str, signature: bytes) -> bytes:
    """Return a hook about one order; its ids are spelled otherwise than in the record."""
    item = {
        "orderHdrId": order.order_id,
        "originalId": order.order_id,
        "itemCode": order.item_number,
        "originalItemCode": None,
        "saleOrderCode": order.reference,
        "status": status,
        "serviceCode": order.details["serviceCode"],
        "codAmount": collected(order.details),
        "contentNote": order.details["contentNote"],
    }
    body = {"data": [item], "sendDate": sent, "signature": base64.b64encode(signature).decode()}
    return json.dumps(body, ensure_ascii=False).encode()


def first_wrong_field(info: Mapping[str, Any]) -> str | None:
    """Return the name of a field without which VNPost takes no order, or that it cannot read."""
    required = [*_REQUIRED, *(role + name for role in ("sender", "receiver") for name in _REQUIRED_OF_EACH)]
    missing = (name for name in required if not isinstance(info.get(name), str) or not info[name])
    checks: Iterable[tuple[str, bool]] = (
        ("weight", str(info.get("weight")).isdigit()),
        ("sendType", info.get("sendType") in _SEND_TYPES),
        ("senderPhone", _is_home_phone(info.get("senderPhone"))),
        ("receiverPhone", _is_home_phone(info.get("receiverPhone"))),
        ("senderDistrictCode", _district_holds(info, "sender")),
        ("receiverDistrictCode", _district_holds(info, "receiver")),
    )
    return next(missing, None) or next((name for name, holds in checks if not holds), None)


def _is_home_phone(value: Any) -> bool:
    return isinstance(value, str) and value.isdigit() and value.startswith("0")


def _district_holds(info: Mapping[str, Any], role: str) -> bool:
    """Tell whether the district is the literal of the two-level form in both fields, or in neither."""
    return (info.get(f"{role}DistrictCode") == "VNPOST") == (info.get(f"{role}DistrictName") == "VNPOST")


def collected(info: Mapping[str, Any]) -> int:
    """Return the đồng to be collected from the receiver, as the add-on GTG021 says."""
    for addon in info.get("addonService") or []:
        name, _, amount = str(addon.get("propValue")).partition(":")
        if addon.get("code") == "GTG021" and name == "PROP0018":
            try:
                return int(Decimal(amount))
            except InvalidOperation:
                return 0
    return 0


def moment(at: datetime) -> str:
    """Write a time as VNPost does: day first, Vietnam time, no offset."""
    return f"{at.astimezone(LOCAL):%d/%m/%Y %H:%M:%S}"
