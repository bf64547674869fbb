"""What Twilio's error codes mean for us, as data. Decided by code, never by text (twilio.com/docs/api/errors)."""

from collections.abc import Mapping
from dataclasses import dataclass

from notifications.ports import Outcome


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code asks of us, and fixed words for staff."""

    outcome: Outcome
    words: str


CODES: Mapping[int, Meaning] = {
    # Ours to put right: the message waits until somebody has.
    20003: Meaning(Outcome.LATER, "Twilio does not accept our credentials"),
    21606: Meaning(Outcome.LATER, "our sender number cannot send SMS"),
    21608: Meaning(Outcome.LATER, "a trial account may only write to verified numbers"),
    30002: Meaning(Outcome.LATER, "our account is suspended"),
    # Passing.
    20429: Meaning(Outcome.LATER, "too many requests"),
    30001: Meaning(Outcome.LATER, "queue is full"),
    30003: Meaning(Outcome.LATER, "handset cannot be reached just now"),
    30008: Meaning(Outcome.LATER, "unknown error at the operator"),
    # This number, or this text, never.
    21211: Meaning(Outcome.REFUSED, "not a telephone number"),
    21610: Meaning(Outcome.REFUSED, "recipient has opted out"),
    21612: Meaning(Outcome.REFUSED, "no route from our sender to this number"),
    21614: Meaning(Outcome.REFUSED, "not a mobile number"),
    21617: Meaning(Outcome.REFUSED, "text is too long"),
    30004: Meaning(Outcome.REFUSED, "recipient blocks messages"),
    30005: Meaning(Outcome.REFUSED, "handset is unknown or no longer in use"),
    30006: Meaning(Outcome.REFUSED, "landline or an operator that takes no SMS"),
    30007: Meaning(Outcome.REFUSED, "filtered as unwanted by the operator"),
}

_REFUSING_STATUSES = frozenset(range(400, 500)) - {401, 403, 408, 425, 429}


def meaning_of(code: int | None, http_status: int | None = None) -> Meaning:
    """Return what an error answer or a receipt with `code` means; an unlisted code is judged by its HTTP status."""
    if code is not None and code in CODES:
        return CODES[code]
    if http_status in _REFUSING_STATUSES:
        return Meaning(Outcome.REFUSED, "Twilio refuses this request")
    return Meaning(Outcome.LATER, "Twilio cannot do it now")
