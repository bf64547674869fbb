"""The territory: which post offices there are, and which round serves a ward on which day. Kept from lists of the post.

Who is no longer on a list of a province is closed, never deleted: old shipments go on naming them.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

from postal_service.kit.clock import local_date
from postal_service.kit.ids import new_id
from postal_service.kit.importing import CellError, CellReader, ImportResult, Plan, Values, compare, refuse_repeats
from postal_service.kit.reference import PostOfficeEntry
from postal_service.kit.sheets import Column, Row
from postal_service.kit.text import unaccent
from postal_service.kit.units import Units, Ward
from postal_service.shipments.models import DeliveryRound, PostOffice
from postal_service.storage.transactions import transaction

_PLACE_COLUMNS = (
    Column("province", ("Tỉnh/Thành phố", "Tỉnh", "Mã tỉnh", "Tỉnh thành")),
    Column("ward", ("Phường/Xã", "Xã/Phường", "Tên phường xã"), required=False),
    Column("ward_code", ("Mã phường/xã", "Mã xã", "Mã phường"), required=False),
)
OFFICE_COLUMNS = (
    Column("post_office", ("Mã bưu cục", "Mã BC", "Office code")),
    Column("name", ("Tên bưu cục", "Tên", "Office name")),
    *_PLACE_COLUMNS,
    Column("lat", ("Vĩ độ", "Latitude"), required=False),
    Column("lon", ("Kinh độ", "Longitude", "Lng"), required=False),
    Column("phone", ("Điện thoại", "Số điện thoại", "SĐT", "Telephone"), required=False),
)
ROUND_COLUMNS = (
    *_PLACE_COLUMNS,
    Column("post_office", ("Mã bưu cục", "Bưu cục", "Mã BC", "Office code")),
    Column("round", ("Tuyến phát", "Tuyến", "Tên tuyến", "Round name")),
    Column("employee_code", ("Mã nhân viên", "Mã bưu tá", "Mã NV")),
    # Not "Thứ": under that title 2 is Monday, and here it is Tuesday.
    Column("weekdays", ("Ngày chạy tuyến", "Ngày trong tuần", "Days")),
    Column("valid_from", ("Từ ngày", "Hiệu lực từ", "From")),
    Column("valid_to", ("Đến ngày", "Hiệu lực đến", "To"), required=False),
)

_CODE_LENGTH = 32
_WARD_CODE_LENGTH = 5
_LATITUDES = (6, 24)
_LONGITUDES = (102, 118)
"""Việt Nam with its islands, in degrees: finds positions written the wrong way round."""
_WEEKDAYS = re.compile(r"[1-7]+")
_VIETNAMESE_WEEKDAY = {"t2": "1", "t3": "2", "t4": "3", "t5": "4", "t6": "5", "t7": "6", "cn": "7"}
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeView:
    """A post office as the API shows it."""

    post_office: str
    name: str
    province: str
    ward: str
    ward_code: str | None
    lat: float | None
    lon: float | None
    phone: str | None


async def post_offices(province: str | None = None) -> list[OfficeView]:
    """Return the open offices, of one province (code of the 34-list) or of all, by code."""
    query = PostOffice.filter(closed_on=None)
    if province is not None:
        query = query.filter(province=province)
    return [_office_view(row) for row in await query.order_by("code")]


async def office(code: str) -> OfficeView | None:
    """Return the office with this code, also a closed one."""
    row = await PostOffice.get_or_none(code=code)
    return _office_view(row) if row else None


async def open_office(code: str) -> OfficeView | None:
    """Return the open office with this code."""
    row = await PostOffice.get_or_none(code=code, closed_on=None)
    return _office_view(row) if row else None


async def provinces_of_offices() -> dict[str, str]:
    """Return every office's province, closed ones too; by it a list of workers tells which province it covers."""
    return dict(await PostOffice.all().values_list("code", "province"))


async def load_reference_offices(offices: Iterable[PostOfficeEntry]) -> int:
    """Add the offices of the reference files that are not there yet; returns how many. Run by `migrate`.

    One that is there stays as it is: a list of the post may have corrected it since.
    """
    async with transaction():
        known = {row["code"] for row in await PostOffice.all().values("code")}
        fresh = [entry for entry in offices if entry.post_office not in known]
        await PostOffice.bulk_create(
            PostOffice(
                code=entry.post_office,
                name=entry.name,
                province=entry.province,
                ward=entry.ward,
                ward_code=entry.ward_code,
                lat=entry.lat,
                lon=entry.lon,
                phone=entry.phone,
            )
            for entry in fresh
        )
    return len(fresh)


