"""Idempotency-Key: a repeated POST gets the first one's answer, byte for byte, and does nothing a second time."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web
from aiohttp.web_request import FileField

from postal_service.kit.clock import Clock
from postal_service.kit.ids import new_id
from postal_service.kit.problems import Problem
from postal_service.storage.sql import execute, fetch
from postal_service.web.models import IdempotencyState

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
_TAKEN_FOR_CRASHED_AFTER = timedelta(seconds=60)
_LONGEST_KEY = 255
# What asks the client to try again must not be what every further try is answered with.
_NEVER_STORED = frozenset({408, 429})
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class _Claim:
    record_id: str


async def answer_once(
    request: web.Request,
    client_id: str,
    answer: Callable[[], Awaitable[web.StreamResponse]],
    clock: Clock,
) -> web.StreamResponse:
    """Run `answer` unless this client already had one for its key; raises the 422 or 409 of a misused or busy key."""
    key = _read_key(request.headers[HEADER])
    request_hash = await _hash_of(request)
    claim = await _claim(client_id, key, request_hash, clock())
    if isinstance(claim, web.Response):
        return claim
    try:
        response = await answer()
    except BaseException:
        await _give_up(claim)
        raise
    if not isinstance(response, web.Response) or response.status >= _SERVER_ERROR or response.status in _NEVER_STORED:
        await _give_up(claim)
    else:
        await _keep(claim, response)
    return response


async def purge(older_than: datetime) -> int:
    """Forget the answers first asked for before `older_than`; returns how many. Clients may count on `KEPT_FOR`."""
    return await execute("DELETE FROM idempotency_record WHERE created_at < $1", older_than)


def _read_key(header: str) -> str:
    if not 1 <= len(header) <= _LONGEST_KEY or not header.isascii() or not header.isprintable():
        raise Problem(
            400,
            "invalid_idempotency_key",
            vi="Idempotency-Key phải gồm 1 đến 255 ký tự ASCII in được.",
            en="Idempotency-Key must be 1 to 255 printable ASCII characters.",
        )
    return header


async def _hash_of(request: web.Request) -> str:
    digest = hashlib.sha256(f"{request.method} {request.raw_path}\n".encode())
    if request.content_type != "multipart/form-data":
        digest.update(await request.read())
        return digest.hexdigest()
    # The boundary differs from try to try, so the fields are what counts.
    for name, value in sorted((await request.post()).items(), key=lambda field: field[0]):
        digest.update(f"\n{len(name)} {name} ".encode())
        if isinstance(value, FileField):
            digest.update(value.file.read())
            value.file.seek(0)
        else:
            digest.update(str(value).encode())
    return digest.hexdigest()


async def _claim(client_id: str, key: str, request_hash: str, now: datetime) -> "_Claim | web.Response":
    """Take the key, or return the answer that is already stored for it."""
    record_id = new_id()
    inserted = await fetch(
        "INSERT INTO idempotency_record (id, client_id, key, request_hash, state, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (client_id, key) DO NOTHING RETURNING id",
        *(record_id, client_id, key, request_hash, IdempotencyState.RUNNING.value, now),
    )
    if inserted:
        return _Claim(record_id)
    found = await fetch(
        "SELECT request_hash, state, status, media_type, body FROM idempotency_record WHERE client_id = $1 AND key = $2",
        *(client_id, key),
    )
    # None when the other one gave up between the two statements: the client may try again at once.
    record = found[0] if found else None
    if record and record["request_hash"] != request_hash:
        raise Problem(
            422,
            "idempotency_key_reused",
            vi="Idempotency-Key này đã được dùng cho một yêu cầu có nội dung khác.",
            en="This Idempotency-Key was already used for a different request.",
        )
    if record and record["state"] == IdempotencyState.DONE:
        return web.Response(
            status=record["status"],
            body=bytes(record["body"]),
            headers={"Content-Type": record["media_type"], "Idempotency-Replayed": "true"},
        )
    taken_over = await fetch(
        "UPDATE idempotency_record SET id = $1, created_at = $2"
        " WHERE client_id = $3 AND key = $4 AND request_hash = $5 AND state = $6 AND created_at <= $7 RETURNING id",
        *(record_id, now, client_id, key, request_hash, IdempotencyState.RUNNING.value),
        now - _TAKEN_FOR_CRASHED_AFTER,
    )
    if taken_over:
        return _Claim(record_id)
    raise Problem(
        409,
        "idempotency_key_running",
        vi="Yêu cầu với Idempotency-Key này đang được xử lý, vui lòng thử lại sau giây lát.",
        en="The request with this Idempotency-Key is still being handled; try again in a moment.",
        headers={"Retry-After": "1"},
    )


async def _keep(claim: _Claim, response: web.Response) -> None:
    body = response.body
    await execute(
        "UPDATE idempotency_record SET state = $1, status = $2, media_type = $3, body = $4 WHERE id = $5",
        *(IdempotencyState.DONE.value, response.status, response.headers["Content-Type"]),
        *(body if isinstance(body, bytes) else b"", claim.record_id),
    )


async def _give_up(claim: _Claim) -> None:
    await execute("DELETE FROM idempotency_record WHERE id = $1", claim.record_id)
