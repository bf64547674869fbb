"""JSON endpoints of shipments, post offices, and the door carriers knock at."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from carriers.ports import HookRequest
from carriers.status import FailReason, Leg, Status
from postal_service.kit.clock import rfc3339
from postal_service.kit.paging import page, read_cursor
from postal_service.kit.phone import read_phone
from postal_service.kit.problems import FieldError, Problem, invalid, not_found
from postal_service.shipments import service
from postal_service.shipments.facts import WorkerNamed
from postal_service.shipments.inbox import Inbox, Unproven
from postal_service.shipments.service import Desk, ToldEvent
from postal_service.shipments.territory import post_offices
from postal_service.shipments.views import ShipmentView
from postal_service.web.endpoints import Answer, Call, Endpoint, Page, PageQuery
from postal_service.web.validation import Moment

TAG = "Shipments"
WRITE, READ = "shipments:write", "shipments:read"
_CLOCKS_DIFFER = timedelta(minutes=5)
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkerIn(_Body):
    """A postal worker an event names."""

    name: Short
    phone: Short | None = None
    employee_code: Code | None = None
    post_office: Code | None = None


class EventIn(_Body):
    """One thing that happened. `status` is a canonical state; another word is stored and put up for review."""

    source_id: Short
    status: Annotated[Short, Field(max_length=40)]
    occurred_at: Moment
    place: Short | None = None
    note: Note | None = None
    reason: FailReason | None = None
    """Why a try failed."""
    worker: WorkerIn | None = None


class EventsIn(_Body):
    """Events in any order."""

    events: list[EventIn] = Field(min_length=1, max_length=200)


class EventResultOut(BaseModel):
    """What became of one event."""

    source_id: str
    result: Literal["applied", "duplicate", "late", "illegal", "unknown"]


class EventsOut(BaseModel):
    """What became of each event, and where the shipment is now."""

    results: list[EventResultOut]
    shipment: dict[str, Any]


class AssignIn(_Body):
    """The worker to name."""

    employee_code: Code


class CancelIn(_Body):
    """Why."""

    reason: Note | None = None


class WindowIn(_Body):
    """When the worker comes."""

    start: Moment
    end: Moment


class RescheduleIn(_Body):
    """The new window."""

    window: WindowIn


class CustodyOut(BaseModel):
    """Who has the papers, and since when."""

    holder_kind: str
    holder_name: str | None
    since: AwareDatetime


class WorkerOut(BaseModel):
    """The postal worker last named."""

    name: str
    phone: str | None
    employee_code: str | None
    post_office: str | None


class EventOut(BaseModel):
    """One entry of the timeline."""

    id: str
    status: str | None
    occurred_at: AwareDatetime
    received_at: AwareDatetime
    source: str
    place: str | None
    note: str | None
    effective: bool


class ShipmentOut(BaseModel):
    """A shipment as API clients see it."""

    id: str
    request_id: str
    leg: str
    carrier: str | None
    item_number: str | None
    label_code: str
    status: str
    direction: str
    money_status: str
    identity_status: str
    custody: CustodyOut
    worker: WorkerOut | None
    window: WindowIn | None
    attempts: int
    promised_on: str | None
    events: list[EventOut]


class CustodyChainOut(BaseModel):
    """Every holder in order: each moment has exactly one."""

    items: list[CustodyOut]


class PostOfficeOut(BaseModel):
    """A post office."""

    post_office: str
    name: str
    province: str
    ward: str
    lat: float | None
    lon: float | None
    phone: str | None


class PostOfficesOut(BaseModel):
    """The post offices of a province."""

    items: list[PostOfficeOut]


class PostOfficesQuery(BaseModel):
    """Which province, by its two-digit code of July 2025."""

    province: Annotated[str | None, Field(max_length=2)] = None


class ShipmentsQuery(PageQuery):
    """Filters of the list."""

    leg: Leg | None = None
    status: Status | None = None
    agency: Annotated[str | None, Field(max_length=40)] = None
    carrier: Annotated[str | None, Field(max_length=20)] = None
    worker: Annotated[str | None, Field(max_length=32)] = None
    request_id: Annotated[str | None, Field(max_length=26)] = None


def shipment_out(view: ShipmentView) -> dict[str, Any]:
    """Return a shipment as the API shows it."""
    worker = view.worker
    return {
        "id": view.id,
        "request_id": view.request_id,
        "leg": view.leg.value,
        "carrier": view.carrier,
        "item_number": view.item_number,
        "label_code": view.label_code,
        "status": view.status.value,
        "direction": view.direction.value,
        "money_status": view.money_status.value,
        "identity_status": view.identity_status.value,
        "custody": {
            "holder_kind": view.custody.kind,
            "holder_name": view.custody.name,
            "since": rfc3339(view.custody.since),
        },
        "worker": worker
        and {
            "name": worker.name,
            "phone": worker.phone,
            "employee_code": worker.employee_code,
            "post_office": worker.post_office,
        },
        "window": view.window and {"start": rfc3339(view.window[0]), "end": rfc3339(view.window[1])},
        "attempts": view.attempts,
        "promised_on": view.promised_on and view.promised_on.isoformat(),
        "events": [
            {
                "id": event.id,
                "status": event.status and event.status.value,
                "occurred_at": rfc3339(event.occurred_at),
                "received_at": rfc3339(event.received_at),
                "source": event.source,
                "place": event.place,
                "note": event.note,
                "effective": event.effective,
            }
            for event in view.events
        ],
    }


def endpoints(desk: Desk, inbox: Inbox) -> list[Endpoint]:
    """Return the endpoints of this room."""
    handlers = _Handlers(desk, inbox)
    one = "/api/v1/shipments/{id}"
    shown: dict[int, type[BaseModel] | None] = {HTTPStatus.OK: ShipmentOut}
    return [
        Endpoint(
            "GET",
            "/api/v1/shipments",
            handlers.find,
            "Find shipments",
            TAG,
            scope=READ,
            query=ShipmentsQuery,
            answers={HTTPStatus.OK: Page[ShipmentOut]},
        ),
        Endpoint("GET", one, handlers.show, "Show a shipment", TAG, scope=READ, answers=shown),
        Endpoint(
            "POST",
            f"{one}/events",
            handlers.take_events,
            "Tell what happened",
            TAG,
            scope=WRITE,
            body=EventsIn,
            answers={HTTPStatus.OK: EventsOut},
        ),
        Endpoint("POST", f"{one}/assign", handlers.assign, "Name the worker", TAG, WRITE, AssignIn, answers=shown),
        Endpoint(
            "POST",
            f"{one}/cancel",
            handlers.cancel,
            "Ask for a cancel",
            TAG,
            scope=WRITE,
            body=CancelIn,
            answers={HTTPStatus.ACCEPTED: ShipmentOut},
        ),
        Endpoint(
            "POST", f"{one}/reschedule", handlers.reschedule, "Change the window", TAG, WRITE, RescheduleIn, answers=shown
        ),
        Endpoint("GET", f"{one}/label.pdf", handlers.label, "The carrier's label", TAG, READ, media_type="application/pdf"),
        Endpoint(
            "GET",
            f"{one}/custody",
            handlers.custody,
            "Who held the papers, hand to hand",
            TAG,
            READ,
            answers={HTTPStatus.OK: CustodyChainOut},
        ),
        Endpoint(
            "GET",
            "/api/v1/post-offices",
            handlers.offices,
            "Post offices",
            "Reference data",
            query=PostOfficesQuery,
            answers={HTTPStatus.OK: PostOfficesOut},
        ),
        Endpoint(
            "POST",
            "/hooks/carriers/{carrier}",
            handlers.hook,
            "A carrier's message: stored, then answered in the carrier's own form",
            "Carriers",
            raw=True,
            quiet=True,
        ),
        Endpoint(
            "POST",
            "/hooks/carriers/{carrier}/{token}",
            handlers.hook,
            "The same for carriers that prove themselves by a secret path",
            "Carriers",
            raw=True,
            quiet=True,
        ),
    ]


class _Handlers:
    def __init__(self, desk: Desk, inbox: Inbox) -> None:
        self._desk = desk
        self._inbox = inbox

    async def find(self, call: Call[None, ShipmentsQuery]) -> Answer:
        filters = call.query.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)
        if "worker" in filters:
            filters["worker_employee_code"] = filters.pop("worker")
        views, more = await service.find(
            filters=filters, agency=call.caller.agency, limit=call.query.limit, after=read_cursor(call.query.cursor)
        )
        return Answer(body=page([shipment_out(v) for v in views], views[-1].id if views else None, more=more))

    async def show(self, call: Call) -> Answer:
        return Answer(body=shipment_out(await _visible(call)))

    async def take_events(self, call: Call[EventsIn]) -> Answer:
        view = await _visible(call)
        told = [_told(event, index, call.now) for index, event in enumerate(call.body.events)]
        results = await self._desk.take_events(view.id, told, client_id=call.caller.client_id)
        answers = [{"source_id": e.source_id, "result": r} for e, r in zip(call.body.events, results, strict=True)]
        return Answer(body={"results": answers, "shipment": shipment_out(await _visible(call))})

    async def assign(self, call: Call[AssignIn]) -> Answer:
        view = await _visible(call)
        await self._desk.assign(view.id, call.body.employee_code, source="client")
        return Answer(body=shipment_out(await _visible(call)))

    async def cancel(self, call: Call[CancelIn]) -> Answer:
        view = await _visible(call)
        await self._desk.cancel(view.id, call.body.reason, source="client")
        return Answer(HTTPStatus.ACCEPTED, shipment_out(await _visible(call)))

    async def reschedule(self, call: Call[RescheduleIn]) -> Answer:
        view = await _visible(call)
        window = call.body.window
        await self._desk.reschedule(view.id, (window.start, window.end))
        return Answer(body=shipment_out(await _visible(call)))

    async def label(self, call: Call) -> Answer:
        view = await _visible(call)
        return Answer(body=await self._desk.label(view.id), media_type="application/pdf")

    async def custody(self, call: Call) -> Answer:
        await _visible(call)
        view, folded = await service.journey(call.path["id"])
        opened = view.events[0].received_at if view.events else view.custody.since
        chain = [
            {"holder_kind": h.kind.value, "holder_name": h.name, "since": rfc3339(h.since or opened)} for h in folded.custody
        ]
        return Answer(body={"items": chain})

    async def offices(self, call: Call[None, PostOfficesQuery]) -> Answer:
        return Answer(
            body={
                "items": [
                    {
                        "post_office": office.post_office,
                        "name": office.name,
                        "province": office.province,
                        "ward": office.ward,
                        "lat": office.lat,
                        "lon": office.lon,
                        "phone": office.phone,
                    }
                    for office in await post_offices(call.query.province)
                ]
            }
        )

    async def hook(self, request: web.Request) -> web.StreamResponse:
        hook = HookRequest(
            body=await request.read(),
            headers=request.headers,
            query=request.query,
            path_token=request.match_info.get("token"),
        )
        try:
            reply = await self._inbox.take(request.match_info["carrier"], hook)
        except KeyError:
            raise not_found() from None
        except Unproven:
            raise Problem(401, "unproven", vi="Không xác thực được.", en="The message proves nothing.") from None
        return web.Response(body=reply.body, content_type=reply.content_type)


async def _visible(call: Call[Any, Any]) -> ShipmentView:
    view = await service.get(call.path["id"])
    if view is None or not call.caller.may_see(view.agency):
        raise not_found("Không tìm thấy bưu gửi.", "There is no such shipment.")
    return view


def _told(event: EventIn, index: int, now: datetime) -> ToldEvent:
    if event.occurred_at > now + _CLOCKS_DIFFER:
        raise invalid(
            FieldError(f"/events/{index}/occurred_at", "in_the_future", "Thời điểm ở tương lai.", "It has not happened yet.")
        )
    worker = event.worker
    phone = read_phone(worker.phone) if worker and worker.phone else None
    if worker and worker.phone and phone is None:
        raise invalid(
            FieldError(f"/events/{index}/worker/phone", "bad_phone", "Số điện thoại không hợp lệ.", "Not a valid number.")
        )
    return ToldEvent(
        source_id=event.source_id,
        status=Status(event.status) if event.status in set(Status) else None,
        word=event.status,
        occurred_at=event.occurred_at,
        place=event.place,
        note=event.note,
        reason=event.reason,
        worker=WorkerNamed(name=worker.name, phone=phone, employee_code=worker.employee_code, post_office=worker.post_office)
        if worker
        else None,
    )
