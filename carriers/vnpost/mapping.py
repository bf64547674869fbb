"""VNPost's words for ours, both ways. Pure."""

from dataclasses import dataclass
from typing import Any

from carriers.errors import Refused
from carriers.ports import Address, Booking, BookingRequest, CarrierFact, Party, source_id
from carriers.status import Effect, MoneyStatus, Status
from carriers.vnpost.parse import HistoryRow, Order
from carriers.vnpost.settings import VNPostSettings
from postal_service.kit.phone import national_phone

NAME = "vnpost"

_TWO_LEVEL_DISTRICT = "VNPOST"
"""The literal that stands for the district since districts were abolished (1 July 2025)."""
_COLLECT_FROM_RECEIVER = "GTG021"
_LONGEST_INSTRUCTION = 255
_DELIVERY_TIME = {None: "N", "morning": "S", "afternoon": "C"}

ALLOWED_ADDONS = {
    "ETN011": frozenset({"GTG008", "GTG015", "GTG021", "GTG047", "GTG067", "GTG068", "GTG070", "GTG071"}),
    "ETN031": frozenset({"GTG001", "GTG021"}),
}
"""Add-ons per service as published. A service that is not listed has no published list: VNPost itself decides."""


@dataclass(frozen=True, slots=True)
class Code:
    """One of VNPost's order statuses and what it may do."""

    code: str
    words: str
    effect: Effect
    status: Status | None
    money: MoneyStatus | None = None


_TABLE = (
    Code("-8", "Đã xóa", Effect.MOVES, Status.CANCELLED),
    Code("0", "Lưu nháp", Effect.MOVES, Status.DRAFT),
    Code("1", "Đã tạo", Effect.MOVES, Status.CREATED),
    Code("2", "Bưu tá nhận yêu cầu thu gom", Effect.MOVES, Status.PICKUP_ASSIGNED),
    Code("3", "Chờ xác nhận", Effect.MOVES, Status.CREATED),
    Code("4", "Đang lấy hàng", Effect.MOVES, Status.PICKUP_IN_PROGRESS),
    Code("5", "Lấy hàng không thành công", Effect.MOVES, Status.PICKUP_FAILED),
    Code("6", "Đã lấy hàng", Effect.MOVES, Status.PICKED_UP),
    Code("7", "Bưu cục đã nhận hàng", Effect.MOVES, Status.AT_ORIGIN),
    Code("8", "Lấy hàng thất bại", Effect.MOVES, Status.PICKUP_FAILED),
    Code("9", "Hủy thu gom", Effect.MOVES, Status.CANCELLED),
    Code("10", "Đang vận chuyển", Effect.MOVES, Status.IN_TRANSIT),
    Code("11", "Đã đến bưu cục phát", Effect.MOVES, Status.AT_DESTINATION),
    Code("12", "Đang giao hàng", Effect.MOVES, Status.OUT_FOR_DELIVERY),
    Code("13", "Chuyển tiếp", Effect.MOVES, Status.IN_TRANSIT),
    Code("14", "Đã giao hàng", Effect.MOVES, Status.DELIVERED),
    Code("15", "Giao không thành công", Effect.MOVES, Status.DELIVERY_FAILED),
    Code("16", "Chờ để chuyển hoàn", Effect.MOVES, Status.RETURN_PENDING),
    Code("17", "Đã duyệt hoàn", Effect.MOVES, Status.RETURNING),
    Code("18", "Bắt đầu chuyển hoàn", Effect.MOVES, Status.RETURNING),
    Code("19", "Trả hàng thành công", Effect.MOVES, Status.RETURNED),
    Code("20", "Đã trả hàng 1 phần", Effect.REVIEW, Status.RETURNED),
    Code("21", "Đã trả tiền COD", Effect.MONEY, None, MoneyStatus.REMITTED),
    Code("22", "Hủy giao hàng", Effect.REVIEW, Status.EXCEPTION),
    Code("23", "Giao hàng thành công 1 phần", Effect.REVIEW, Status.DELIVERED),
    Code("24", "Đang chuyển hoàn", Effect.MOVES, Status.RETURNING),
    Code("28", "Đã trả phí ship", Effect.MONEY, None),
    Code("29", "Đã trả phí hủy đơn hàng", Effect.MONEY, None),
)
CODES = {row.code: row for row in _TABLE}
"""Every published status (25 to 27 appear in no source). The meanings are ours: VNPost publishes names only."""


