"""Administrative units: the 34 provinces and 3,321 wards of July 2025, and how to read an address of the 63-list.

The same two digits name another province before and after the merger (24 was Bắc Giang, now Bắc Ninh), so a code is
always kept with the list it was read in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import Literal, Self

from postal_service.kit import units_source
from postal_service.kit.unit_names import NameIndex


class UnitList(StrEnum):
    """Which list of provinces a code belongs to, named by the year of the decision that issued it."""

    SIXTY_THREE = "2004"
    """QĐ 124/2004/QĐ-TTg and its changes, until 30 June 2025; addresses have a district."""
    THIRTY_FOUR = "2025"
    """QĐ 19/2025/QĐ-TTg, since 1 July 2025; addresses have no district."""


@dataclass(frozen=True, slots=True)
class Province:
    """A province or centrally run city. `lat` and `lon` are its middle, in degrees."""

    code: str
    name: str
    short_name: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward, commune or special zone of July 2025. `lat` and `lon` are its middle, in degrees."""

    code: str
    name: str
    short_name: str
    kind: str
    province_code: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class OldProvince:
    """A province of the 63-list and the code of the province it is part of today."""

    code: str
    name: str
    short_name: str
    today_code: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address lies today, and the province code as given with the list it was read in."""

    province: Province
    ward: Ward
    given_code: str
    given_list: UnitList


class PlaceUnknown(ValueError):  # noqa: N818 - it is an answer about an address, not a failure
    """An address whose unit cannot be told. `candidates` are today's units it may mean, best first."""

    def __init__(
        self,
        field: Literal["province", "district", "ward"],
        reason: Literal["unknown", "ambiguous", "split"],
        candidates: Iterable[Province | Ward] = (),
    ) -> None:
        super().__init__(f"{reason} {field}")
        self.field = field
        self.reason = reason
        self.candidates = tuple(candidates)


@dataclass(frozen=True, slots=True)
class _OldDistrict:
    wards: NameIndex[tuple[str, ...]]
    heirs: set[str]


