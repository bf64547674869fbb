"""The program as a process between real peers: a carrier, an SMS provider, a mail server, any of which may see it die."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, web
from aiohttp.test_utils import TestServer, unused_port
from aiohttp.typedefs import Handler
from aiosmtpd.smtp import SMTP, Envelope, Session

from carriers.simulator.keys import KeyFiles
from carriers.simulator.server import make_app
from postal_service.kit.clock import system_clock
from tests.faults.child import Death, Fate, Moment
from tests.faults.prepared import Look, Prepared, looking
from tests.faults.processes import Process, eventually
from tests.peers.smtp import SmtpPeer
from tests.peers.twilio import TwilioPeer

MAIL = "mail"
CALLS = ("CreateOrder", "Messages.json")
"""Those that do something, besides mail; whoever dies while reading has done nothing."""
PATIENCE = 60.0
AHEAD = timedelta(minutes=1)
"""An order that is moved by hand lives a minute in the past; so that it lives in the present, its clock is put forward."""


@dataclass(slots=True)
class Town:
    """One program with its peers. It is started again whenever it has died."""

    api: ClientSession
    carrier: ClientSession
    twilio: TwilioPeer
    mail: "_MailServer"
    look: Look
    """Asks for what the program has committed."""
    process: Process
    deaths: list[Death]
    """Still to come, in this order, one for each start."""
    steps: Path
    """Where commits and calls are listed."""
    calls: list[str] = field(default_factory=list)
    request: dict[str, Any] = field(default_factory=dict)
    """The one that was filed here."""

    @property
    def passed(self) -> list[str]:
        """The steps at which the program could have died so far: calls to its peers, then commits."""
        return [*self.calls, *self.steps.read_text().splitlines()]

    async def insist(self, path: str, body: Any) -> dict[str, Any]:
        """POST until there is an answer, as a portal does whose line was cut."""
        return await self._answer("POST", path, body)

    async def see(self, path: str) -> dict[str, Any]:
        """GET until there is an answer."""
        return await self._answer("GET", path, None)

    async def choose(self, reference: str, journey: str) -> None:
        """Decide what will happen to an order."""
        async with self.carrier.post("/_sim/journeys", json={"reference": reference, "journey": journey}) as answer:
            assert answer.ok

    async def advance(self, reference: str, steps: int) -> None:
        """Let the carrier take steps with an order."""
        async with self.carrier.post("/_sim/advance", json={"reference": reference, "steps": steps}) as answer:
            assert (await answer.json())["advanced"] == steps

    async def truth(self, what: str) -> Any:
        """Ask the carrier's own calls."""
        async with self.carrier.get(f"/_sim/{what}") as answer:
            return await answer.json()

    async def until(self, query: str, *, is_: Any = 1) -> None:
        """Return when the query's one value is this."""

        async def holds() -> bool:
            rows = await self.look(query)
            return bool(rows) and rows[0][0] == is_

        await eventually(holds, within=PATIENCE)

    def strikes(self, moment: Moment, call: str) -> bool:
        """Kill the program in the middle of this call if it has to die there; returns whether it did."""
        if moment == "before":
            self.calls.append(call)
        if not self.deaths or self.deaths[0] != Death(moment, call):
            return False
        self.process.kill()
        return True

    async def keep_alive(self) -> None:
        """Start the program, and again after each death."""
        while True:
            self.process.start(Fate(hurried=True, steps=self.steps, death=self.deaths[0] if self.deaths else None))
            code = await self.process.ended(within=10 * PATIENCE)
            assert code == -signal.SIGKILL, self.process.output
            del self.deaths[:1]

    async def _answer(self, method: str, path: str, body: Any) -> dict[str, Any]:
        async def answered() -> dict[str, Any] | None:
            with suppress(ClientError):
                async with self.api.request(method, path, json=body) as answer:
                    document: dict[str, Any] = await answer.json()
                    assert answer.ok, document
                    return document
            return None

        return await eventually(answered, within=PATIENCE) or {}


