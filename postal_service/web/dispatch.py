"""From a web request to a room's handler: body, query and form are read and checked, the answer is written out."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from aiohttp import web
from aiohttp.web_request import FileField

from postal_service.kit.clock import Clock
from postal_service.kit.problems import Problem
from postal_service.web.answers import respond
from postal_service.web.endpoints import Call, Endpoint, Handler, RawHandler
from postal_service.web.keys import CALLER
from postal_service.web.language import language_of
from postal_service.web.validation import read_json, read_query

Served = Callable[[web.Request], Awaitable[web.StreamResponse]]


def serving_handler(endpoint: Endpoint, clock: Clock) -> Served:
    """Return what aiohttp calls for this endpoint."""
    if endpoint.raw:
        return cast(RawHandler, endpoint.handler)
    handler = cast(Handler, endpoint.handler)

    async def serve(request: web.Request) -> web.StreamResponse:
        call: Call[Any, Any] = Call(
            request=request,
            known_caller=request.get(CALLER),
            query=read_query(request, endpoint.query) if endpoint.query else None,
            form=await _read_form(request) if endpoint.multipart else {},
            body=await read_json(request, endpoint.body) if endpoint.body and not endpoint.multipart else None,
            language=language_of(request),
            now=clock(),
        )
        answer = await handler(call)
        return answer if isinstance(answer, web.StreamResponse) else respond(answer)

    return serve


async def _read_form(request: web.Request) -> Mapping[str, str | FileField]:
    if request.content_type != "multipart/form-data":
        raise Problem(
            415,
            "unsupported_media_type",
            vi="Nội dung gửi lên phải là biểu mẫu có tệp (multipart/form-data).",
            en="The body must be multipart/form-data.",
        )
    try:
        return {name: _text_or_file(value) for name, value in (await request.post()).items()}
    except ValueError:
        raise Problem(400, "malformed_form", vi="Không đọc được biểu mẫu gửi lên.", en="The form cannot be read.") from None


def _text_or_file(value: str | bytearray | bytes | FileField) -> str | FileField:
    return value if isinstance(value, (str, FileField)) else bytes(value).decode()
