"""What the program asks of a channel, and how a sending can end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Channel(StrEnum):
    """How a person is reached."""

    SMS = "sms"
    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One rendered message to one recipient."""

    message_id: str
    """Ours; stable over every try. It is the e-mail's Message-ID and the reference in provider calls that take one."""
    channel: Channel
    recipient: str
    """E.164 for SMS, an address for e-mail."""
    text: str
    subject: str | None = None
    html: str | None = None
    reply_to: str | None = None
    language: str = "vi"


class Outcome(StrEnum):
    """How a try ended."""

    ACCEPTED = "accepted"
    """The provider has it; what becomes of it comes by receipt."""
    REFUSED = "refused"
    """Never to this recipient or never this text: do not try again."""
    LATER = "later"
    """The provider surely does not have it and may take it later."""
    UNKNOWN = "unknown"
    """Only silence: it may have been sent. Ask before sending again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What a provider answered."""

    outcome: Outcome
    provider: str
    provider_id: str | None = None
    code: str | None = None
    """The provider's own error code, or the SMTP reply code."""
    detail: str | None = None
    """Fixed words for staff; never the recipient."""
    retry_after: float | None = None
    segments: int | None = None


class Sender(Protocol):
    """A provider of one channel."""

    provider: str
    channel: Channel
    can_look_up: bool

    async def send(self, message: Outgoing) -> SendResult:
        """Send once. Never raises for what a provider may do; a programming error may."""
        ...

    async def look_up(self, message: Outgoing, since: datetime) -> SendResult | None:
        """Return what the provider has of a message first tried at `since`; None when it surely has nothing.

        A result that is still UNKNOWN says that the provider could not be asked, or could not be sure.
        """
        ...

    async def probe(self) -> None:
        """Reach the provider and sign in; raises what is wrong. For `doctor`."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
