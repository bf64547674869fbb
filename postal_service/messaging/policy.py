"""The settings that decide when and to whom a message may leave."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the service and the sending go by."""

    quiet_hours: str
    guest_list: tuple[str, ...]
    everyone: bool
    """Production: no guest list."""
    accented_sms: bool
    public_url: str

    def may_write_to(self, recipient: str) -> bool:
        """Tell whether this recipient may really be written to; others' messages are captured."""
        return self.everyone or "*" in self.guest_list or recipient in self.guest_list
