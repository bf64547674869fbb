"""Who is really asking, behind our own proxies. Anybody can write a forwarding header; only these are believed."""

from aiohttp import web

from postal_service.web.keys import TRUSTED_PROXIES


def remote_address(request: web.Request) -> str:
    """Return the caller's address: the last hop that is not a proxy of ours."""
    trusted = request.app[TRUSTED_PROXIES]
    address = request.remote or ""
    if address not in trusted:
        return address
    hops = [hop.strip() for header in request.headers.getall("X-Forwarded-For", ()) for hop in header.split(",")]
    for hop in reversed(hops):
        address = hop
        if hop not in trusted:
            break
    return address


def is_https(request: web.BaseRequest, trusted: frozenset[str]) -> bool:
    """Tell whether the caller's own connection was encrypted."""
    if trusted and request.remote in trusted:
        return request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https"
    return request.secure
