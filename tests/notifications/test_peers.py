"""The peers also run as programs of their own, for tests that kill processes and for measurements."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import ClientSession
from pydantic import SecretStr

from notifications.channels.smtp_email import SmtpEmail
from notifications.channels.twilio_sms import TwilioSms
from notifications.ports import Outcome
from notifications.settings import SmtpSettings, TwilioSettings
from tests.notifications.conftest import EMAIL, SMS

ACCOUNT = "AC" + "1" * 32


@asynccontextmanager
async def running(*arguments: str) -> AsyncIterator[str]:
    """Run a peer and yield the line in which it says where it listens."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.communicate()


async def test_the_twilio_peer_is_steered_over_http() -> None:
    program = ("tests.peers.twilio", "--account-sid", ACCOUNT, "--auth-token", "a-token")
    async with running(*program) as base_url, ClientSession(base_url) as control:
        settings = TwilioSettings(
            account_sid=ACCOUNT, auth_token=SecretStr("a-token"), from_number="BUUCHINH", base_url=base_url
        )
        sender = TwilioSms(settings)
        await control.post(
            "/control/behave", json={"next": [{"kind": "refuse", "code": 30003}, {"kind": "accept_then_cut"}]}
        )
        outcomes = [(await sender.send(SMS)).outcome for _ in range(3)]
        await sender.close()
        assert outcomes == [Outcome.LATER, Outcome.UNKNOWN, Outcome.ACCEPTED]
        async with control.get("/control/messages") as answer:
            shown = await answer.json()
        assert [message["to"] for message in shown["messages"]] == [SMS.recipient] * 2
        assert shown["requests"] == 3


async def test_the_smtp_peer_is_steered_over_http(tmp_path: Path) -> None:
    async with running("tests.peers.smtp", "--folder", str(tmp_path)) as said:
        _, port, _, control_port, _, certificate = said.split()
        settings = SmtpSettings(
            host="127.0.0.1",
            port=int(port),
            username="postal",
            password=SecretStr("made-up-password"),
            ca_file=Path(certificate),
            from_address="khong-tra-loi@post.example.vn",
        )
        sender = SmtpEmail(settings)
        async with ClientSession(f"http://127.0.0.1:{control_port}") as control:
            await control.post("/control/behave", json={"next": ["accept_then_cut"]})
            outcomes = [(await sender.send(EMAIL)).outcome for _ in range(2)]
            await sender.close()
            assert outcomes == [Outcome.UNKNOWN, Outcome.ACCEPTED]
            async with control.get("/control/messages") as answer:
                shown = await answer.json()
        assert [mail["message_id"] for mail in shown["messages"]] == [f"<{EMAIL.message_id}@post.example.vn>"] * 2
        assert shown["connections"] == 2
