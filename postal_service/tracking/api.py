"""Tracking over HTTP: the masked look-up, the second factor, live updates."""

from functools import lru_cache
from http import HTTPStatus

from aiohttp import web
from pydantic_core import from_json

from postal_service.kit.ids import read_tracking_code
from postal_service.kit.problems import Problem, not_found
from postal_service.tracking.access import Access
from postal_service.tracking.details import details
from postal_service.tracking.live import Hub
from postal_service.tracking.queries import View
from postal_service.tracking.remembered import REMEMBERED
from postal_service.tracking.schemas import OpenedOut, TrackingOut, VerifyIn
from postal_service.tracking.service import Tracking
from postal_service.tracking.stream import stream_updates
from postal_service.web.endpoints import EVENT_STREAM, JSON, Answer, Call, Endpoint
from postal_service.web.language import Language, language_of

_TAG = "tracking"
_read_code = lru_cache(maxsize=REMEMBERED)(read_tracking_code)
_JSON_HEADERS = {"Content-Type": JSON}


def endpoints(tracking: Tracking, access: Access, hub: Hub) -> list[Endpoint]:
    """Return what programs and open pages ask for."""
    handlers = _Handlers(tracking, access, hub)
    return [
        Endpoint(
            "GET",
            "/api/v1/track/{code}",
            handlers.show,
            "Where the papers are",
            _TAG,
            answers={HTTPStatus.OK: TrackingOut, HTTPStatus.NOT_FOUND: None},
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
                HTTPStatus.NOT_FOUND: None,
                HTTPStatus.TOO_MANY_REQUESTS: None,
            },
        ),
        Endpoint(
            "GET",
            "/t/{code}/live",
            handlers.live,
            "Live updates: server-sent events `tracking`, each with the document of the look-up",
            _TAG,
            answers={HTTPStatus.OK: None, HTTPStatus.NOT_FOUND: None},
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
        view = await self._view(request, language_of(request))
        return web.Response(body=view.document, headers=_JSON_HEADERS)

    async def verify(self, call: Call[VerifyIn]) -> Answer:
        code = read_tracking_code(call.path["code"])
        story = await self._access.verify(code, call.body.last_four) if code else None
        view = await self._tracking.view(code, call.language) if code and story else None
        if code is None or story is None or view is None:
            raise unknown_code()
        opened = from_json(view.document) | details(story, call.language)
        return Answer(body=opened, headers={"Set-Cookie": self._access.cookie(code)})

    async def live(self, request: web.Request) -> web.StreamResponse:
        language = language_of(request)
        known = await self._view(request, language)

        async def latest() -> View | None:
            return await self._tracking.view(known.code, language)

        with self._hub.subscribed(known.request_id) as subscription:
            # Read again now that every later change wakes us.
            return await stream_updates(request, await self._view(request, language), latest, subscription)

    async def _view(self, request: web.Request, language: Language) -> View:
        code = _read_code(request.match_info["code"])
        view = await self._tracking.view(code, language) if code else None
        if view is None:
            raise unknown_code()
        return view


def unknown_code() -> Problem:
    """Return the 404 for a code nobody has; a mistyped one gets the same."""
    return not_found(
        vi="Không có hồ sơ nào với mã tra cứu này. Vui lòng kiểm tra lại từng ký tự.",
        en="There is nothing under this tracking code. Please check every character.",
    )