async def import_offices(
    rows: Sequence[Row], units: Units, *, reference: Collection[str] = (), dry_run: bool, now: datetime
) -> ImportResult:
    """Bring the offices of the provinces that `rows` cover up to date with them; all or nothing.

    An open office of such a province that is not listed is closed from today on, save those in `reference`, which the
    reference files keep open. A position that is left out is the middle of the ward.
    """
    errors: list[CellError] = []
    readers = [CellReader(row, errors) for row in rows]
    refuse_repeats(readers, "post_office")
    wanted = {reader.row.cells["post_office"]: _office_values(reader, units) for reader in readers}
    if errors:
        return ImportResult.refused(errors)
    async with transaction():
        stored = {row["code"]: row for row in await PostOffice.all().values()}
        covered = {values["province"] for values in wanted.values()}
        closable = [
            code
            for code, row in stored.items()
            if row["province"] in covered and row["closed_on"] is None and code not in reference
        ]
        plan = compare(wanted, stored, closable)
        if not dry_run:
            await PostOffice.bulk_create(PostOffice(code=code, **values) for code, values in plan.added.items())
            for code, values in plan.changed.items():
                await PostOffice.filter(code=code).update(**values)
            await PostOffice.filter(code__in=plan.closed).update(closed_on=local_date(now))
    return plan.result(written=not dry_run)


async def import_rounds(rows: Sequence[Row], units: Units, *, dry_run: bool, now: datetime) -> ImportResult:
    """Bring the territory table of the provinces that `rows` cover up to date with them; all or nothing.

    A round is known by its ward, office, name, weekdays and first day; its worker and last day may change. One that is
    not listed any more ends yesterday, so that the listed ones hold from today on. The worker need not be known yet.
    """
    errors: list[CellError] = []
    offices = {row["code"]: row["closed_on"] for row in await PostOffice.all().values("code", "closed_on")}
    listed = [(reader, _round_values(reader, units, offices)) for reader in (CellReader(row, errors) for row in rows)]
    _refuse_overlaps(listed)
    if errors:
        return ImportResult.refused(errors)
    wanted = {_round_key(values): values for _, values in listed}
    today = local_date(now)
    async with transaction():
        stored = {_round_key(row): row for row in await DeliveryRound.all().values()}
        covered = {values["province"] for values in wanted.values()}
        closable = [
            key
            for key, row in stored.items()
            if row["province"] in covered and (row["valid_to"] is None or row["valid_to"] >= today)
        ]
        plan = compare(wanted, stored, closable)
        if not dry_run:
            await _write_rounds(plan, {key: row["id"] for key, row in stored.items()}, last_day=today - _DAY)
    return plan.result(written=not dry_run)


async def _write_rounds(plan: Plan, ids: dict[str, str], *, last_day: date) -> None:
    await DeliveryRound.bulk_create(DeliveryRound(id=new_id(), **values) for values in plan.added.values())
    for key, values in plan.changed.items():
        await DeliveryRound.filter(id=ids[key]).update(**values)
    await DeliveryRound.filter(id__in=[ids[key] for key in plan.closed]).update(valid_to=last_day)


def _office_view(row: PostOffice) -> OfficeView:
    return OfficeView(
        post_office=row.code,
        name=row.name,
        province=row.province,
        ward=row.ward,
        ward_code=row.ward_code,
        lat=row.lat,
        lon=row.lon,
        phone=row.phone,
    )


def _office_values(reader: CellReader, units: Units) -> Values:
    reader.text("post_office", _CODE_LENGTH)
    ward = _ward(reader, units)
    lat, lon = (ward.lat, ward.lon) if ward else (None, None)
    if reader.has("lat") or reader.has("lon"):
        lat, lon = reader.number("lat", *_LATITUDES), reader.number("lon", *_LONGITUDES)
    return {
        "name": reader.text("name", 160),
        "province": ward.province_code if ward else "",
        "ward": ward.name if ward else "",
        "ward_code": ward.code if ward else "",
        "lat": lat,
        "lon": lon,
        "phone": reader.phone("phone") if reader.has("phone") else None,
        "closed_on": None,
    }


