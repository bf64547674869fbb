from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from notifications.channels.smtp_email import SmtpEmail
from notifications.channels.twilio_sms import TwilioSms
from notifications.ports import Channel, Outgoing
from notifications.settings import SmtpSettings, TwilioSettings
from tests.peers.smtp import SmtpPeer
from tests.peers.twilio import TwilioPeer

NOW = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
SMS = Outgoing(
    message_id="01JD3Z0000000000000000000A",
    channel=Channel.SMS,
    recipient="+84900000001",
    text="Da nhan ho so truc tuyen cua Ong/Ba.",
)
EMAIL = Outgoing(
    message_id="01JD3Z0000000000000000000B",
    channel=Channel.EMAIL,
    recipient="nguoi.nhan@example.vn",
    subject="Hồ sơ 7K2M-9QXA-4T1C đã được tiếp nhận và hẹn ngày trả kết quả qua bưu chính",
    text="Kính gửi Ông/Bà,\n\nHồ sơ đã được tiếp nhận.\n",
    html="<p>Kính gửi Ông/Bà,</p><p>Hồ sơ đã được tiếp nhận.</p>",
    reply_to="Phòng tiếp nhận <mot-cua@example.vn>",
)


def email_number(number: int) -> Outgoing:
    return replace(EMAIL, message_id=f"01JD3Z00000000000000000{number:03}", recipient=f"nguoi{number}@example.vn")


def twilio_settings(peer: TwilioPeer, *, auth_token: str | None = None) -> TwilioSettings:
    return TwilioSettings(
        account_sid=peer.account_sid,
        auth_token=SecretStr(auth_token or peer.auth_token),
        from_number="+15005550006",
        base_url=peer.base_url,
        timeout_seconds=0.5,
    )


def smtp_settings(peer: SmtpPeer, *, password: str | None = None, connections: int = 2) -> SmtpSettings:
    return SmtpSettings(
        host=peer.host,
        port=peer.port,
        username=peer.username,
        password=SecretStr(password or peer.password),
        ca_file=peer.certificate.file,
        from_address="Bưu chính hành chính công <khong-tra-loi@post.example.vn>",
        timeout_seconds=0.5,
        connections=connections,
    )


@pytest.fixture
async def twilio_peer() -> AsyncIterator[TwilioPeer]:
    async with TwilioPeer() as peer:
        yield peer


@pytest.fixture
async def twilio(twilio_peer: TwilioPeer) -> AsyncIterator[TwilioSms]:
    sender = TwilioSms(twilio_settings(twilio_peer), status_callback_url="https://tracuu.example.vn/hooks/twilio/status")
    yield sender
    await sender.close()


@pytest.fixture
async def smtp_peer(tmp_path: Path) -> AsyncIterator[SmtpPeer]:
    async with SmtpPeer(tmp_path) as peer:
        yield peer


@pytest.fixture
async def smtp(smtp_peer: SmtpPeer) -> AsyncIterator[SmtpEmail]:
    sender = SmtpEmail(smtp_settings(smtp_peer), clock=lambda: NOW)
    yield sender
    await sender.close()
