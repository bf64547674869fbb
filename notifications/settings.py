"""What the channels need to know. Field names are those of POSTAL_TWILIO__* and POSTAL_SMTP__*."""

import re
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from notifications.channels.smtp_message import read_address

_FROM = re.compile(r"^(?:\+[1-9]\d{7,14}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})$")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)


class TwilioSettings(_Frozen):
    """The Twilio account for SMS. `from_number` is E.164 or a registered brand name of up to 11 letters and digits."""

    account_sid: str = ""
    auth_token: SecretStr = SecretStr("")
    from_number: str = ""
    base_url: str = "https://api.twilio.com"
    timeout_seconds: float = Field(default=10, gt=0)

    @field_validator("from_number")
    @classmethod
    def _from_is_sendable(cls, value: str) -> str:
        if value and not _FROM.match(value):
            raise ValueError("must be E.164 (+84…) or a brand name of at most 11 letters, digits and spaces")
        return value

    @property
    def configured(self) -> bool:
        """Tell whether there is enough to send with."""
        return bool(self.account_sid and self.auth_token.get_secret_value() and self.from_number)


class SmtpSettings(_Frozen):
    """The mail server. `ca_file` adds a certificate authority to trust; verification itself cannot be switched off."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65535)
    username: str = ""
    password: SecretStr = SecretStr("")
    starttls: bool = True
    ca_file: Path | None = None
    from_address: str = ""
    """`no-reply@example.vn` or `Tên hiển thị <no-reply@example.vn>`."""
    timeout_seconds: float = Field(default=10, gt=0)
    """For each SMTP command."""
    connections: int = Field(default=4, ge=1, le=50)

    @field_validator("from_address")
    @classmethod
    def _from_is_an_address(cls, value: str) -> str:
        if value:
            read_address(value)
        return value

    @model_validator(mode="after")
    def _password_never_in_the_clear(self) -> Self:
        if self.username and not self.starttls and self.host not in _LOOPBACK:
            raise ValueError("a password is only sent over STARTTLS: switch starttls on or leave username empty")
        return self

    @property
    def configured(self) -> bool:
        """Tell whether there is enough to send with."""
        return bool(self.host and self.from_address)
