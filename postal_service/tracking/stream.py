"""One open page's stream of updates (server-sent events), for ten minutes at most."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from postal_service.tracking.live import Subscription
from postal_service.tracking.queries import View
from postal_service.web.endpoints import EVENT_STREAM

PING_SECONDS = 15.0
STREAM_SECONDS = 600.0
WRITE_SECONDS = 5.0
"""A client that takes nothing for so long is let go; it comes back and gets the latest."""

_HEADERS = {
    "Content-Type": EVENT_STREAM,
    "Cache-Control": "no-cache, no-transform",
    # A proxy that buffers would keep the news to itself.
    "X-Accel-Buffering": "no",
}
_RETRY = b"retry: 2000\n\n"
_PING = b": ping\n\n"
_NOTHING_SEEN = -1

Latest = Callable[[], Awaitable[View | None]]


async def stream_updates(request: web.Request, view: View, latest: Latest, subscription: Subscription) -> web.StreamResponse:
    """Send the view unless the client has seen it, then every later one, until told to close or the time is over."""
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    try:
        await _write(response, _RETRY)
        await _follow(response, view, latest, subscription, seen=_last_seen(request, view))
    except TimeoutError:
        # Ending the response politely would wait for this client as well.
        if request.transport is not None:
            request.transport.abort()
    except ConnectionResetError:
        pass  # The page was closed: nobody is left to tell.
    return response


async def _follow(
    response: web.StreamResponse, view: View | None, latest: Latest, subscription: Subscription, *, seen: int
) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + STREAM_SECONDS
    while view is not None:
        if view.version > seen:
            await _write(response, b"id: %d\nevent: tracking\ndata: %b\n\n" % (view.version, view.document))
            seen = view.version
        else:
            await _write(response, _PING)
        left = end - loop.time()
        if left > 0:
            await subscription.wait(min(PING_SECONDS, left))
        if subscription.closed or left <= 0:
            return
        view = await latest()


async def _write(response: web.StreamResponse, data: bytes) -> None:
    async with asyncio.timeout(WRITE_SECONDS):
        await response.write(data)


def _last_seen(request: web.Request, view: View) -> int:
    """Return the version the client has, as its browser says when it comes back."""
    given = request.headers.get("Last-Event-ID", "")
    seen = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else _NOTHING_SEEN  # noqa: PLR2004 - 64 bits
    # A number from the future is of another database (one restored from a backup): send what there is.
    return seen if seen <= view.version else _NOTHING_SEEN
