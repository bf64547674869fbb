from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import config
from config.reference import load_reference
from postal_service.kit.importing import ImportResult
from postal_service.kit.reference import PostOfficeEntry
from postal_service.kit.sheets import read_rows
from postal_service.kit.units import Units
from postal_service.shipments import territory
from postal_service.shipments.models import DeliveryRound, PostOffice

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
FOLDER = Path(config.__file__).parent
HOAN_KIEM = PostOfficeEntry(
    post_office="100001",
    name="Bưu cục Hoàn Kiếm",
    province="01",
    ward="Phường Hoàn Kiếm",
    ward_code="00070",
    lat=21.032,
    lon=105.85,
    phone="+842439001001",
)
OFFICES = """post_office,name,province,ward,lat,lon,phone
100901,Bưu cục Thạch Thất,01,Xã Thạch Thất,21.08,105.56,0243 900 1091
100902,Bưu cục Ba Đình,1,p. ba đình,,,
700901,Bưu cục Vũng Tàu,TP. Hồ Chí Minh,26506,"10,36","107,08",
"""
ROUNDS = """province,ward,post_office,round,employee_code,weekdays,valid_from,valid_to
01,Phường Ba Đình,100902,Tuyến 1,HN001,135,01/07/2025,
01,00004,100902,Tuyến 2,HN002,"T3, T5, T7",01/07/2025,
79,Vũng Tàu,700901,Tuyến 1,SG001,1234567,2025-07-01,
"""


@pytest.fixture(scope="module")
def units() -> Units:
    return Units.load()


async def offices(
    text: str, units: Units, *, dry_run: bool = False, reference: tuple[str, ...] = (), now: datetime = NOW
) -> ImportResult:
    rows = read_rows(text.encode(), territory.OFFICE_COLUMNS)
    return await territory.import_offices(rows, units, reference=reference, dry_run=dry_run, now=now)


async def rounds(text: str, units: Units, *, dry_run: bool = False, now: datetime = NOW) -> ImportResult:
    rows = read_rows(text.encode(), territory.ROUND_COLUMNS)
    return await territory.import_rounds(rows, units, dry_run=dry_run, now=now)


def without(text: str, beginning: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(beginning))


@pytest.mark.usefixtures("database")
async def test_a_list_of_offices_is_taken_in_with_names_codes_and_places_as_people_write_them(units: Units) -> None:
    result = await offices(OFFICES, units)
    assert (result.added, result.errors, result.written) == (("100901", "100902", "700901"), (), True)
    thach_that, ba_dinh = await territory.post_offices("01")
    assert (thach_that.ward, thach_that.lat, thach_that.lon) == ("Xã Thạch Thất", 21.08, 105.56)
    assert thach_that.phone == "+842439001091"
    ward = units.ward("00004")
    assert ward is not None
    assert (ba_dinh.ward, ba_dinh.lat, ba_dinh.lon, ba_dinh.phone) == (ward.name, ward.lat, ward.lon, None)
    vung_tau = await territory.office("700901")
    assert vung_tau is not None
    assert (vung_tau.province, vung_tau.ward, vung_tau.lat) == ("79", "Phường Vũng Tàu", 10.36)
    assert len(await territory.post_offices()) == 3
    assert await territory.provinces_of_offices() == {"100901": "01", "100902": "01", "700901": "79"}


@pytest.mark.usefixtures("database")
async def test_the_same_lists_again_change_nothing(units: Units) -> None:
    await offices(OFFICES, units)
    await rounds(ROUNDS, units)
    before = (await PostOffice.all().order_by("code").values(), await DeliveryRound.all().order_by("id").values())
    for take, text, count in ((offices, OFFICES, 3), (rounds, ROUNDS, 3)):
        again = await take(text, units, now=NOW + timedelta(days=9))
        assert (again.added, again.changed, again.closed, len(again.unchanged)) == ((), (), (), count)
    after = (await PostOffice.all().order_by("code").values(), await DeliveryRound.all().order_by("id").values())
    assert before == after