class Units:
    """All units in memory. Make it once with `load`; look-ups take microseconds and nothing is changed after."""

    def __init__(self, provinces: Iterable[Province], wards: Iterable[Ward]) -> None:
        self._provinces = {province.code: province for province in provinces}
        self._wards = {ward.code: ward for ward in wards}
        self._names: dict[str, NameIndex[Ward]] = {code: NameIndex() for code in self._provinces}
        self._province_names: NameIndex[Province] = NameIndex()
        for province in self._provinces.values():
            self._province_names.add(province, province.name, province.name.removesuffix(province.short_name).strip())
        self._old: dict[str, NameIndex[_OldDistrict]] = {}
        for ward in self._wards.values():
            self._names[ward.province_code].add(ward, ward.name, ward.kind)

    @classmethod
    def load(cls) -> Self:
        """Read the units of July 2025. The 63-list is read province by province when first asked for."""
        return cls(
            (Province(*row) for row in units_source.read_provinces()),
            (Ward(*row) for row in units_source.read_wards()),
        )

    @property
    def provinces(self) -> tuple[Province, ...]:
        """The 34 provinces by code."""
        return tuple(self._provinces.values())

    @property
    def wards(self) -> tuple[Ward, ...]:
        """The 3,321 wards by code."""
        return tuple(self._wards.values())

    def province(self, code: str) -> Province | None:
        """Return the province with this two-digit code of the 34-list."""
        return self._provinces.get(code)

    def province_named(self, typed: str) -> Province | None:
        """Return the province of the 34-list meant by a name as people write it (`Tỉnh An Giang`, `TP. Huế`)."""
        found = self._province_names.find(typed)
        return found[0] if len(found) == 1 else None

    def old_province(self, code: str) -> OldProvince | None:
        """Return the province with this two-digit code of the 63-list."""
        return self._old_provinces.get(code)

    def ward(self, code: str) -> Ward | None:
        """Return the ward with this five-digit code."""
        return self._wards.get(code)

    def find_ward(self, province_code: str, typed: str) -> Ward | None:
        """Return the one ward of the province meant by a name as people write it, or by a code; else None."""
        found = self.wards_named(province_code, typed)
        return found[0] if len(found) == 1 else None

    def wards_named(self, province_code: str, typed: str) -> tuple[Ward, ...]:
        """Return the wards of the province meant by a name or code: none, one, or those it cannot tell apart."""
        ward = self._wards.get(typed.strip())
        if ward is not None:
            return (ward,) if ward.province_code == province_code else ()
        names = self._names.get(province_code)
        return names.find(typed) if names else ()

    def suggest_wards(self, province_code: str, typed: str, limit: int = 3) -> tuple[Ward, ...]:
        """Return the wards of the province whose names come nearest to what was typed, best first."""
        names = self._names.get(province_code)
        return names.suggest(typed, limit) if names else ()

    def resolve(self, province: str, ward: str, district: str | None = None) -> Place:
        """Return where an address lies today; raises `PlaceUnknown`.

        Without a district the code is read in the 34-list. With one, the code is read in the 63-list and the ward is
        the old one, followed to the ward that took it over; a ward that was split must be named by its new name.
        """
        if district and district.strip():
            return self._resolve_old(province, district, ward)
        today = self._provinces.get(province)
        if today is None:
            old = self.old_province(province)
            raise PlaceUnknown("province", "unknown", [self._provinces[old.today_code]] if old else [])
        found = self.wards_named(province, ward)
        if len(found) == 1:
            return Place(today, found[0], province, UnitList.THIRTY_FOUR)
        if found:
            raise PlaceUnknown("ward", "ambiguous", found)
        raise PlaceUnknown("ward", "unknown", self._heirs_by_name(province, ward) or self.suggest_wards(province, ward))

    def _resolve_old(self, province: str, district: str, ward: str) -> Place:
        old = self.old_province(province)
        if old is None:
            raise PlaceUnknown("province", "unknown")
        districts = self._old_districts(province).find(district)
        if not districts:
            raise PlaceUnknown("district", "unknown")
        old_wards = [heirs for each in districts for heirs in each.wards.find(ward)]
        codes = set(chain.from_iterable(old_wards))
        if not codes:
            # People keep writing the district beside the new ward. Taken only where the ward grew out of that district.
            grown_here = set().union(*(each.heirs for each in districts))
            codes = {found.code for found in self.wards_named(old.today_code, ward)} & grown_here
        if not codes:
            raise PlaceUnknown("ward", "unknown", self.suggest_wards(old.today_code, ward))
        if len(codes) > 1:
            heirs = [self._wards[code] for code in sorted(codes)]
            raise PlaceUnknown("ward", "split" if len(old_wards) == 1 else "ambiguous", heirs)
        return Place(self._provinces[old.today_code], self._wards[codes.pop()], province, UnitList.SIXTY_THREE)

    @cached_property
    def _old_provinces(self) -> dict[str, OldProvince]:
        return {row[0]: OldProvince(*row) for row in units_source.read_old_provinces()}

    def _heirs_by_name(self, today_code: str, ward: str) -> list[Ward]:
        """Return the wards that took over an old ward of this name: people go on using the names they grew up with."""
        codes = {
            code
            for old in self._old_provinces.values()
            if old.today_code == today_code
            for district in self._old_districts(old.code).units
            for heirs in district.wards.find(ward)
            for code in heirs
        }
        return [self._wards[code] for code in sorted(codes)]

    def _old_districts(self, old_code: str) -> NameIndex[_OldDistrict]:
        index = self._old.get(old_code)
        if index is None:
            index = NameIndex()
            by_name: dict[str, _OldDistrict] = {}
            for row in units_source.read_old_wards(old_code):
                district = by_name.get(row.district)
                if district is None:
                    district = by_name[row.district] = _OldDistrict(NameIndex(), set())
                    index.add(district, row.district, row.district_kind, row.district_former)
                district.wards.add(row.heirs, row.ward, row.kind, row.former)
                district.heirs.update(row.heirs)
            self._old[old_code] = index
        return index
