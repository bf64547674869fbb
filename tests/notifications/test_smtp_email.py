import asyncio
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from aiosmtplib import SMTPAuthenticationError

from notifications.channels.smtp_email import SmtpEmail
from notifications.ports import Outcome
from tests.notifications.conftest import EMAIL, NOW, email_number, smtp_settings
from tests.peers.smtp import Kind, SmtpPeer


async def test_an_email_travels_encrypted_signed_in_and_in_two_parts(smtp: SmtpEmail, smtp_peer: SmtpPeer) -> None:
    result = await smtp.send(EMAIL)
    [mail] = smtp_peer.mails
    assert (result.outcome, result.provider, result.code) == (Outcome.ACCEPTED, "smtp", "250")
    assert (mail.sender, mail.recipients) == ("khong-tra-loi@post.example.vn", (EMAIL.recipient,))
    assert mail.encrypted
    assert mail.signed_in
    parts = list(mail.parsed.iter_parts())
    assert mail.parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part.get_content().replace("\r\n", "\n").rstrip("\n") for part in parts] == [
        EMAIL.text.rstrip("\n"),
        EMAIL.html,
    ]


async def test_vietnamese_headers_arrive_whole_and_travel_in_ascii(smtp: SmtpEmail, smtp_peer: SmtpPeer) -> None:
    result = await smtp.send(EMAIL)
    [mail] = smtp_peer.mails
    assert mail.content.isascii()
    assert max(map(len, mail.content.split(b"\r\n"))) <= 78
    headers = mail.parsed
    assert headers["Subject"] == EMAIL.subject
    assert headers["From"] == "Bưu chính hành chính công <khong-tra-loi@post.example.vn>"
    assert headers["Reply-To"] == EMAIL.reply_to
    assert headers["Message-ID"] == f"<{EMAIL.message_id}@post.example.vn>" == result.provider_id
    assert headers["Date"].datetime == NOW
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Content-Language"] == "vi"


async def test_text_alone_is_a_plain_message(smtp: SmtpEmail, smtp_peer: SmtpPeer) -> None:
    await smtp.send(replace(EMAIL, html=None, reply_to=None))
    parsed = smtp_peer.mails[0].parsed
    assert parsed.get_content_type() == "text/plain"
    assert "Reply-To" not in parsed


@pytest.mark.parametrize(
    ("kind", "outcome", "code"),
    [
        ("greylist", Outcome.LATER, "451"),
        ("defer_content", Outcome.LATER, "452"),
        ("refuse_sender", Outcome.LATER, "550"),
        ("cut_before_data", Outcome.LATER, None),
        ("refuse_recipient", Outcome.REFUSED, "550"),
        ("refuse_content", Outcome.REFUSED, "554"),
        ("accept_then_cut", Outcome.UNKNOWN, None),
        ("accept_then_silence", Outcome.UNKNOWN, None),
    ],
)
async def test_a_reply_or_its_absence_decides_the_outcome(
    smtp: SmtpEmail, smtp_peer: SmtpPeer, kind: Kind, outcome: Outcome, code: str | None
) -> None:
    assert kind in get_args(Kind)
    smtp_peer.behave(kind)
    result = await smtp.send(EMAIL)
    assert (result.outcome, result.code) == (outcome, code)
    assert result.detail
    assert EMAIL.recipient not in result.detail


async def test_after_a_refusal_the_same_line_carries_the_next_mail(smtp: SmtpEmail, smtp_peer: SmtpPeer) -> None:
    smtp_peer.behave("refuse_recipient", "refuse_content", "greylist")
    for number in range(3):
        await smtp.send(email_number(number))
    assert (await smtp.send(EMAIL)).outcome is Outcome.ACCEPTED
    assert smtp_peer.connections == 1
    assert smtp_peer.mails[0].recipients == (EMAIL.recipient,)


async def test_a_greylisted_mail_is_taken_the_second_time(smtp: SmtpEmail, smtp_peer: SmtpPeer) -> None:
    smtp_peer.default = "greylist"
    assert (await smtp.send(EMAIL)).outcome is Outcome.LATER
    assert (await smtp.send(EMAIL)).outcome is Outcome.ACCEPTED


