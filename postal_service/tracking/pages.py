"""The citizen's page, complete without JavaScript; and the first page, which takes a code."""

import re
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic_core import from_json

from postal_service.intake.story import Story
from postal_service.kit.clock import LOCAL
from postal_service.kit.ids import read_tracking_code
from postal_service.kit.phone import national_phone
from postal_service.kit.problems import Problem
from postal_service.tracking.access import COOKIE, Access
from postal_service.tracking.details import details
from postal_service.tracking.queries import View
from postal_service.tracking.second_factor import wrong_last_four
from postal_service.tracking.service import Tracking
from postal_service.web.answers import page
from postal_service.web.endpoints import HTML, Call, Endpoint
from postal_service.web.language import Language, language_of

_TAG = "pages"
_NOON = 12
_LONGEST_TYPED = 200
_FOUR_DIGITS = re.compile(r"[0-9]{4}")


def endpoints(tracking: Tracking, access: Access) -> list[Endpoint]:
    """Return the pages."""
    pages = _Pages(tracking, access)
    return [
        Endpoint("GET", "/", pages.home, "The first page: takes a tracking code", _TAG, media_type=HTML),
        Endpoint("GET", "/t/{code}", pages.show, "Where the papers are, for people", _TAG, media_type=HTML),
        Endpoint(
            "POST",
            "/t/{code}",
            pages.verify,
            "The page's form for the last four digits",
            _TAG,
            media_type=HTML,
            answers={HTTPStatus.SEE_OTHER: None, HTTPStatus.FORBIDDEN: None, HTTPStatus.TOO_MANY_REQUESTS: None},
            raw=True,
        ),
    ]


class _Pages:
    def __init__(self, tracking: Tracking, access: Access) -> None:
        self._tracking = tracking
        self._access = access

    async def home(self, call: Call) -> web.Response:
        typed = call.request.query.get("code", "")[:_LONGEST_TYPED]
        code = read_typed(typed)
        if code is not None:
            return _redirect(code, call.request)
        status = HTTPStatus.NOT_FOUND if typed else HTTPStatus.OK
        return page(call, "tracking/home.html", status=status, typed=typed)

    async def show(self, call: Call) -> web.Response:
        typed = call.path["code"]
        code = read_typed(typed)
        view = await self._tracking.view(code, call.language) if code else None
        if code is None or view is None:
            return _unknown(call.request, typed)
        if typed != code:
            # One address for each page: the pass is good for that one alone.
            return _redirect(code, call.request)
        opened = await self._access.opened(code, call.request.cookies.get(COOKIE))
        return _show(call.request, view, opened)

    async def verify(self, request: web.Request) -> web.Response:
        typed = request.match_info["code"]
        code = read_typed(typed)
        last_four = str((await request.post()).get("last_four", "")).strip()
        try:
            if not _FOUR_DIGITS.fullmatch(last_four):
                raise wrong_last_four()
            story = await self._access.verify(code, last_four) if code else None
        except Problem as problem:
            refused = problem
        else:
            if code is None or story is None:
                return _unknown(request, typed)
            response = _redirect(code, request)
            response.headers["Set-Cookie"] = self._access.cookie(code)
            return response
        view = await self._tracking.view(code, language_of(request)) if code else None
        if view is None:
            return _unknown(request, typed)
        return _show(request, view, None, refused)


def read_typed(typed: str) -> str | None:
    """Return the code in what somebody typed or pasted: the code in any form, or the whole link."""
    last_part = typed.strip().split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[-1]
    return read_tracking_code(last_part)


def _redirect(code: str, request: web.Request) -> web.Response:
    language = request.query.get("lang")
    query = f"?lang={language}" if language in ("vi", "en") else ""
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/t/{code}{query}"})


def _unknown(request: web.Request, typed: str) -> web.Response:
    return page(request, "tracking/unknown.html", status=HTTPStatus.NOT_FOUND, typed=typed[:_LONGEST_TYPED])


def _show(request: web.Request, view: View, opened: Story | None, refused: Problem | None = None) -> web.Response:
    language = language_of(request)
    shown: dict[str, Any] = from_json(view.document)
    response = page(
        request,
        "tracking/page.html",
        status=refused.status if refused else HTTPStatus.OK,
        shown=shown,
        version=view.version,
        phone=national_phone,
        read_day=date.fromisoformat,
        visit=_visit(shown["window"], language),
        timeline=[{**entry, "at": datetime.fromisoformat(entry["at"])} for entry in reversed(shown["timeline"])],
        details=details(opened, language) if opened else None,
        refused=refused,
        wrong=refused is not None and refused.code == wrong_last_four().code,
    )
    if refused:
        response.headers.update(refused.headers)
    return response


def _visit(window: dict[str, str] | None, language: Language) -> str | None:
    """Return the window in words: a day, and which part of it."""
    if window is None:
        return None
    start, end = (datetime.fromisoformat(window[name]).astimezone(LOCAL) for name in ("start", "end"))
    day = f"{start:%d/%m/%Y}"
    if end.hour <= _NOON:
        return f"in the morning of {day}" if language == "en" else f"buổi sáng ngày {day}"
    if start.hour >= _NOON:
        return f"in the afternoon of {day}" if language == "en" else f"buổi chiều ngày {day}"
    return f"on {day}" if language == "en" else f"trong ngày {day}"