@pytest.mark.usefixtures("database")
async def test_a_preview_tells_the_same_and_writes_nothing(units: Units) -> None:
    preview = await offices(OFFICES, units, dry_run=True)
    assert await PostOffice.all().count() == 0
    assert preview == replace(await offices(OFFICES, units), written=False)


@pytest.mark.usefixtures("database")
async def test_an_office_that_is_no_longer_listed_is_closed_and_may_come_back(units: Units) -> None:
    await offices(OFFICES, units)
    result = await offices(without(OFFICES, "100902"), units)
    assert (result.closed, result.unchanged) == (("100902",), ("100901", "700901"))
    assert (await PostOffice.get(code="100902")).closed_on == TODAY
    assert [office.post_office for office in await territory.post_offices("01")] == ["100901"]
    assert (await offices(without(OFFICES, "100902"), units)).closed == ()
    assert (await offices(OFFICES, units)).changed == ("100902 (closed_on)",)
    assert len(await territory.post_offices("01")) == 2


@pytest.mark.usefixtures("database")
async def test_a_list_of_one_province_leaves_the_others_alone(units: Units) -> None:
    await offices(OFFICES, units)
    await rounds(ROUNDS, units)
    assert (await offices(without(OFFICES, "700901"), units)).closed == ()
    assert (await rounds(without(ROUNDS, "79"), units)).closed == ()


@pytest.mark.usefixtures("database")
async def test_reference_offices_are_there_once_and_no_list_closes_them(units: Units) -> None:
    assert await territory.load_reference_offices([HOAN_KIEM]) == 1
    assert await territory.load_reference_offices([HOAN_KIEM]) == 0
    result = await offices(OFFICES, units, reference=("100001",))
    assert result.closed == ()
    assert [office.post_office for office in await territory.post_offices("01")] == ["100001", "100901", "100902"]


@pytest.mark.usefixtures("database")
async def test_what_the_post_corrects_stays_corrected(units: Units) -> None:
    await territory.load_reference_offices([HOAN_KIEM])
    row = "100001,Bưu cục Hoàn Kiếm,01,Phường Hoàn Kiếm,21.032,105.85,024 3900 1999\n"
    assert (await offices(OFFICES + row, units)).changed == ("100001 (phone)",)
    await territory.load_reference_offices([HOAN_KIEM])
    corrected = await territory.office("100001")
    assert corrected is not None
    assert corrected.phone == "+842439001999"


@pytest.mark.usefixtures("database")
async def test_every_mistake_is_named_by_row_and_column_and_nothing_is_written(units: Units) -> None:
    result = await offices(
        OFFICES
        + "100901,Trùng mã,01,Ba Đình,,,\n"
        + ",Không mã,01,Ba Đình,,,\n"
        + "100903,Sai tỉnh,99,Ba Đình,,,\n"
        + "100904,Sai xã,01,Phường Ba Đìn,,,\n"
        + "100905,Ngược chỗ,01,Ba Đình,105.8,21.0,\n"
        + "100906,Sai số,01,Ba Đình,,,123\n",
        units,
    )
    places = [(error.row, error.column) for error in result.errors]
    assert places == [
        (5, "post_office"),
        (6, "post_office"),
        (7, "province"),
        (8, "ward"),
        (9, "lat"),
        (9, "lon"),
        (10, "phone"),
    ]
    assert "Phường Ba Đình (00004)" in result.errors[3].vi
    assert (result.added, result.written, await PostOffice.all().count()) == ((), False, 0)


