"""The channel that keeps messages instead of sending them: for the demo's inbox, and for whom we must not write to."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from notifications.ports import Channel, Outcome, Outgoing, Sender, SendResult
from notifications.sms_text import segments

Keep = Callable[[Outgoing], Awaitable[None]]
"""Stores one message; safe to call again with the same `message_id`."""


class Capture(Sender):
    """Hands each message to `keep` and reports it accepted."""

    provider = "capture"
    can_look_up = True

    def __init__(self, channel: Channel, keep: Keep) -> None:
        self.channel = channel
        self._keep = keep

    async def send(self, message: Outgoing) -> SendResult:
        """Keep the message."""
        await self._keep(message)
        return SendResult(
            outcome=Outcome.ACCEPTED,
            provider=self.provider,
            provider_id=message.message_id,
            segments=segments(message.text).segments if self.channel is Channel.SMS else None,
        )

    async def look_up(self, message: Outgoing, since: datetime) -> SendResult | None:  # noqa: ARG002 - the port's shape
        """Answer that it may be kept again: keeping a message twice is harmless."""
        return None

    async def probe(self) -> None:
        """There is nothing to reach."""

    async def close(self) -> None:
        """There is nothing to let go of."""
