"""Tracking over HTTP: the masked look-up, the second factor, live updates."""

import asyncio
from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from pydantic_core import from_json

from postal_service.kit.ids import read_tracking_code
from postal_service.kit.problems import Problem, not_found
from postal_service.tracking.access import Access
from postal_service.tracking.live import Hub
from postal_service.tracking.queries import View
from postal_service.tracking.service import Tracking
from postal_service.web.endpoints import EVENT_STREAM, JSON, Answer, Call, Endpoint
from postal_service.web.language import language_of

PING_SECONDS = 15.0
STREAM_SECONDS = 600.0
WRITE_SECONDS = 5.0
"""A client that takes nothing for so long is let go; it will come back and get the latest."""

_TAG = "tracking"
_JSON_HEADERS = {"Content-Type": JSON}
_STREAM_HEADERS = {
    "Content-Type": EVENT_STREAM,
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}


class WindowOut(BaseModel):
    """When the post comes."""

    start: AwareDatetime
    end: AwareDatetime


class StageOut(BaseModel):
    """One step of the whole way."""

    stage: Literal["filed", "collect", "to_agency", "agency", "to_citizen", "handed_over"]
    name: str
    state: Literal["done", "now", "stopped", "next"]


class TimelineOut(BaseModel):
    """One thing that happened."""

    status: str
    leg: Literal["pickup", "delivery"] | None
    text: str
    at: AwareDatetime
    place: str | None


class WorkerOut(BaseModel):
    """The postal worker on the way."""

    name: str
    employee_code: str | None
    post_office_phone: str | None


class TrackingOut(BaseModel):
    """What the code shows: masked, and nothing about what the papers are."""

    tracking_code: str
    status: str
    portal_status: int
    leg: Literal["pickup", "delivery"] | None
    status_text: str
    next_text: str
    promised_on: date | None
    late: bool
    window: WindowOut | None
    stages: list[StageOut]
    timeline: list[TimelineOut]
    worker: WorkerOut | None
    hotline: str | None


class VerifyIn(BaseModel):
    """The second factor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    last_four: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]


class ReceiverOut(BaseModel):
    """Who the result is for; the phone is masked."""

    name: str
    phone: str


class PlaceOut(BaseModel):
    """An address, or a post office's counter."""

    post_office: str | None = None
    detail: str | None = None
    ward: str | None = None
    district: str | None = None
    province: str | None = None


class AddressesOut(BaseModel):
    """Where the papers are collected and where the result is brought."""

    pickup: PlaceOut | None
    delivery: PlaceOut | None


class FeeLineOut(BaseModel):
    """One amount and where it came from."""

    kind: Literal["state_fee", "postage_pickup", "postage_delivery", "subsidy"]
    amount_vnd: int
    due_at: Literal["pickup", "delivery", "paid"]
    why: str


class FeesOut(BaseModel):
    """Every line and their sum."""

    lines: list[FeeLineOut]
    total_vnd: int


class AdditionsOut(BaseModel):
    """What the agency still needs, and by when."""

    missing: list[str]
    due_on: date | None


class OpenedOut(TrackingOut):
    """What the second factor opens."""

    agency: str
    dossier_code: str | None
    receiver: ReceiverOut
    addresses: AddressesOut
    fees: FeesOut
    additions: AdditionsOut | None
    choices: list[str]


def endpoints(tracking: Tracking, access: Access, hub: Hub) -> list[Endpoint]:
    """Return what programs and open pages ask for."""
    handlers = _Handlers(tracking, access, hub)
    refused = {HTTPStatus.NOT_FOUND: None}
    return [
        Endpoint(
            "GET",
            "/api/v1/track/{code}",
            handlers.show,
            "Where the papers are",
            _TAG,
            answers={HTTPStatus.OK: TrackingOut, **refused},
            raw=True,
            quiet=True,
        ),
        Endpoint(
            "POST",
            "/api/v1/track/{code}/verify",
            handlers.verify,
            "Open receiver, addresses and fees with the last four digits of the phone or the ID",
            _TAG,
            body=VerifyIn,
            answers={
                HTTPStatus.OK: OpenedOut,
                HTTPStatus.FORBIDDEN: None,
                HTTPStatus.TOO_MANY_REQUESTS: None,
                **refused,
            },
        ),
        Endpoint(
            "GET",
            "/t/{code}/live",
            handlers.live,
            "Live updates (server-sent events `tracking`, each with the document of the look-up)",
            _TAG,
            answers={HTTPStatus.OK: None, **refused},
            media_type=EVENT_STREAM,
            raw=True,
        ),
    ]


class _Handlers:
    def __init__(self, tracking: Tracking, access: Access, hub: Hub) -> None:
        self._tracking = tracking
        self._access = access
        self._hub = hub

    async def show(self, request: web.Request) -> web.Response:
        view = await self._view(request)
        return web.Response(body=view.document(language_of(request)), headers=_JSON_HEADERS)

    async def verify(self, call: Call[VerifyIn]) -> Answer:
        code = read_tracking_code(call.path["code"])
        story = await self._access.verify(code, call.body.last_four) if code else None
        view = await self._tracking.view(code) if code and story else None
        if code is None or story is None or view is None:
            raise unknown_code()
        opened = from_json(view.document(call.language)) | self._access.details(story, call.language)
        return Answer(body=opened, headers={"Set-Cookie": self._access.cookie(code)})

    async def live(self, request: web.Request) -> web.StreamResponse:
        view = await self._view(request)
        with self._hub.subscribed(view.request_id) as subscription:
            response = web.StreamResponse(headers=_STREAM_HEADERS)
            await response.prepare(request)
            ...
        return response

    async def _view(self, request: web.Request) -> View:
        code = read_tracking_code(request.match_info["code"])
        view = await self._tracking.view(code) if code else None
        if view is None:
            raise unknown_code()
        return view


def unknown_code() -> Problem:
    """Return the 404 for a code nobody has; a mistyped one gets the same."""
    return not_found(
        vi="Không có hồ sơ nào với mã tra cứu này. Vui lòng kiểm tra lại từng ký tự.",
        en="There is nothing under this tracking code. Please check every character.",
    )
