"""A server that speaks Twilio's message API on this machine, with its ways of failing.

In a test: `async with TwilioPeer() as peer: …`. On its own: `python -m tests.peers.twilio --port P`, steered over HTTP:
`POST /control/behave`, `GET /control/messages`, `POST /control/callback`, `POST /control/reset`.
"""

import argparse
import asyncio
import itertools
import json
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import ClientSession, web
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the SDK ships no types

Kind = Literal["accept", "refuse", "slow", "accept_then_cut", "accept_then_silence", "cut", "gateway_error"]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the peer does with one message.

    `refuse` answers `http_status` with Twilio's error body and `code`; `slow` accepts after `seconds`; `cut` forgets the
    message and cuts the line; `gateway_error` answers `http_status` with an empty body.
    """

    kind: Kind = "accept"
    code: int = 0
    http_status: int = 400
    seconds: float = 0.0


@dataclass(slots=True)
class Message:
    """A message Twilio has."""

    sid: str
    to: str
    sender: str
    body: str
    created: datetime
    status: str = "queued"
    sent: datetime | None = None
    error_code: int | None = None
    fields: dict[str, str] = field(default_factory=dict)

    def as_json(self, account_sid: str) -> dict[str, Any]:
        return {
            "account_sid": account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": format_datetime(self.created),
            "date_sent": format_datetime(self.sent) if self.sent else None,
            "date_updated": format_datetime(self.created),
            "direction": "outbound-api",
            "error_code": self.error_code,
            "error_message": None,
            "from": self.sender,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {},
            "to": self.to,
            "uri": f"/2010-04-01/Accounts/{account_sid}/Messages/{self.sid}.json",
        }


class TwilioPeer:
    """The server. `behave` queues behaviours for the next messages; after them `default` holds."""

    def __init__(
        self, *, account_sid: str = "AC" + "0" * 32, auth_token: str = "made-up-token", host: str = "127.0.0.1"
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.default = Behaviour()
        self.base_url = ""
        self.requests = 0
        self._host = host
        self._next: deque[Behaviour] = deque()
        self._by_sid: dict[str, Message] = {}
        self._by_recipient: dict[str, list[Message]] = {}
        self._numbers = itertools.count(1)
        self._closing = asyncio.Event()
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.1)

    @property
    def messages(self) -> list[Message]:
        """Everything accepted, oldest first."""
        return list(self._by_sid.values())

    def behave(self, *behaviours: Behaviour) -> None:
        self._next.extend(behaviours)

    def reset(self) -> None:
        self._next.clear()
        self._by_sid.clear()
        self._by_recipient.clear()
        self.default = Behaviour()
        self.requests = 0

    async def start(self, port: int = 0) -> None:
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, port)
        await site.start()
        self.base_url = f"http://{self._host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self._closing.set()
        await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def send_callback(
        self, sid: str, status: str, *, error_code: int | None = None, url: str | None = None, **more: str
    ) -> int:
        """Call the message's StatusCallback (or `url`) as Twilio does, signed; returns the HTTP status of the answer."""
        message = self._by_sid[sid]
        message.status, message.error_code = status, error_code
        form = self.callback_form(message, **more)
        target = url or message.fields["StatusCallback"]
        headers = {"X-Twilio-Signature": self.sign(target, form), "User-Agent": "TwilioProxy/1.1"}
        async with ClientSession() as session, session.post(target, data=form, headers=headers) as answer:
            return answer.status

    def callback_form(self, message: Message, **more: str) -> dict[str, str]:
        form = {
            "MessageSid": message.sid,
            "MessageStatus": message.status,
            "SmsSid": message.sid,
            "SmsStatus": message.status,
            "AccountSid": self.account_sid,
            "From": message.sender,
            "To": message.to,
            "ApiVersion": "2010-04-01",
        }
        if message.error_code is not None:
            form["ErrorCode"] = str(message.error_code)
        return form | more

    def sign(self, url: str, form: Mapping[str, str]) -> str:
        return str(RequestValidator(self.auth_token).compute_signature(url, form))

    def add(self, to: str, body: str, *, created: datetime, sender: str = "+15005550006") -> Message:
        """Let Twilio have a message that was never posted here."""
        return self._keep({"To": to, "Body": body, "From": sender}, created)

    def _app(self) -> web.Application:
        app = web.Application()
        account = f"/2010-04-01/Accounts/{self.account_sid}"
        app.router.add_post(f"{account}/Messages.json", self._create)
        app.router.add_get(f"{account}/Messages.json", self._list)
        app.router.add_get(f"{account}.json", self._account)
        app.router.add_post("/control/behave", self._control_behave)
        app.router.add_get("/control/messages", self._control_messages)
        app.router.add_post("/control/callback", self._control_callback)
        app.router.add_post("/control/reset", self._control_reset)
        return app

    def _keep(self, fields: dict[str, str], created: datetime) -> Message:
        sid = f"SM{next(self._numbers):032x}"
        message = Message(sid, fields["To"], fields["From"], fields["Body"], created, fields=fields)
        self._by_sid[sid] = message
        self._by_recipient.setdefault(message.to, []).append(message)
        return message

    def _unknown_caller(self, request: web.Request) -> web.Response | None:
        expected = b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if request.headers.get("Authorization") == f"Basic {expected}":
            return None
        return _error(20003, 401)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        if refused := self._unknown_caller(request):
            return refused
        fields = {key: str(value) for key, value in (await request.post()).items()}
        behaviour = self._next.popleft() if self._next else self.default
        match behaviour.kind:
            case "refuse":
                return _error(behaviour.code, behaviour.http_status)
            case "gateway_error":
                return web.Response(status=behaviour.http_status)
            case "cut":
                return _cut(request)
            case "slow":
                await asyncio.sleep(behaviour.seconds)
        message = self._keep(fields, datetime.now(UTC))
        if behaviour.kind == "accept_then_cut":
            return _cut(request)
        if behaviour.kind == "accept_then_silence":
            await self._closing.wait()
        return web.json_response(message.as_json(self.account_sid), status=HTTPStatus.CREATED)

    async def _list(self, request: web.Request) -> web.Response:
        if refused := self._unknown_caller(request):
            return refused
        query = request.query
        found = self._by_recipient.get(query["To"], []) if "To" in query else self.messages
        if since := query.get("DateSent>"):
            # Twilio compares days, and a message that is still queued was sent on none.
            found = [m for m in found if m.sent and f"{m.sent:%Y-%m-%d}" >= since[:10]]
        newest_first = found[::-1]
        size, page = int(query.get("PageSize", "50")), int(query.get("Page", "0"))
        shown = newest_first[page * size : (page + 1) * size]
        more = len(newest_first) > (page + 1) * size
        following = request.rel_url.update_query(Page=page + 1, PageToken=f"PA{page + 1}") if more else None
        return web.json_response(
            {
                "first_page_uri": str(request.rel_url.update_query(Page=0)),
                "end": page * size + max(len(shown) - 1, 0),
                "previous_page_uri": None,
                "messages": [message.as_json(self.account_sid) for message in shown],
                "uri": str(request.rel_url),
                "page_size": size,
                "start": page * size,
                "next_page_uri": str(following) if following else None,
                "page": page,
            }
        )

    async def _account(self, request: web.Request) -> web.Response:
        return self._unknown_caller(request) or web.json_response(
            {"sid": self.account_sid, "status": "active", "friendly_name": "peer", "type": "Full"}
        )

    async def _control_behave(self, request: web.Request) -> web.Response:
        """`{"default": {...}, "next": [{...}]}`, each a Behaviour."""
        wanted = await request.json()
        if "default" in wanted:
            self.default = Behaviour(**wanted["default"])
        self.behave(*(Behaviour(**one) for one in wanted.get("next", ())))
        return web.json_response({})

    async def _control_messages(self, _request: web.Request) -> web.Response:
        shown = [asdict(m) for m in self.messages]
        return web.json_response({"messages": shown, "requests": self.requests}, dumps=_dumps)

    async def _control_callback(self, request: web.Request) -> web.Response:
        """`{"sid", "status", "error_code"?, "url"?}`."""
        wanted = await request.json()
        return web.json_response({"answer": await self.send_callback(**wanted)})

    async def _control_reset(self, _request: web.Request) -> web.Response:
        self.reset()
        return web.json_response({})


def _error(code: int, http_status: int) -> web.Response:
    body = {
        "code": code,
        "message": "The peer was told to refuse.",
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": http_status,
    }
    return web.json_response(body, status=http_status)


def _cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _dumps(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


async def _serve(port: int, account_sid: str, auth_token: str) -> None:
    peer = TwilioPeer(account_sid=account_sid, auth_token=auth_token)
    await peer.start(port)
    print(peer.base_url, flush=True)  # noqa: T201 - whoever started it reads the address here
    try:
        await asyncio.Event().wait()
    finally:
        await peer.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A Twilio-shaped peer for tests and measurements.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--account-sid", default="AC" + "0" * 32)
    parser.add_argument("--auth-token", default="made-up-token")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.account_sid, arguments.auth_token))


if __name__ == "__main__":
    main()
