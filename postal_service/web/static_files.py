"""Serving style sheets, scripts and pictures."""

from aiohttp import web

from postal_service.kit.problems import not_found
from postal_service.web.endpoints import Endpoint
from postal_service.web.keys import PAGES
from postal_service.web.pages import STATIC_PATH

_FOR_EVER = "public, max-age=31536000, immutable"


def endpoints() -> list[Endpoint]:
    """Return the one endpoint under which every static file stands."""
    return [
        Endpoint(
            "GET",
            f"{STATIC_PATH}/{{digest}}/{{name:.+}}",
            _serve,
            "A static file",
            "pages",
            media_type="application/octet-stream",
            raw=True,
            quiet=True,
        )
    ]


async def _serve(request: web.Request) -> web.StreamResponse:
    static = request.app[PAGES].static
    found = static.find(request.match_info["name"])
    if found is None:
        raise not_found()
    path, media_type = found
    # A page from before a release may still ask under the old address: it gets today's file, and keeps it for no time.
    current = request.match_info["digest"] == static.digest
    return web.FileResponse(
        path, headers={"Content-Type": media_type, "Cache-Control": _FOR_EVER if current else "no-cache"}
    )
