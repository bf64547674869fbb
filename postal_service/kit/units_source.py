"""Where the administrative units come from: the data files of the PyPI package vietnamadminunits.

The package itself is never imported: that costs over a second and 60 MB, and its converter calls a service on the
network with people's addresses. Its tables are all we want.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

_PROVINCES = """
    select distinct provinceCode, province, provinceShort, provinceLat, provinceLon
    from admin_units order by provinceCode
"""
_WARDS = """
    select wardCode, ward, wardShort, wardType, provinceCode, wardLat, wardLon
    from admin_units order by wardCode
"""
_OLD_PROVINCES = "select distinct provinceCode, province, provinceShort, provinceKey from admin_units_legacy"
# The five island districts had no wards; they stand for themselves.
_OLD_WARDS = """
    select district, districtType, districtAlias, coalesce(ward, district), coalesce(wardType, districtType), wardAlias,
           provinceKey || '_' || districtKey || '_' || coalesce(wardKey, '')
    from admin_units_legacy where provinceCode = ? order by rowid
"""


class OldWard(NamedTuple):
    """A ward before July 2025, its district, and the codes of the wards that took it over (several when split).

    `former` names are keys without spaces or tone marks, of units it had swallowed earlier.
    """

    district: str
    district_kind: str
    district_former: tuple[str, ...]
    ward: str
    kind: str
    former: tuple[str, ...]
    heirs: tuple[str, ...]


def read_provinces() -> list[tuple[Any, ...]]:
    """Return (code, name, short name, latitude, longitude) of the 34 provinces, by code."""
    with _database() as database:
        return database.execute(_PROVINCES).fetchall()


def read_wards() -> list[tuple[Any, ...]]:
    """Return (code, name, short name, kind, province code, latitude, longitude) of the wards of July 2025, by code."""
    with _database() as database:
        return database.execute(_WARDS).fetchall()


def read_old_provinces() -> list[tuple[str, str, str, str]]:
    """Return (code, name, short name, code of today's province) of the 63 provinces."""
    with _database() as database:
        today_code = dict(database.execute("select distinct provinceKey, provinceCode from admin_units"))
        rows = database.execute(_OLD_PROVINCES).fetchall()
    today_of = {
        old_key: today_code[today_key] for today_key, old_keys in _merges()["DICT_PROVINCE"].items() for old_key in old_keys
    }
    return [(code, name, short, today_of[key]) for code, name, short, key in rows]


def read_old_wards(province_code: str) -> list[OldWard]:
    """Return the wards of one province of the 63-list with where they went; takes some 20 ms."""
    with _database() as database:
        rows = database.execute(_OLD_WARDS, (province_code,)).fetchall()
        today_code = {
            (province, ward): code
            for province, ward, code in database.execute("select provinceKey, wardKey, wardCode from admin_units")
        }
    heirs: defaultdict[str, list[str]] = defaultdict(list)
    merges = _merges()
    for province, wards in merges["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, old_keys in wards.items():
            for old_key in old_keys:
                heirs[old_key].append(today_code[province, ward])
    for province, split in merges["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old_key, parts in split.items():
            heirs[old_key].extend(today_code[province, part["newWardKey"]] for part in parts)
    return [
        OldWard(district, district_kind, _names(district_former), ward, kind, _names(former), tuple(heirs[key]))
        for district, district_kind, district_former, ward, kind, former, key in rows
    ]


def _names(former: str | None) -> tuple[str, ...]:
    return tuple(json.loads(former)) if former else ()


def _merges() -> dict[str, dict[str, Any]]:
    merges: dict[str, dict[str, Any]] = json.loads((_folder() / "converter_2025.json").read_text(encoding="utf-8"))
    return merges


def _folder() -> Path:
    spec = find_spec("vietnamadminunits")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package vietnamadminunits is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    uri = (_folder() / "dataset.db").as_uri() + "?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        yield connection
