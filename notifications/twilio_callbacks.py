"""Twilio's status callbacks: are they Twilio's, and what do they say. Pure; the route belongs to the program."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # the SDK ships no types

SIGNATURE_HEADER = "X-Twilio-Signature"

# Callbacks may arrive in any order; a state only gives way to one of a higher rank.
RANKS: Mapping[str, int] = {
    "accepted": 0,
    "scheduled": 1,
    "queued": 2,
    "sending": 3,
    "sent": 4,
    "delivered": 5,
    "undelivered": 5,
    "failed": 5,
    "canceled": 5,
    "read": 6,
}
_DELIVERED = frozenset({"delivered", "read"})
_FAILED = frozenset({"undelivered", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message, so far as the provider knows."""

    provider_id: str
    status: str
    rank: int
    error_code: int | None = None
    """Twilio's code; `twilio_codes.meaning_of` tells whether another try makes sense."""

    @property
    def delivered(self) -> bool:
        """Tell whether the handset has it."""
        return self.status in _DELIVERED

    @property
    def failed(self) -> bool:
        """Tell whether it surely did not arrive."""
        return self.status in _FAILED


def is_authentic(auth_token: SecretStr, public_url: str, fields: Mapping[str, str], signature: str | None) -> bool:
    """Check X-Twilio-Signature over every received field, known to us or not.

    `public_url` is the one Twilio called (public scheme, host and query), not the one behind the proxy. `fields` may be
    aiohttp's MultiDict: repeated keys count as Twilio counts them. Without a token or a signature nothing is authentic.
    """
    token = auth_token.get_secret_value()
    if not token or not signature:
        return False
    return bool(RequestValidator(token).validate(public_url, fields, signature))


def read_receipt(fields: Mapping[str, str]) -> Receipt | None:
    """Return the receipt in a status callback, or None when it names no message or a state we do not know."""
    provider_id = fields.get("MessageSid") or fields.get("SmsSid")
    status = (fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()
    if not provider_id or status not in RANKS:
        return None
    code = fields.get("ErrorCode", "")
    return Receipt(provider_id, status, RANKS[status], int(code) if code.isascii() and code.isdigit() else None)
