"""Which carriers there are, and how each is made from its settings."""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict

from carriers.http import Observe, observe_nothing
from carriers.ports import Carrier
from carriers.vnpost.adapter import VNPost
from carriers.vnpost.settings import VNPostSettings


class CarrierSettings(BaseModel):
    """The settings of every carrier there is an adapter for (`POSTAL_CARRIERS__<NAME>__…`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    vnpost: VNPostSettings = VNPostSettings()


FACTORIES: dict[str, Callable[[CarrierSettings, Observe], Carrier | None]] = {
    "vnpost": lambda settings, observe: VNPost(settings.vnpost, observe) if settings.vnpost.enabled else None,
}
"""By name: the carrier, or None where its settings switch it off."""


def build_enabled(settings: CarrierSettings, observe: Observe = observe_nothing) -> dict[str, Carrier]:
    """Return every enabled carrier by name. Raises `ValueError` for settings it cannot work with."""
    made = {name: make(settings, observe) for name, make in FACTORIES.items()}
    return {name: carrier for name, carrier in made.items() if carrier is not None}
