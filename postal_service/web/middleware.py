"""The one layer around every handler: request id, sign-in by key, refusals, headers, metrics, log.

It is a single function because every layer costs on each of thousands of requests a second; what a request does not need
(language, address, log line of a quiet endpoint) is not computed.
"""

import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from secrets import token_hex
from typing import Final

import structlog
from aiohttp import hdrs, web
from multidict import istr

from postal_service.kit.clock import Clock
from postal_service.kit.problems import Problem
from postal_service.web import idempotency
from postal_service.web.answers import problem_document, problem_page
from postal_service.web.callers import Authenticator, Caller
from postal_service.web.endpoints import EVENT_STREAM, HTML, Endpoint
from postal_service.web.forwarded import is_https
from postal_service.web.http_problems import INTERNAL_ERROR, MALFORMED_URL, from_http_exception
from postal_service.web.keys import CALLER, REQUEST_ID
from postal_service.web.language import language_of
from postal_service.web.logging import CURRENT_REQUEST_ID
from postal_service.web.metrics import Count, Metrics

log = structlog.get_logger("postal.web")

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]
UNKNOWN_ROUTE: Final = "unknown"

_FIRST_BAD_STATUS = 400
_LONGEST_REQUEST_ID = 64
_REQUEST_ID_HEADER = istr("X-Request-Id")
_SECURITY_HEADERS = (
    (
        istr("Content-Security-Policy"),
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (istr("X-Content-Type-Options"), "nosniff"),
    (istr("Referrer-Policy"), "no-referrer"),
    # Almost every answer is about somebody; what may be kept says so itself.
    (istr("Cache-Control"), "no-store"),
)
_HSTS = "max-age=31536000"


@dataclass(frozen=True, slots=True)
class Route:
    """What the layer knows of a served route."""

    template: str
    method: str
    count: Count
    scope: str | None = None
    takes_idempotency_key: bool = False
    html: bool = False
    quiet: bool = False


@dataclass(slots=True)
class Edge:
    """The layer, and the routes it knows."""

    authenticate: Authenticator
    metrics: Metrics
    clock: Clock
    trusted_proxies: frozenset[str]
    _routes: dict[web.AbstractRoute, Route] = field(default_factory=dict)
    _unknown: Route = field(init=False)
    _next_id: Callable[[], str] = field(init=False)

    def __post_init__(self) -> None:
        self._unknown = Route(UNKNOWN_ROUTE, "-", self.metrics.counting("-", UNKNOWN_ROUTE))
        # Unique over processes by its random half, and far cheaper than drawing each one.
        prefix, numbers = token_hex(6), count(1)
        self._next_id = lambda: f"{prefix}-{next(numbers):x}"

    def add(self, endpoint: Endpoint, routes: Iterable[web.AbstractRoute]) -> None:
        """Know the routes of an endpoint."""
        route = Route(
            template=endpoint.path,
            method=endpoint.method,
            count=self.metrics.counting(endpoint.method, endpoint.path),
            scope=endpoint.scope,
            takes_idempotency_key=endpoint.takes_idempotency_key,
            html=endpoint.media_type == HTML,
            quiet=endpoint.quiet or endpoint.media_type == EVENT_STREAM,
        )
        for served in routes:
            self._routes[served] = route

    @web.middleware
    async def handle(self, request: web.Request, handler: Serve) -> web.StreamResponse:
        """Answer one request; every refusal and every fault becomes a response here."""
        started = time.perf_counter()
        route = self._routes.get(request.match_info.route, self._unknown)
        request_id = _sane_id(request.headers.get(_REQUEST_ID_HEADER)) or self._next_id()
        request[REQUEST_ID] = request_id
        CURRENT_REQUEST_ID.set(request_id)
        try:
            response = await self._admit(request, route, handler)
        except Problem as problem:
            response = self._refuse(request, route, problem)
        except web.HTTPException as error:
            if error.status < _FIRST_BAD_STATUS:
                route.count(error.status, time.perf_counter() - started)
                raise
            response = self._refuse(request, route, from_http_exception(error))
        except ConnectionError as error:
            if request.transport is None or request.transport.is_closing():
                # The caller left while an answer was being written; there is nobody to tell.
                raise
            # Somebody we need did not answer: the database, most likely.
            log.exception("request_failed", route=route.template, method=route.method, cause=type(error).__name__)
            response = self._refuse(request, route, INTERNAL_ERROR)
        except Exception:
            log.exception("request_failed", route=route.template, method=route.method)
            if request.writer.output_size > 0:
                raise
            response = self._refuse(request, route, INTERNAL_ERROR)
        seconds = time.perf_counter() - started
        status = response.status
        route.count(status, seconds)
        if status >= _FIRST_BAD_STATUS or not route.quiet:
            caller = request.get(CALLER)
            log.info(
                "request",
                route=route.template,
                method=route.method,
                status=status,
                ms=round(seconds * 1000, 1),
                client_id=caller.client_id if caller else None,
            )
        return response

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Complete the headers of every response, streams included, just before they go out."""
        headers = response.headers
        headers[_REQUEST_ID_HEADER] = request.get(REQUEST_ID) or self._next_id()
        for name, value in _SECURITY_HEADERS:
            headers.setdefault(name, value)
        if request.raw_path.startswith("/t/"):
            headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        if is_https(request, self.trusted_proxies):
            headers["Strict-Transport-Security"] = _HSTS

    async def _admit(self, request: web.Request, route: Route, handler: Serve) -> web.StreamResponse:
        # No database takes a NUL, and no code, id or name has one.
        if "%00" in request.raw_path:
            raise MALFORMED_URL
        if route.scope is None:
            return await handler(request)
        caller = await self._caller(request, route.scope)
        request[CALLER] = caller
        if not route.takes_idempotency_key or idempotency.HEADER not in request.headers:
            return await handler(request)
        return await idempotency.answer_once(
            request, caller.client_id, partial(self._answer_or_refuse, request, route, handler), self.clock
        )

    async def _answer_or_refuse(self, request: web.Request, route: Route, handler: Serve) -> web.StreamResponse:
        """Answer with refusals already written out, since they are stored like any other answer."""
        try:
            return await handler(request)
        except Problem as problem:
            return self._refuse(request, route, problem)
        except web.HTTPException as error:
            if error.status < _FIRST_BAD_STATUS:
                raise
            return self._refuse(request, route, from_http_exception(error))

    async def _caller(self, request: web.Request, scope: str) -> Caller:
        kind, _, key = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        caller = await self.authenticate(key.strip()) if kind.lower() == "bearer" else None
        if caller is None:
            raise Problem(
                401,
                "unauthorized",
                vi="Cần khoá truy cập hợp lệ (Authorization: Bearer …).",
                en="A valid key is needed (Authorization: Bearer …).",
                headers={"WWW-Authenticate": 'Bearer realm="postal"'},
            )
        if not caller.allows(scope):
            raise Problem(
                403,
                "forbidden_scope",
                vi=f"Khoá này không có quyền {scope}.",
                en=f"This key does not have the scope {scope}.",
                headers={"WWW-Authenticate": f'Bearer realm="postal", error="insufficient_scope", scope="{scope}"'},
            )
        return caller

    def _refuse(self, request: web.Request, route: Route, problem: Problem) -> web.Response:
        request_id = request[REQUEST_ID]
        if problem is INTERNAL_ERROR:
            problem = Problem(problem.status, problem.code, vi=problem.vi, en=problem.en, extra={"request_id": request_id})
        if route.html or (route is self._unknown and HTML in request.headers.get(hdrs.ACCEPT, "")):
            return problem_page(request, problem, request_id)
        return problem_document(problem, language_of(request))


def _sane_id(given: str | None) -> str | None:
    """Return the caller's id when it may safely stand in a header and a log line."""
    if given and len(given) <= _LONGEST_REQUEST_ID and given.isascii() and given.replace("-", "").isalnum():
        return given
    return None