@asynccontextmanager
async def a_town(prepared: Prepared, keys: KeyFiles, folder: Path, deaths: Sequence[Death] = ()) -> AsyncIterator[Town]:
    """Open a town whose program dies these deaths, one after another."""
    folder.mkdir()
    port = unused_port()
    url = f"http://127.0.0.1:{port}"
    hooks = f"{url}/hooks/carriers/vnpost"
    carrier = make_app("vnpost", hook_url=hooks, key_file=keys.public, clock=lambda: system_clock() + AHEAD)
    town: Town

    @web.middleware
    async def deadly(request: web.Request, handler: Handler) -> web.StreamResponse:
        call = request.path.rsplit("/", 1)[-1]
        if call not in CALLS:
            return await handler(request)
        if town.strikes("before", call):
            raise web.HTTPServiceUnavailable
        answer = await handler(request)
        town.strikes("after", call)
        return answer

    carrier.middlewares.insert(0, deadly)
    twilio = TwilioPeer()
    twilio._runner.app.middlewares.append(deadly)
    mail = _MailServer(folder, lambda moment: town.strikes(moment, MAIL))
    database_url = await prepared.copy(folder)
    async with (
        TestServer(carrier) as carrier_server,
        twilio,
        mail,
        looking(database_url) as look,
        ClientSession(url, headers={"Authorization": f"Bearer {prepared.key}"}) as api,
        ClientSession(carrier_server.make_url("/")) as control,
    ):
        environment = settings(database_url, url) | peers(str(carrier_server.make_url("/")), keys, twilio, mail)
        process = Process(["serve", "--role", "all", "--port", str(port)], environment, folder / "log")
        town = Town(
            api=api,
            carrier=control,
            twilio=twilio,
            mail=mail,
            look=look,
            process=process,
            deaths=list(deaths),
            steps=folder / "steps",
        )
        alive = asyncio.create_task(town.keep_alive())
        try:
            yield town
        finally:
            alive.cancel()
            with suppress(asyncio.CancelledError):
                await alive
            process.close()


def settings(database_url: str, public_url: str) -> dict[str, str]:
    """Return the environment of a program that writes to everybody at any hour."""
    return {
        "POSTAL_DATABASE_URL": database_url,
        "POSTAL_PUBLIC_URL": public_url,
        "POSTAL_SECRET_KEY": "made-up-secret-of-a-test",
        "POSTAL_MESSAGING__GUEST_LIST": '["*"]',
        "POSTAL_MESSAGING__QUIET_HOURS": "",
        "POSTAL_DATABASE_POOL": "4",
        # Hooks to a dead program are lost; then the next look has to come soon.
        "POSTAL_CARRIERS__POLL_SECONDS": "1",
    }


def peers(carrier_url: str, keys: KeyFiles, twilio: TwilioPeer, mail: SmtpPeer) -> dict[str, str]:
    """Return the environment that points a program to its peers."""
    return {
        "POSTAL_CARRIERS__VNPOST__ENABLED": "true",
        "POSTAL_CARRIERS__VNPOST__BASE_URL": carrier_url,
        "POSTAL_CARRIERS__VNPOST__USERNAME": "test",
        "POSTAL_CARRIERS__VNPOST__PASSWORD": "test",
        "POSTAL_CARRIERS__VNPOST__CUSTOMER_CODE": "T000000001",
        "POSTAL_CARRIERS__VNPOST__SIGNATURE_SCHEME": "rsa_decrypt",
        "POSTAL_CARRIERS__VNPOST__SIGNATURE_KEY_FILE": str(keys.private),
        "POSTAL_TWILIO__BASE_URL": twilio.base_url,
        "POSTAL_TWILIO__ACCOUNT_SID": twilio.account_sid,
        "POSTAL_TWILIO__AUTH_TOKEN": twilio.auth_token,
        "POSTAL_TWILIO__FROM_NUMBER": "+15005550006",
        "POSTAL_SMTP__HOST": mail.host,
        "POSTAL_SMTP__PORT": str(mail.port),
        "POSTAL_SMTP__USERNAME": mail.username,
        "POSTAL_SMTP__PASSWORD": mail.password,
        "POSTAL_SMTP__CA_FILE": str(mail.certificate.file),
        "POSTAL_SMTP__FROM_ADDRESS": "no-reply@example.vn",
    }


class _MailServer(SmtpPeer):
    """A mail server in the middle of whose work the program may die: before it hands over the text, and after."""

    def __init__(self, folder: Path, strikes: Callable[[Moment], bool]) -> None:
        super().__init__(folder)
        self._strikes = strikes

    async def handle_RCPT(  # noqa: N802 - aiosmtpd finds hooks by this name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._strikes("before")
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - same
        taken = await super().handle_DATA(server, session, envelope)
        self._strikes("after")
        return taken