async def test_mails_share_a_line_and_never_use_more_lines_than_allowed(smtp: SmtpEmail, smtp_peer: SmtpPeer) -> None:
    results = await asyncio.gather(*(smtp.send(email_number(number)) for number in range(12)))
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert smtp_peer.connections == 2
    assert len({mail.parsed["Message-ID"] for mail in smtp_peer.mails}) == 12


async def test_a_line_the_server_closed_while_idle_is_replaced(smtp: SmtpEmail, smtp_peer: SmtpPeer) -> None:
    await smtp.send(email_number(1))
    smtp_peer.drop_connections()
    assert (await smtp.send(email_number(2))).outcome is Outcome.ACCEPTED
    assert [mail.line for mail in smtp_peer.mails] == [1, 2]


async def test_a_send_that_is_called_off_leaves_no_half_used_line(smtp: SmtpEmail, smtp_peer: SmtpPeer) -> None:
    smtp_peer.behave("accept_then_silence")
    sending = asyncio.create_task(smtp.send(email_number(1)))
    await smtp_peer.took_one.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (await smtp.send(email_number(2))).outcome is Outcome.ACCEPTED
    assert [mail.line for mail in smtp_peer.mails] == [1, 2]


async def test_a_wrong_password_waits_for_staff(smtp_peer: SmtpPeer) -> None:
    sender = SmtpEmail(smtp_settings(smtp_peer, password="another-password"))
    result = await sender.send(EMAIL)
    assert (result.outcome, result.code) == (Outcome.LATER, "535")
    with pytest.raises(SMTPAuthenticationError):
        await sender.probe()
    await sender.close()


async def test_a_server_nobody_vouches_for_gets_no_password_and_no_mail(smtp_peer: SmtpPeer) -> None:
    sender = SmtpEmail(smtp_settings(smtp_peer).model_copy(update={"ca_file": None}))
    result = await sender.send(EMAIL)
    await sender.close()
    assert (result.outcome, result.code) == (Outcome.LATER, "tls")
    assert smtp_peer.mails == []


async def test_a_server_without_starttls_gets_no_mail(tmp_path: Path) -> None:
    async with SmtpPeer(tmp_path, starttls=False) as peer:
        sender = SmtpEmail(smtp_settings(peer))
        assert (await sender.send(EMAIL)).outcome is Outcome.LATER
        await sender.close()
        assert peer.mails == []


async def test_a_relay_in_the_same_house_may_do_without_tls(tmp_path: Path) -> None:
    async with SmtpPeer(tmp_path, starttls=False) as peer:
        settings = smtp_settings(peer).model_copy(update={"starttls": False, "username": "", "ca_file": None})
        sender = SmtpEmail(settings)
        assert (await sender.send(EMAIL)).outcome is Outcome.ACCEPTED
        await sender.close()


async def test_a_server_that_is_not_there_never_got_it(smtp_peer: SmtpPeer) -> None:
    sender = SmtpEmail(smtp_settings(smtp_peer))
    await smtp_peer.stop()
    assert (await sender.send(EMAIL)).outcome is Outcome.LATER


@pytest.mark.parametrize("address", ["nobody", "người@example.vn", "a@b.vn\r\nBcc: c@d.vn", "a@b.vn, c@d.vn", ""])
async def test_an_address_that_cannot_be_written_is_refused(smtp: SmtpEmail, smtp_peer: SmtpPeer, address: str) -> None:
    assert (await smtp.send(replace(EMAIL, recipient=address))).outcome is Outcome.REFUSED
    assert smtp_peer.connections == 0


async def test_a_mail_server_cannot_be_asked(smtp: SmtpEmail) -> None:
    found = await smtp.look_up(EMAIL, NOW)
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN
    assert not smtp.can_look_up


async def test_the_probe_signs_in(smtp: SmtpEmail, smtp_peer: SmtpPeer) -> None:
    await smtp.probe()
    assert smtp_peer.connections == 1
