"""A real mail server on this machine (aiosmtpd) with STARTTLS, sign-in and a mail server's ways of failing.

In a test: `async with SmtpPeer(folder) as peer: …`. On its own:
`python -m tests.peers.smtp --port P --control-port C --folder F`, steered over HTTP on the control port:
`POST /control/behave`, `GET /control/messages`, `POST /control/drop-connections`, `POST /control/reset`.
"""

import argparse
import asyncio
from collections import Counter, deque
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.peers.certificate import make_certificate

Kind = Literal[
    "accept",
    "greylist",
    "refuse_sender",
    "refuse_recipient",
    "refuse_content",
    "defer_content",
    "cut_before_data",
    "accept_then_cut",
    "accept_then_silence",
]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail the server took."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    signed_in: bool
    line: int
    """Which connection it came by, counted from 1."""

    @property
    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=policy.default)


class SmtpPeer:
    """The server. `behave` queues behaviours for the next mails; after them `default` holds."""

    def __init__(
        self,
        folder: Path,
        *,
        username: str = "postal",
        password: str = "made-up-password",
        starttls: bool = True,
        host: str = "127.0.0.1",
    ) -> None:
        self.username = username
        self.password = password
        self.host = host
        self.port = 0
        self.certificate = make_certificate(folder)
        self.default: Kind = "accept"
        self.mails: list[Mail] = []
        self.connections = 0
        self.took_one = asyncio.Event()
        self._tls = self.certificate.server_context() if starttls else None
        self._next: deque[Kind] = deque()
        self._current: dict[SMTP, Kind] = {}
        self._seen: Counter[tuple[str, str]] = Counter()
        self._open: dict[SMTP, int] = {}
        self._closing = asyncio.Event()
        self._server: asyncio.Server | None = None

    def behave(self, *kinds: Kind) -> None:
        self._next.extend(kinds)

    def reset(self) -> None:
        self._next.clear()
        self._seen.clear()
        self.mails.clear()
        self.default = "accept"

    def drop_connections(self) -> None:
        """Cut every open line, as a server does with idle ones."""
        for protocol in list(self._open):
            _cut(protocol)

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, self.host, port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._closing.set()
        self._server.close()
        self.drop_connections()
        await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _protocol(self) -> SMTP:
        protocol = SMTP(
            self,
            hostname="peer.example.vn",
            loop=asyncio.get_running_loop(),
            tls_context=self._tls,
            require_starttls=self._tls is not None,
            auth_required=self._tls is not None and bool(self.username),
            authenticator=self._authenticate,
        )
        self.connections += 1
        self._open[protocol] = self.connections
        return protocol

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, auth_data: Any
    ) -> AuthResult:
        good = LoginPassword(self.username.encode(), self.password.encode())
        return AuthResult(success=auth_data == good, handled=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds hooks by this name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        kind = self._current[server] = self._next.popleft() if self._next else self.default
        if kind == "refuse_sender":
            return "550 5.7.1 sender not welcome"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds hooks by this name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        assert envelope.mail_from is not None
        pair = (envelope.mail_from, address)
        self._seen[pair] += 1
        match self._current[server]:
            case "greylist" if self._seen[pair] == 1:
                return "451 4.7.1 greylisted, come again"
            case "refuse_recipient":
                return "550 5.1.1 no such mailbox"
            case "cut_before_data":
                _cut(server)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - same
        kind = self._current[server]
        if kind == "refuse_content":
            return "554 5.6.0 content refused"
        if kind == "defer_content":
            return "452 4.3.1 no room just now"
        assert envelope.mail_from is not None
        assert envelope.original_content is not None
        self.mails.append(
            Mail(
                sender=envelope.mail_from,
                recipients=tuple(envelope.rcpt_tos),
                content=envelope.original_content,
                encrypted=session.ssl is not None,
                signed_in=bool(session.authenticated),
                line=self._open[server],
            )
        )
        self.took_one.set()
        if kind == "accept_then_cut":
            _cut(server)
        if kind == "accept_then_silence":
            await self._closing.wait()
        return "250 2.0.0 taken"


def _cut(protocol: SMTP) -> None:
    if isinstance(protocol.transport, asyncio.Transport):
        protocol.transport.abort()


def _control(peer: SmtpPeer) -> web.Application:
    async def behave(request: web.Request) -> web.Response:
        wanted = await request.json()
        peer.default = wanted.get("default", peer.default)
        peer.behave(*wanted.get("next", ()))
        return web.json_response({})

    async def messages(_request: web.Request) -> web.Response:
        shown = [
            {"sender": m.sender, "recipients": m.recipients, "message_id": m.parsed["Message-ID"], "line": m.line}
            for m in peer.mails
        ]
        return web.json_response({"messages": shown, "connections": peer.connections})

    async def drop(_request: web.Request) -> web.Response:
        peer.drop_connections()
        return web.json_response({})

    async def reset(_request: web.Request) -> web.Response:
        peer.reset()
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/control/behave", behave)
    app.router.add_get("/control/messages", messages)
    app.router.add_post("/control/drop-connections", drop)
    app.router.add_post("/control/reset", reset)
    return app


async def _serve(port: int, control_port: int, folder: Path) -> None:
    peer = SmtpPeer(folder)
    await peer.start(port)
    runner = web.AppRunner(_control(peer), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, peer.host, control_port).start()
    control = runner.addresses[0][1]
    print(f"smtp {peer.port} control {control} certificate {peer.certificate.file}", flush=True)  # noqa: T201 - for its starter
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        await peer.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="A mail server for tests and measurements.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True, help="where its certificate is written")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.port, arguments.control_port, arguments.folder))


if __name__ == "__main__":
    main()