def _round_values(reader: CellReader, units: Units, offices: dict[str, date | None]) -> Values:
    code = reader.text("post_office", _CODE_LENGTH)
    if code and code not in offices:
        reader.refuse("post_office", f"không có bưu cục {code}", f"there is no post office {code}")
    elif code and offices[code] is not None:
        reader.refuse("post_office", f"bưu cục {code} đã đóng", f"post office {code} is closed")
    ward = _ward(reader, units)
    if not reader.has("valid_from"):
        reader.refuse("valid_from", "không được để trống", "must not be empty")
    valid_from, valid_to = reader.day("valid_from"), reader.day("valid_to")
    if valid_from and valid_to and valid_to < valid_from:
        reader.refuse("valid_to", "trước ngày bắt đầu", "is before the first day")
    return {
        "province": ward.province_code if ward else "",
        "ward_code": ward.code if ward else "",
        "post_office": code,
        "name": reader.text("round", 80),
        "employee_code": reader.text("employee_code", _CODE_LENGTH),
        "weekdays": _weekdays(reader),
        "valid_from": valid_from,
        "valid_to": valid_to,
    }


def _ward(reader: CellReader, units: Units) -> Ward | None:
    """Return the ward that is named by name or code, inside its province named the same way."""
    given = reader.row.cells["province"]
    province = units.province(given.zfill(2)) if given.isdecimal() else units.province_named(given)
    if province is None:
        reader.refuse("province", "không có tỉnh, thành phố này trong danh mục 34", "is not a province of the 34-list")
        return None
    column = "ward_code" if reader.has("ward_code") else "ward"
    typed = reader.row.cells[column]
    if typed.isdecimal():
        typed = typed.zfill(_WARD_CODE_LENGTH)
    found = units.wards_named(province.code, typed)
    if len(found) == 1:
        return found[0]
    near = ", ".join(f"{ward.name} ({ward.code})" for ward in found or units.suggest_wards(province.code, typed))
    reader.refuse(
        column,
        f"không rõ phường, xã nào của {province.name}" + (f"; có phải: {near}?" if near else ""),
        f"cannot tell which ward of {province.name}" + (f"; one of: {near}?" if near else ""),
    )
    return None


def _weekdays(reader: CellReader) -> str:
    """Return digits 1 (Monday) to 7 of a cell like `135` or `T2, T4, T6`."""
    words = re.split(r"[\s,;]+", unaccent(reader.row.cells["weekdays"]).casefold())
    days = "".join(_VIETNAMESE_WEEKDAY.get(word, word) for word in words)
    if not _WEEKDAYS.fullmatch(days):
        reader.refuse(
            "weekdays",
            "phải là các số 1 (thứ Hai) đến 7 (Chủ nhật), hoặc T2 … T7, CN",
            "must be digits 1 (Monday) to 7 (Sunday)",
        )
    return "".join(sorted(set(days)))


def _round_key(values: Values) -> str:
    return " · ".join(str(values[part]) for part in ("ward_code", "post_office", "name", "weekdays", "valid_from"))


def _refuse_overlaps(listed: Iterable[tuple[CellReader, Values]]) -> None:
    """Refuse rounds that serve one ward on one and the same day: nobody could tell whose it is."""
    by_ward: dict[str, list[tuple[CellReader, Values]]] = {}
    for reader, values in listed:
        if not reader.wrong:
            by_ward.setdefault(values["ward_code"], []).append((reader, values))
    for rounds in by_ward.values():
        for (earlier, one), (later, other) in combinations(rounds, 2):
            if _overlap(one, other):
                row = earlier.row.number
                later.refuse("weekdays", f"trùng ngày với tuyến ở dòng {row}", f"meets the round in row {row}")


def _overlap(one: Values, other: Values) -> bool:
    together = set(one["weekdays"]) & set(other["weekdays"])
    first = max(one["valid_from"], other["valid_from"])
    last = min(one["valid_to"] or date.max, other["valid_to"] or date.max)
    days = min((last - first).days + 1, 7)
    return any(str((first + offset * _DAY).isoweekday()) in together for offset in range(days))
