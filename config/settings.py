"""Typed settings, read once from the environment (prefix POSTAL_, `__` between levels) over config/postal.toml."""

import re
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from carriers.registry import CarrierSettings
from config.errors import SettingsError
from notifications.settings import SmtpSettings, TwilioSettings

HERE = Path(__file__).parent
DEFAULT_SECRET = "change-me"  # noqa: S105 - the marker that production refuses
SHORTEST_SECRET = 32
_QUIET_HOURS = re.compile(r"^(\d{2}:\d{2})-(\d{2}:\d{2})$")


class Environment(StrEnum):
    """Where the program runs; it decides what is allowed to leave the house."""

    DEMO = "demo"
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HttpSettings(_Frozen):
    """Where the program listens, and whose forwarding headers it believes."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    trusted_proxies: tuple[str, ...] = ()
    max_body_bytes: int = Field(default=1_048_576, gt=0)
    metrics_port: int | None = None


class CarriersSettings(CarrierSettings):
    """The carriers' own settings, and how often open shipments are read."""

    poll_seconds: float = Field(default=300, gt=0)


class MessagingSettings(_Frozen):
    """When and to whom messages may leave."""

    quiet_hours: str = "22:00-07:00"
    sms_providers: tuple[Literal["twilio", "esms"], ...] = ("twilio",)
    guest_list: tuple[str, ...] = ()
    accented_sms: bool = False

    @field_validator("quiet_hours")
    @classmethod
    def _quiet_hours_readable(cls, value: str) -> str:
        if value:
            match = _QUIET_HOURS.match(value)
            if not match:
                raise ValueError("must be empty or like 22:00-07:00")
            for part in match.groups():
                time.fromisoformat(part)
        return value


class GeocoderSettings(_Frozen):
    """A self-hosted Nominatim; without one the offline gazetteer answers."""

    nominatim_domain: str | None = None
    nominatim_scheme: str = Field(default="https", pattern="^https?$")
    timeout_seconds: float = Field(default=3, gt=0)


class Settings(BaseSettings):
    """Everything the program takes from outside. Immutable; secrets never print."""

    model_config = SettingsConfigDict(
        env_prefix="POSTAL_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        toml_file=HERE / "postal.toml",
    )

    environment: Environment = Environment.DEVELOPMENT
    database_url: SecretStr = SecretStr("sqlite:///var/postal.sqlite3")
    database_pool: Annotated[int, Field(ge=1, le=100)] = 10
    public_url: str = "http://127.0.0.1:8080"
    secret_key: SecretStr = SecretStr(DEFAULT_SECRET)
    reference_folder: Path = HERE
    http: HttpSettings = HttpSettings()
    carriers: CarriersSettings = CarriersSettings()
    twilio: TwilioSettings = TwilioSettings()
    smtp: SmtpSettings = SmtpSettings()
    messaging: MessagingSettings = MessagingSettings()
    geocoder: GeocoderSettings = GeocoderSettings()

    @field_validator("public_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _production_is_real(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        wrong = []
        secret = self.secret_key.get_secret_value()
        if secret == DEFAULT_SECRET or len(secret) < SHORTEST_SECRET:
            wrong.append(f"POSTAL_SECRET_KEY is the default or shorter than {SHORTEST_SECRET} characters")
        if not self.twilio.configured or "twilio" not in self.messaging.sms_providers:
            wrong.append("SMS would only be captured: set POSTAL_TWILIO__* and name it in POSTAL_MESSAGING__SMS_PROVIDERS")
        if not self.smtp.configured:
            wrong.append("e-mail would only be captured: set POSTAL_SMTP__*")
        vnpost = self.carriers.vnpost
        if vnpost.enabled and _is_loopback(vnpost.base_url):
            wrong.append("POSTAL_CARRIERS__VNPOST__BASE_URL points at a simulator on this machine")
        if wrong:
            raise ValueError("production refuses to start: " + "; ".join(wrong))
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read arguments, then the environment, then config/postal.toml."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def _is_loopback(url: str) -> bool:
    return any(host in url for host in ("://127.", "://localhost", "://[::1]"))


def load_settings() -> Settings:
    """Read the settings; raises `SettingsError` naming each variable that is wrong, without its value."""
    try:
        return Settings()
    except ValueError as error:
        raise SettingsError.from_validation(error) from None
