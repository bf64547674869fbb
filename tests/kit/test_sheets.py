import io
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from postal_service.kit.importing import CellError, CellReader, compare
from postal_service.kit.sheets import Column, Row, SheetError, read_rows

COLUMNS = (
    Column("post_office", ("Mã bưu cục",)),
    Column("name", ("Tên bưu cục", "Tên")),
    Column("phone", ("Điện thoại", "SĐT"), required=False),
)
LIST = "Mã bưu cục,Tên bưu cục,SĐT\n100001,Bưu cục Hồ Gươm,0912000001\n100002,Bưu cục Bưởi,\n"
READ = [
    Row(2, {"post_office": "100001", "name": "Bưu cục Hồ Gươm", "phone": "0912000001"}),
    Row(3, {"post_office": "100002", "name": "Bưu cục Bưởi", "phone": ""}),
]


def workbook(*sheets: list[list[Any]]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"default_date_format": "dd/mm/yyyy"})
    for rows in sheets:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_reads_the_same_whatever_excel_made_of_it(encoding: str, delimiter: str) -> None:
    assert read_rows(LIST.replace(",", delimiter).encode(encoding), COLUMNS) == READ


def test_an_old_windows_file_reads_with_its_tone_marks() -> None:
    # Windows-1258 writes most tone marks as letters of their own: "ồ" is "ô" and a grave.
    old = LIST.replace("ã", "a\u0303").replace("ồ", "ô\u0300").replace("ụ", "u\u0323").replace("ở", "ơ\u0309")
    assert read_rows(old.encode("cp1258"), COLUMNS) == READ


def test_a_workbook_reads_like_the_same_csv() -> None:
    content = workbook(
        [["Mã bưu cục", "Tên bưu cục", "SĐT"], [100001, "Bưu cục Hồ Gươm", "0912000001"], [100002.0, "Bưu cục Bưởi"]]
    )
    assert read_rows(content, COLUMNS) == READ


def test_titles_are_found_in_any_order_language_and_dress_below_a_letterhead() -> None:
    text = "BƯU ĐIỆN THÀNH PHỐ\n\nTEN  BUU CUC;Ghi chú;Post-Office\nBưu cục Bưởi;mới;100002\n\n;;\nBưu cục Láng;;100003\n"
    rows = read_rows(text.encode(), COLUMNS)
    assert [(row.number, row.cells["post_office"]) for row in rows] == [(4, "100002"), (7, "100003")]


def test_the_list_may_stand_on_a_later_sheet() -> None:
    content = workbook([["Hướng dẫn"]], [["Mã bưu cục", "Tên"], [100001, "Hồ Gươm"]])
    assert [row.cells["name"] for row in read_rows(content, COLUMNS)] == ["Hồ Gươm"]


def test_dates_and_fractions_are_written_one_way() -> None:
    columns = (Column("day"), Column("lat"), Column("at"))
    content = workbook([["day", "lat", "at"], [date(2025, 7, 1), 21.032, datetime(2025, 7, 1, 8, 30)]])  # noqa: DTZ001 - Excel knows no zones
    (row,) = read_rows(content, columns)
    assert row.cells == {"day": "2025-07-01", "lat": "21.032", "at": "2025-07-01T08:30:00"}


def test_a_missing_column_is_named_in_both_languages() -> None:
    with pytest.raises(SheetError) as error:
        read_rows("Tên bưu cục,SĐT\nHồ Gươm,1\n".encode(), COLUMNS)
    assert error.value.column == "post_office"
    assert "Mã bưu cục" in error.value.vi
    assert "post_office" in error.value.en
    assert "name" not in error.value.en.split("missing")[1]


def test_a_column_given_twice_is_refused_with_its_row() -> None:
    with pytest.raises(SheetError) as error:
        read_rows("Mã bưu cục,Tên,Tên bưu cục\n1,a,b\n".encode(), COLUMNS)
    assert (error.value.row, error.value.column) == (1, "name")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 damaged", b"\xd0\xcf\x11\xe0 damaged", b"\xff\xfea", b"a,b\n\xd2\xff\x8d\x81"]
)
def test_what_is_no_table_is_refused_and_nothing_else_happens(content: bytes) -> None:
    with pytest.raises(SheetError):
        read_rows(content, COLUMNS)


@given(st.binary(max_size=300))
def test_no_file_does_worse_than_being_refused(content: bytes) -> None:
    with suppress(SheetError):
        read_rows(content, COLUMNS)


def read(**cells: str) -> CellReader:
    return CellReader(Row(7, cells), [])


@pytest.mark.parametrize(
    ("typed", "day"),
    [("2025-07-01", date(2025, 7, 1)), ("01/07/2025", date(2025, 7, 1)), ("1.7.2025", date(2025, 7, 1)), ("", None)],
)
def test_days_are_read_as_people_here_write_them(typed: str, day: date | None) -> None:
    reader = read(day=typed)
    assert reader.day("day") == day
    assert not reader.wrong


@pytest.mark.parametrize("typed", ["31/02/2025", "07/2025", "soon"])
def test_a_day_there_is_not_is_refused_with_its_place(typed: str) -> None:
    reader = read(day=typed)
    assert reader.day("day") is None
    (error,) = reader.errors
    assert (error.row, error.column) == (7, "day")
    assert error.message("vi").startswith("dòng 7, cột day")
    assert error.message("en").startswith("row 7, column day")


def test_phones_numbers_and_texts_are_checked() -> None:
    reader = read(phone="912000001", lat="21,03", name="")
    assert (reader.phone("phone"), reader.number("lat", 6, 24)) == ("+84912000001", 21.03)
    assert reader.errors == []
    reader.text("name", 10)
    assert reader.errors == [CellError(7, "name", "không được để trống", "must not be empty")]
    reader = read(phone="12", lat="105", name="a" * 11)
    reader.phone("phone"), reader.number("lat", 6, 24), reader.text("name", 10)
    assert [error.column for error in reader.errors] == ["phone", "lat", "name"]


VALUES = st.fixed_dictionaries({"a": st.integers(0, 2), "b": st.integers(0, 2)})
TABLE = st.dictionaries(st.sampled_from("uvwxyz"), VALUES)


@given(TABLE, TABLE, st.sets(st.sampled_from("uvwxyz")))
def test_what_is_written_makes_the_table_say_what_the_list_says(
    wanted: dict[str, dict[str, int]], stored: dict[str, dict[str, int]], closable: set[str]
) -> None:
    plan = compare(wanted, stored, closable & stored.keys())
    after = stored | {key: dict(values) for key, values in plan.added.items()}
    for key, values in plan.changed.items():
        after[key] = after[key] | values
    assert {key: after[key] for key in wanted} == wanted
    assert set(plan.added) | set(plan.changed) | set(plan.unchanged) == set(wanted)
    assert not set(plan.closed) & wanted.keys()
    again = compare(wanted, after, set())
    assert (again.added, again.changed, again.unchanged) == ({}, {}, tuple(wanted))
