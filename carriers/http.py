"""One call to a carrier over HTTP, and how its failures are told apart.

The question that matters is whether the carrier may have done what was asked. A call that changes something (`safe=False`)
and ends in silence, in a 5xx or in an answer nobody can read is `OutcomeUnknown`. A call that only reads can simply be
made again. Nothing is retried here: who calls knows whether there is anything to look up first.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar

import aiohttp

from carriers.errors import CarrierError, CredentialsBad, MalformedAnswer, OutcomeUnknown, TryLater

T = TypeVar("T")

Observe = Callable[[str, str, str, float], None]
"""Told of every call: carrier, call, outcome (`ok` or an error's word), seconds."""

_CONNECT_SECONDS = 5.0
_OP_LEGACY_SERVER_CONNECT = 0x4  # OpenSSL's number; the ssl module names it from Python 3.12 on

_OK, _REDIRECT, _BAD_REQUEST = 200, 300, 400
_REQUEST_TIMEOUT, _TOO_MANY, _SERVER_ERROR = 408, 429, 500
_UNKNOWN_CALLER = frozenset({401, 403})


def observe_nothing(_carrier: str, _call: str, _outcome: str, _seconds: float) -> None:
    """Take no notice: for tests and small tools."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: 2xx, or a 4xx that is the carrier's word on this very request."""

    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        """Tell a 2xx."""
        return _OK <= self.status < _REDIRECT


class CarrierHttp:
    """Connections to one carrier, at most `max_concurrency` calls at a time."""

    def __init__(
        self,
        carrier: str,
        base_url: str,
        *,
        timeout_seconds: float = 10.0,
        max_concurrency: int = 8,
        legacy_tls: bool = False,
        observe: Observe = observe_nothing,
    ) -> None:
        self._carrier = carrier
        self._base_url = base_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=min(_CONNECT_SECONDS, timeout_seconds / 2))
        self._slots = asyncio.Semaphore(max_concurrency)
        self._tls = _tls_context(legacy=legacy_tls)
        self._observe = observe
        self._session: aiohttp.ClientSession | None = None

    async def call(
        self,
        name: str,
        method: str,
        path: str,
        *,
        safe: bool,
        read: Callable[[Answer], T],
        params: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Make one call and return what `read` makes of its answer.

        `read` raises `Refused` for a carrier's no and `MalformedAnswer` for what it cannot read; on an unsafe call the
        latter becomes `OutcomeUnknown`. Waiting for a free slot is not part of the time-out: nothing was sent yet.
        """
        if not safe and method == "GET":
            raise ValueError("aiohttp sends a GET again when a kept connection was dropped: an unsafe call cannot be one")
        async with self._slots:
            started = time.monotonic()
            outcome = "unfinished"
            try:
                answer = await self._exchange(method, path, safe=safe, params=params, json=json, headers=headers)
                result = read(answer)
                outcome = "ok"
            except MalformedAnswer as error:
                outcome = error.outcome if safe else OutcomeUnknown.outcome
                if safe:
                    raise
                raise OutcomeUnknown(str(error), code=error.code) from error
            except CarrierError as error:
                outcome = error.outcome
                raise
            finally:
                self._observe(self._carrier, name, outcome, time.monotonic() - started)
        return result

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()

    async def _exchange(
        self,
        method: str,
        path: str,
        *,
        safe: bool,
        params: Mapping[str, str] | None,
        json: Any,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        try:
            async with self._open_session().request(
                method, self._base_url + path, params=params, json=json, headers=headers, allow_redirects=False
            ) as response:
                _raise_for_trouble(response, safe=safe)
                return Answer(response.status, await response.read())
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise TryLater(f"no connection: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _silence(type(error).__name__, safe=safe) from error

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Slots bound the concurrency, so the pool need not; and a carrier's cookies are nothing we want to send back.
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                connector=aiohttp.TCPConnector(limit=0, ssl=self._tls),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _raise_for_trouble(response: aiohttp.ClientResponse, *, safe: bool) -> None:
    status, code = response.status, str(response.status)
    if status == _TOO_MANY:
        raise TryLater("too many calls", code=code, retry_after=_retry_after(response.headers))
    if status in _UNKNOWN_CALLER:
        raise CredentialsBad(f"HTTP {status}", code=code)
    if status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT or not (_OK <= status < _REDIRECT or status >= _BAD_REQUEST):
        raise _silence(f"HTTP {status}", safe=safe, code=code, retry_after=_retry_after(response.headers))


def _silence(
    what: str, *, safe: bool, code: str | None = None, retry_after: float | None = None
) -> TryLater | OutcomeUnknown:
    return TryLater(what, code=code, retry_after=retry_after) if safe else OutcomeUnknown(what, code=code)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return seconds from `Retry-After` (RFC 9110): a number, or a date counted from the answer's own `Date`."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    until, since = _http_date(value), _http_date(headers.get("Date", ""))
    return max(0.0, (until - since).total_seconds()) if until and since else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


@cache
def _tls_context(*, legacy: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if legacy:
        # For servers that never learned secure renegotiation (RFC 5746). Certificates are verified all the same.
        context.options |= _OP_LEGACY_SERVER_CONNECT
    return context
