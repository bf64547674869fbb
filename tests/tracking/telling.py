"""Made-up requests and shipments, told in a line."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from carriers.status import Direction, IdentityStatus, Leg, MoneyStatus, Status
from postal_service.intake.story import RequestStatus, Step, Story
from postal_service.kit.ids import new_id, new_tracking_code
from postal_service.shipments.views import EventView, HolderView, ShipmentView, WorkerView

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WORKER = WorkerView(
    name="Trần Văn Bưu",
    phone="+84912000111",
    employee_code="HNI-0042",
    post_office="100000",
    post_office_phone="+842438250000",
    source="system",
)
NAME = "Nguyễn Thị Mẫu"
STREET = "Số 5 ngõ 12 phố Thử Nghiệm"
PHONE = "+84987654321"
NATIONAL_ID = "001190004567"
HOME = {"address": {"detail": STREET, "ward_name": "Cửa Nam", "district_name": None, "province_name": "Hà Nội"}}
COUNTER = {
    "address": {"detail": "BCP Hoàn Kiếm", "ward_name": "Hoàn Kiếm", "district_name": None, "province_name": "Hà Nội"},
    "post_office": "100900",
}


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def step(kind: str, hours: float) -> Step:
    return Step(step_id=new_id(), kind=kind, at=at(hours), detail={})


def story(status: RequestStatus = RequestStatus.FILED, *steps: Step, **values: Any) -> Story:
    told: dict[str, Any] = {
        "request_id": new_id(),
        "external_id": "DK-00421",
        "tracking_code": new_tracking_code(),
        "status": status,
        "portal_status": 1,
        "procedure": "criminal-record-1",
        "procedure_name": ("Phiếu lý lịch tư pháp số 1", "Criminal record certificate no. 1"),
        "agency": "hanoi",
        "agency_name": ("Công an Thành phố Hà Nội", "Hanoi Police"),
        "agency_phone": "+842439396100",
        "dossier_code": None,
        "copies": 1,
        "applicant": {
            "full_name": NAME,
            "birth_date": "1990-02-01",
            "national_id": NATIONAL_ID,
            "phone": PHONE,
            "email": "mau@example.vn",
            "language": "vi",
        },
        "agent": None,
        "pickup": HOME,
        "delivery": HOME,
        "consent_sms": True,
        "consent_email": True,
        "fee_lines": [
            {"kind": "state_fee", "amount_vnd": 200_000, "due_at": "pickup", "why": "Lệ phí", "why_en": "State fee"},
            {"kind": "postage_pickup", "amount_vnd": 30_000, "due_at": "pickup", "why": "Cước", "why_en": "Postage"},
        ],
        "promised_on": date(2026, 3, 16),
        "late": False,
        "missing": None,
        "additions_due_on": None,
        "filed_at": START,
        "steps": (step("filed", 0), *steps),
    }
    return Story(**(told | values))


def event(status: Status, hours: float, **values: Any) -> EventView:
    told: dict[str, Any] = {
        "id": new_id(),
        "status": status,
        "occurred_at": at(hours),
        "received_at": at(hours),
        "source": "carrier:vnpost",
        "place": None,
        "note": None,
        "reason": None,
        "effective": True,
        "mark": None,
        "attempt": 1,
    }
    return EventView(**(told | values))


def leg(kind: Leg, *events: EventView, **values: Any) -> ShipmentView:
    effective = [e.status for e in events if e.effective and e.status]
    status = values.pop("status", effective[-1] if effective else Status.CREATED)
    told: dict[str, Any] = {
        "id": new_id(),
        "request_id": "",
        "agency": "hanoi",
        "leg": kind,
        "number": 1,
        "uncollected": False,
        "carrier": "vnpost",
        "item_number": "RR123456785VN",
        "label_code": "L0123456789",
        "status": status,
        "direction": Direction.FORWARD,
        "money_status": MoneyStatus.NONE,
        "identity_status": IdentityStatus.NOT_REQUIRED,
        "custody": HolderView(kind="citizen", name=None, since=START),
        "worker": None,
        "window": None,
        "attempts": 0,
        "promised_on": None,
        "closed": status in {Status.DELIVERED, Status.RETURNED, Status.CANCELLED, Status.LOST, Status.DESTROYED},
        "sender": {"name": NAME, "phone": PHONE, **HOME},
        "receiver": {"name": NAME, "phone": PHONE, **HOME},
        "events": events,
    }
    return ShipmentView(**(told | values))


@dataclass
class Desk:
    """Stands in for the rooms below: the stories and legs a test puts there."""

    stories: dict[str, Story] = field(default_factory=dict)
    legs: dict[str, Sequence[ShipmentView]] = field(default_factory=dict)
    asked: int = 0
    """How often a story was told: a look-up that finds its view ready asks for none."""

    def put(self, told: Story, *legs: ShipmentView) -> Story:
        self.stories[told.request_id] = told
        self.legs[told.request_id] = legs
        return told

    def change(self, told: Story, *legs: ShipmentView, **values: Any) -> Story:
        return self.put(replace(told, **values), *legs)

    async def story(self, request_id: str) -> Story | None:
        self.asked += 1
        return self.stories.get(request_id)

    async def story_by_code(self, code: str) -> Story | None:
        self.asked += 1
        return next((told for told in self.stories.values() if told.tracking_code == code), None)

    async def of_request(self, request_id: str) -> Sequence[ShipmentView]:
        return self.legs[request_id]
