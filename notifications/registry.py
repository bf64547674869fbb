"""Builds the channels from their settings. A channel without credentials is captured."""

from collections.abc import Mapping
from dataclasses import dataclass

from notifications.channels.capture import Capture, Keep
from notifications.ports import Channel, Sender
from notifications.settings import SmtpSettings, TwilioSettings
from postal_service.kit.clock import Clock, system_clock


@dataclass(frozen=True, slots=True)
class Senders:
    """What sends for real, and beside it what only keeps, for recipients who must not really be written to."""

    real: Mapping[Channel, Sender]
    captured: Mapping[Channel, Sender]

    async def close(self) -> None:
        """Let go of every channel's connections."""
        for sender in (*self.real.values(), *self.captured.values()):
            await sender.close()


def build_senders(
    twilio: TwilioSettings,
    smtp: SmtpSettings,
    keep: Keep,
    *,
    status_callback_url: str | None = None,
    clock: Clock = system_clock,
) -> Senders:
    """Return a sender for each channel. `status_callback_url` is public, or None where Twilio cannot reach us."""
    captured = {channel: Capture(channel, keep) for channel in Channel}
    real: dict[Channel, Sender] = dict(captured)
    # The libraries are loaded only where they are used: Twilio's alone costs 0.4 s of start and 20 MB.
    if twilio.configured:
        from notifications.channels.twilio_sms import TwilioSms  # noqa: PLC0415 - see above

        real[Channel.SMS] = TwilioSms(twilio, status_callback_url=status_callback_url)
    if smtp.configured:
        from notifications.channels.smtp_email import SmtpEmail  # noqa: PLC0415 - see above

        real[Channel.EMAIL] = SmtpEmail(smtp, clock=clock)
    return Senders(real, captured)
