"""From an address to a point on the map, through geopy: a Nominatim of our own when there is one, else ward middles.

Addresses are personal data: they go to nobody but the configured Nominatim, and into no log.
"""

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

import structlog
from geopy.adapters import AioHTTPAdapter, BaseSyncAdapter
from geopy.distance import great_circle
from geopy.exc import GeopyError
from geopy.geocoders import Nominatim
from geopy.geocoders.base import Geocoder
from geopy.location import Location

from postal_service.kit.units import Province, Units, Ward

_log = structlog.get_logger(__name__)
_USER_AGENT = "postal-service"
_FARTHEST_KM = 40
"""No ward reaches farther from its middle; a hit beyond is another street of the same name."""


@dataclass(frozen=True, slots=True)
class Located:
    """A point in degrees (WGS 84), who found it, and how exact it is."""

    lat: float
    lon: float
    source: Literal["nominatim", "gazetteer"]
    precision: Literal["address", "ward", "province"]


class _NoNetwork(BaseSyncAdapter):  # type: ignore[misc]  # geopy has no types
    """The adapter of a geocoder that has nothing to ask anybody."""

    def get_json(self, url: str, *, timeout: Any, headers: Any) -> NoReturn:
        raise RuntimeError("the gazetteer asks nobody")

    def get_text(self, url: str, *, timeout: Any, headers: Any) -> NoReturn:
        raise RuntimeError("the gazetteer asks nobody")


class GazetteerGeocoder(Geocoder):  # type: ignore[misc]  # geopy has no types
    """A geopy geocoder over the administrative units: the middle of the ward, else of the province. Never goes out."""

    def __init__(self, units: Units) -> None:
        super().__init__(adapter_factory=_NoNetwork)
        self._units = units

    def geocode(
        self, query: Mapping[str, str] | str, *, exactly_one: bool = True, timeout: float | None = None
    ) -> Location | list[Location] | None:
        """Return where `query` lies, as every geopy geocoder does.

        It is a mapping with `province` (code of the 34-list) and `ward` (name or code), or a text that ends in the
        ward's and the province's names. `timeout` is there for the interface; nothing is waited for.
        """
        del timeout
        unit = self._find(query if isinstance(query, Mapping) else self._read(query))
        if unit is None:
            return None
        level = "ward" if isinstance(unit, Ward) else "province"
        location = Location(unit.name, (unit.lat, unit.lon, 0.0), {"code": unit.code, "level": level})
        return location if exactly_one else [location]

    def _find(self, query: Mapping[str, str]) -> Ward | Province | None:
        province = query.get("province", "")
        return self._units.find_ward(province, query.get("ward", "")) or self._units.province(province)

    def _read(self, text: str) -> Mapping[str, str]:
        *before, last = (part.strip() for part in text.split(","))
        province = self._units.province_named(last)
        return {"province": province.code if province else "", "ward": before[-1] if before else ""}


class Locator:
    """Finds addresses: the network geocoder first where there is one, the gazetteer whenever it fails."""

    def __init__(self, units: Units, nominatim: Nominatim | None = None) -> None:
        self._units = units
        self._gazetteer = GazetteerGeocoder(units)
        self._nominatim = nominatim

    async def locate(self, *, province: str, ward: str, detail: str = "") -> Located | None:
        """Return where an address lies; `province` is a code of the 34-list, `ward` a name or code.

        None when not even the province is known. A failing service is no failure here: the gazetteer answers.
        """
        known = self._gazetteer.geocode({"province": province, "ward": ward})
        if not isinstance(known, Location):
            return None
        if detail and known.raw["level"] == "ward":
            exact = await self._ask(province, known, detail)
            if exact is not None:
                return Located(exact.latitude, exact.longitude, "nominatim", "address")
        return Located(known.latitude, known.longitude, "gazetteer", known.raw["level"])

    async def close(self) -> None:
        """Let go of connections."""
        if self._nominatim is not None:
            await self._nominatim.__aexit__(None, None, None)

    async def _ask(self, province: str, ward: Location, detail: str) -> Location | None:
        if self._nominatim is None:
            return None
        found_in = self._units.province(province)
        assert found_in is not None
        try:
            found = await self._nominatim.geocode(
                f"{detail}, {ward.address}, {found_in.short_name}", country_codes="vn", language="vi"
            )
        except GeopyError as error:
            _log.warning("geocoder_failed", error=type(error).__name__)
            return None
        if found is None or great_circle(found.point, ward.point).km > _FARTHEST_KM:
            return None
        return found


def make_locator(
    units: Units, *, nominatim_domain: str | None = None, nominatim_scheme: str = "https", timeout_seconds: float = 3
) -> Locator:
    """Return the locator for these settings; without a domain it works offline."""
    if nominatim_domain is None:
        return Locator(units)
    # geopy writes whole queries, which are people's addresses, at its lower levels.
    logging.getLogger("geopy").setLevel(logging.WARNING)
    nominatim = Nominatim(
        domain=nominatim_domain,
        scheme=nominatim_scheme,
        timeout=timeout_seconds,
        user_agent=_USER_AGENT,
        ssl_context=ssl.create_default_context(),
        adapter_factory=AioHTTPAdapter,
    )
    return Locator(units, nominatim)
