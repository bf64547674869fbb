"""How a call to a carrier can end badly. The caller decides by type, never by text."""


class CarrierError(Exception):
    """Something is wrong with one call. `code` is the carrier's own, for metrics and staff."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class TryLater(CarrierError):
    """The carrier surely did nothing, and may do it later (429, connection refused, breaker open)."""

    def __init__(self, message: str, *, code: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after = retry_after
        """Seconds, where the carrier said."""


class OutcomeUnknown(CarrierError):
    """The carrier may or may not have done it (time-out, cut line, 5xx, unreadable answer): look before sending again."""


class Refused(CarrierError):
    """The carrier said no to this very request; sending it again unchanged is useless."""


class CredentialsBad(CarrierError):
    """The carrier does not know us. A person has to act."""


class MalformedAnswer(CarrierError):
    """A message that cannot be read as what it claims to be."""


class NotSupported(CarrierError):
    """The carrier cannot do this; its capabilities say so beforehand."""
