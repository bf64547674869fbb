"""How a call to a carrier can end badly. The caller decides by type, never by text."""
# ruff: noqa: N818 - the names say what the caller now knows, not that something is an error

from typing import ClassVar


class CarrierError(Exception):
    """Something is wrong with one call. `code` is the carrier's own, for metrics and staff."""

    outcome: ClassVar[str] = "error"
    """One fixed word for metrics."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class TryLater(CarrierError):
    """The carrier surely did nothing, and may do it later (429, connection refused, breaker open)."""

    outcome = "try_later"

    def __init__(self, message: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        """Seconds, where the carrier said."""


class OutcomeUnknown(CarrierError):
    """The carrier may or may not have done it (time-out, cut line, 5xx, unreadable answer): look before sending again."""

    outcome = "outcome_unknown"


class Refused(CarrierError):
    """The carrier said no to this very request; sending it again unchanged is useless."""

    outcome = "refused"


class CredentialsBad(CarrierError):
    """The carrier does not know us. A person has to act."""

    outcome = "credentials_bad"


class MalformedAnswer(CarrierError):
    """A message that cannot be read as what it claims to be."""

    outcome = "malformed_answer"


class NotSupported(CarrierError):
    """The carrier cannot do this; its capabilities say so beforehand."""

    outcome = "not_supported"