@pytest.mark.usefixtures("database")
async def test_a_round_keeps_its_ward_weekdays_and_days(units: Units) -> None:
    await offices(OFFICES, units)
    result = await rounds(ROUNDS, units)
    assert (len(result.added), result.written) == (3, True)
    kept = {row.employee_code: row for row in await DeliveryRound.all()}
    assert (kept["HN001"].ward_code, kept["HN001"].weekdays) == ("00004", "135")
    assert (kept["HN002"].ward_code, kept["HN002"].weekdays) == ("00004", "246")
    assert (kept["SG001"].ward_code, kept["SG001"].province) == ("26506", "79")
    assert {row.valid_from for row in kept.values()} == {date(2025, 7, 1)}


@pytest.mark.usefixtures("database")
async def test_a_round_that_is_no_longer_listed_ended_yesterday(units: Units) -> None:
    await offices(OFFICES, units)
    await rounds(ROUNDS, units)
    shorter = ROUNDS.replace('"T3, T5, T7"', "T3").replace("HN001", "HN009")
    result = await rounds(shorter, units)
    assert (len(result.added), len(result.changed), len(result.closed)) == (1, 1, 1)
    assert result.changed[0].endswith("(employee_code)")
    ended = await DeliveryRound.get(employee_code="HN002", weekdays="246")
    assert ended.valid_to == TODAY - timedelta(days=1)
    assert (await rounds(shorter, units)).closed == ()


OVERLAPS = [
    ("01,00004,100902,Tuyến 3,HN003,67,2025-07-01,", True),
    ("01,00004,100902,Tuyến 3,HN003,7,2025-07-01,", False),
    ("01,00004,100902,Tuyến 3,HN003,1234567,2024-07-01,2025-06-30", False),
    ("01,00004,100902,Tuyến 3,HN003,1234567,2024-07-01,2025-07-01", True),
    ("01,00070,100902,Tuyến 3,HN003,1234567,2025-07-01,", False),
]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(("row", "refused"), OVERLAPS)
async def test_two_rounds_never_serve_one_ward_on_one_day(row: str, refused: bool, units: Units) -> None:
    await offices(OFFICES, units)
    result = await rounds(f"{ROUNDS}{row}\n", units)
    assert bool(result.errors) is refused
    assert {(error.row, error.column) for error in result.errors} <= {(5, "weekdays")}


@pytest.mark.usefixtures("database")
async def test_a_round_needs_an_open_office_days_and_dates(units: Units) -> None:
    await offices(OFFICES, units)
    await offices(without(OFFICES, "100901"), units)
    result = await rounds(
        ROUNDS
        + "01,00070,100901,Tuyến 9,HN003,1,2025-07-01,\n"
        + "01,00070,100999,Tuyến 9,HN003,2,2025-07-01,\n"
        + "01,00070,100902,Tuyến 9,HN003,8,2025-07-01,\n"
        + "01,00070,100902,,,3,,\n"
        + "01,00070,100902,Tuyến 9,HN003,4,2025-07-02,2025-07-01\n",
        units,
    )
    assert sorted((error.row, error.column) for error in result.errors) == [
        (5, "post_office"),
        (6, "post_office"),
        (7, "weekdays"),
        (8, "employee_code"),
        (8, "round"),
        (8, "valid_from"),
        (9, "valid_to"),
    ]
    assert await DeliveryRound.all().count() == 0


@pytest.mark.usefixtures("database")
async def test_the_sample_lists_load_beside_the_reference_files(units: Units) -> None:
    reference = load_reference(FOLDER).post_offices()
    await territory.load_reference_offices(reference)
    rows = read_rows((FOLDER / "samples" / "offices.csv").read_bytes(), territory.OFFICE_COLUMNS)
    codes = {entry.post_office for entry in reference}
    result = await territory.import_offices(rows, units, reference=codes, dry_run=False, now=NOW)
    assert (result.closed, result.changed, result.written) == ((), (), True)
    rows = read_rows((FOLDER / "samples" / "rounds.csv").read_bytes(), territory.ROUND_COLUMNS)
    result = await territory.import_rounds(rows, units, dry_run=False, now=NOW)
    assert (result.errors, len(result.added)) == ((), len(rows))
