"""How a room says what it serves: a list of endpoints, from which routing, checks and the API document are made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Generic

from aiohttp import web
from aiohttp.web_request import FileField
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeVar

from postal_service.kit.paging import DEFAULT_LIMIT, MAX_LIMIT
from postal_service.web.callers import Caller
from postal_service.web.language import Language

BodyT = TypeVar("BodyT", default=None)
QueryT = TypeVar("QueryT", default=None)
ItemT = TypeVar("ItemT")

JSON = "application/json"
HTML = "text/html"
EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Call(Generic[BodyT, QueryT]):
    """One request, checked: what a handler works on."""

    request: web.Request
    known_caller: Caller | None
    body: BodyT
    query: QueryT
    form: Mapping[str, str | FileField]
    """The fields of a multipart body; empty for other endpoints."""
    language: Language
    now: datetime

    @property
    def caller(self) -> Caller:
        """Return the API client; only an endpoint with a scope has one."""
        if self.known_caller is None:
            raise RuntimeError("a public endpoint has no caller")
        return self.known_caller

    @property
    def path(self) -> Mapping[str, str]:
        """Return the variable parts of the path."""
        return self.request.match_info


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler answers: `body` is a pydantic model, JSON values, or bytes that are already in `media_type`."""

    status: int = HTTPStatus.OK
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON


Handler = Callable[[Call[Any, Any]], Awaitable[Answer | web.StreamResponse]]
RawHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method on one path. Rooms return these from `endpoints(service)`; only the app registers them."""

    method: str
    path: str
    """As aiohttp writes it: `/api/v1/requests/{id}`."""
    handler: Handler | RawHandler
    summary: str
    tag: str
    scope: str | None = None
    """What an API client must hold; None for a public endpoint, which never reads Authorization."""
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answers: Mapping[int, type[BaseModel] | None] = field(default_factory=lambda: {HTTPStatus.OK: None})
    multipart: bool = False
    media_type: str = JSON
    raw: bool = False
    """The handler takes the web.Request as it is and returns a finished response: for hot and streaming endpoints."""
    idempotent: bool = True
    """A POST of an API client may carry an Idempotency-Key."""
    quiet: bool = False
    """Successful answers are counted but not logged: for what is asked thousands of times a second."""

    @property
    def takes_idempotency_key(self) -> bool:
        """Tell whether a repeated request may be answered with the stored answer."""
        return self.idempotent and self.method == "POST" and self.scope is not None


class PageQuery(BaseModel):
    """The query of a list; rooms add their filters. The cursor is read by `kit.paging.read_cursor`."""

    model_config = ConfigDict(frozen=True)

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: str | None = None


class Page(BaseModel, Generic[ItemT]):
    """The answer of a list."""

    items: list[ItemT]
    next_cursor: str | None