def create_order(request: BookingRequest, settings: VNPostSettings) -> dict[str, Any]:
    """Return the body of CreateOrder. Raises `Refused` for an add-on the service does not have."""
    addons = _addons(request, settings.service_code)
    return {
        "orderCreationStatus": 1,
        "type": "GUI",
        "customerCode": settings.customer_code,
        "contractCode": settings.contract_code,
        "informationOrder": {
            **_party("sender", "senderMail", request.sender),
            **_party("receiver", "receiverEmail", request.receiver),
            "serviceCode": settings.service_code,
            "addonService": addons,
            "additionRequest": [],
            "orgCodeCollect": "",
            "orgCodeAccept": "",
            "saleOrderCode": request.reference,
            "contentNote": request.contents,
            "weight": str(request.weight_grams),
            "width": None,
            "length": None,
            "height": None,
            "vehicle": "BO",
            "sendType": "1" if request.collect_at_door else "2",
            "isBroken": "0",
            "deliveryTime": _DELIVERY_TIME[request.day_part],
            "deliveryRequire": "1",
            "deliveryInstruction": _instruction(request),
        },
    }


def booking(order: Order, reference: str) -> Booking:
    """Return VNPost's order as a booking under our reference."""
    return Booking(
        item_number=order.item_code,
        carrier_order_id=order.original_id,
        reference=reference,
        status_code=order.status,
        postage_vnd=order.total_fee,
    )


def fact(row: HistoryRow, item_number: str) -> CarrierFact:
    """Return one row of the history as a fact. A status nobody published moves nothing and asks for a person."""
    known = CODES.get(row.code)
    return CarrierFact(
        source_id=source_id(NAME, item_number, row.code, row.occurred_at),
        item_number=item_number,
        reference=None,
        code=row.code,
        status=known.status if known else None,
        effect=known.effect if known else Effect.REVIEW,
        occurred_at=row.occurred_at,
        known=known is not None,
        money=known.money if known else None,
        place=row.place,
        note=known.words if known else row.words,
    )


def _addons(request: BookingRequest, service: str) -> list[dict[str, str]]:
    if request.collect_from_receiver_vnd <= 0:
        return []
    allowed = ALLOWED_ADDONS.get(service)
    if allowed is not None and _COLLECT_FROM_RECEIVER not in allowed:
        raise Refused(f"service {service} does not collect from the receiver", code="addon_not_allowed")
    return [{"code": _COLLECT_FROM_RECEIVER, "propValue": f"PROP0018:{request.collect_from_receiver_vnd}"}]


def _party(role: str, email_field: str, party: Party) -> dict[str, str]:
    return {
        f"{role}Name": party.name,
        f"{role}Phone": national_phone(party.phone),
        email_field: party.email or "",
        **_address(role, party.address),
    }


def _address(role: str, address: Address) -> dict[str, str]:
    # Our codes are the State's, VNPost's are its own: a wrong code would send the papers elsewhere, the names cannot.
    three_level = address.district_name is not None
    return {
        f"{role}Address": address.detail,
        f"{role}ProvinceCode": "",
        f"{role}ProvinceName": address.province_name,
        f"{role}DistrictCode": "" if three_level else _TWO_LEVEL_DISTRICT,
        f"{role}DistrictName": address.district_name or _TWO_LEVEL_DISTRICT,
        f"{role}CommuneCode": "",
        f"{role}CommuneName": address.ward_name,
    }


def _instruction(request: BookingRequest) -> str:
    # There is no call for a pickup day, so it is said in words to the postal worker.
    day = f"Thu gom ngày {request.on_day:%d/%m/%Y}." if request.on_day and request.collect_at_door else ""
    return " ".join(part for part in (day, request.instruction) if part)[:_LONGEST_INSTRUCTION]
