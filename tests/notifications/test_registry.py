import subprocess
import sys

import pytest
from pydantic import SecretStr, ValidationError

from notifications.channels.capture import Capture
from notifications.ports import Channel, Outcome, Outgoing
from notifications.registry import build_senders
from notifications.settings import SmtpSettings, TwilioSettings
from tests.notifications.conftest import EMAIL, SMS

TWILIO = TwilioSettings(account_sid="AC1", auth_token=SecretStr("made-up"), from_number="BUUCHINH")
SMTP = SmtpSettings(host="mail.example.vn", from_address="khong-tra-loi@post.example.vn")


async def keep_nothing(message: Outgoing) -> None:
    raise AssertionError(message)


async def test_with_credentials_the_real_channels_are_built() -> None:
    senders = build_senders(TWILIO, SMTP, keep_nothing)
    assert {channel: sender.provider for channel, sender in senders.real.items()} == {
        Channel.SMS: "twilio",
        Channel.EMAIL: "smtp",
    }
    assert {sender.provider for sender in senders.captured.values()} == {"capture"}
    await senders.close()


async def test_without_credentials_messages_are_kept_for_the_inbox() -> None:
    kept: list[Outgoing] = []

    async def keep(message: Outgoing) -> None:
        kept.append(message)

    senders = build_senders(TwilioSettings(), SmtpSettings(), keep)
    for message in (SMS, EMAIL):
        sender = senders.real[message.channel]
        result = await sender.send(message)
        assert (result.outcome, result.provider, result.provider_id) == (
            Outcome.ACCEPTED,
            "capture",
            message.message_id,
        )
        assert sender.channel is message.channel
        await sender.probe()
    assert kept == [SMS, EMAIL]
    await senders.close()


async def test_a_captured_message_can_be_kept_again_after_a_crash() -> None:
    assert await Capture(Channel.SMS, keep_nothing).look_up(SMS, None) is None  # type: ignore[arg-type]  # not read


def test_what_is_not_used_is_not_loaded() -> None:
    program = "import notifications.registry, sys; print('twilio' in sys.modules, 'aiosmtplib' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("number", ["0912345678", "+0912", "12345", "MUCHTOOLONGNAME", "BƯU CHÍNH"])
def test_a_sender_twilio_would_refuse_is_refused_at_start(number: str) -> None:
    with pytest.raises(ValidationError, match="from_number"):
        TwilioSettings(from_number=number)


@pytest.mark.parametrize("number", ["", "+15005550006", "BUUCHINH", "VN Post 24"])
def test_numbers_and_brand_names_may_send(number: str) -> None:
    assert TwilioSettings(from_number=number).from_number == number


def test_a_password_never_leaves_in_the_clear() -> None:
    with pytest.raises(ValidationError, match="STARTTLS"):
        SmtpSettings(host="mail.example.vn", username="postal", starttls=False)
    assert SmtpSettings(host="127.0.0.1", username="postal", starttls=False).username == "postal"


@pytest.mark.parametrize("address", ["nobody", "a@b.vn, c@d.vn", "Bưu chính <người@example.vn>"])
def test_a_from_address_that_cannot_be_written_is_refused_at_start(address: str) -> None:
    with pytest.raises(ValidationError, match="from_address"):
        SmtpSettings(host="mail.example.vn", from_address=address)


def test_secrets_do_not_print() -> None:
    assert "made-up" not in repr(TWILIO)
