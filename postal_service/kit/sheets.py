"""Rows of a spreadsheet or CSV file as people send them: XLSX, or CSV in whatever encoding and delimiter Excel chose.

Columns are found by their titles, in any order, Vietnamese or English, with or without tone marks. Every cell comes as
text, the same from both kinds of file. Rows keep the number they have in the file, so an error can be found again.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from postal_service.kit.text import squeeze, unaccent

_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How XLSX (a ZIP file) and the old XLS begin."""
_DELIMITERS = ",;\t"
_HEADER_WITHIN = 30
"""A title and a few lines of address may stand above the header."""
_NOT_IN_KEY = re.compile(r"[^a-z0-9]+")

Cells = Sequence[str]


class SheetError(ValueError):
    """A file that cannot be read as a table: the row and column where that shows, and words in both languages."""

    def __init__(self, vi: str, en: str, *, row: int | None = None, column: str | None = None) -> None:
        super().__init__(en)
        self.row = row
        self.column = column
        self.vi = vi
        self.en = en


@dataclass(frozen=True, slots=True)
class Column:
    """A column we read: our name for it, and the titles people give it. Our name is always a title too."""

    name: str
    titles: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, counted from 1, and its cells by our names; a missing or empty cell is ''."""

    number: int
    cells: Mapping[str, str]


def read_rows(content: bytes, columns: Sequence[Column]) -> list[Row]:
    """Return the rows below the header that are not blank; raises `SheetError`.

    The header is the first row that names every required column. Numbers are written without a needless fraction,
    dates as YYYY-MM-DD. Columns we do not know are left out.
    """
    tables = _workbook_tables(content) if content.startswith(_WORKBOOK) else _text_tables(content)
    titles = {_key(title): column.name for column in columns for title in (column.name, *column.titles)}
    required = [column for column in columns if column.required]
    nearest: set[str] = set()
    for table in tables:
        for index, cells in enumerate(table[:_HEADER_WITHIN]):
            found = [titles.get(_key(cell)) for cell in cells]
            if all(column.name in found for column in required):
                _refuse_twice(found, cells, index + 1)
                return list(_rows(table, index, found, columns))
            nearest = max(nearest, {name for name in found if name}, key=len)
    missing = ", ".join(_called(column) for column in required if column.name not in nearest)
    raise SheetError(
        f"Không tìm thấy dòng tiêu đề: thiếu cột {missing}.",
        f"No header row was found: missing {missing}.",
        column=next(column.name for column in required if column.name not in nearest),
    )


def _called(column: Column) -> str:
    return f"{column.titles[0]} ({column.name})" if column.titles else column.name


def _refuse_twice(found: Sequence[str | None], cells: Cells, row: int) -> None:
    for name, cell in zip(found, cells, strict=True):
        if name and found.count(name) > 1:
            raise SheetError(
                f"Dòng {row}: cột “{squeeze(cell)}” có hai lần.",
                f"Row {row}: two columns mean {name}.",
                row=row,
                column=name,
            )


def _rows(table: Sequence[Cells], header: int, found: Sequence[str | None], columns: Sequence[Column]) -> Iterator[Row]:
    blank = dict.fromkeys((column.name for column in columns), "")
    for number, cells in enumerate(table[header + 1 :], start=header + 2):
        if not any(cells):
            continue
        # A row may be shorter than the header, or have notes beyond it.
        named = {name: cell for name, cell in zip(found, cells, strict=False) if name}
        yield Row(number, blank | named)


def _key(title: str) -> str:
    return _NOT_IN_KEY.sub(" ", unaccent(squeeze(title)).casefold()).strip()


def _workbook_tables(content: bytes) -> Iterator[list[Cells]]:
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            yield [[_text(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    except CalamineError as error:
        raise SheetError(
            "Không đọc được tệp Excel: tệp hỏng hoặc có mật khẩu.",
            "The Excel file cannot be read: damaged, or locked by a password.",
        ) from error


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time.min:
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return squeeze(str(value))


def _text_tables(content: bytes) -> Iterator[list[Cells]]:
    """Yield the text cut by each delimiter in turn: the right one is the one that shows the header."""
    text = _decode(content)
    for delimiter in [each for each in _DELIMITERS if each in text] or _DELIMITERS[0]:
        yield list(_cut(text, delimiter))


def _cut(text: str, delimiter: str) -> Iterable[Cells]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            yield [squeeze(cell) for cell in cells]
    except csv.Error as error:
        row = reader.line_num
        raise SheetError(f"Dòng {row}: tệp CSV bị hỏng.", f"Row {row}: the CSV is damaged.", row=row) from error


def _decode(content: bytes) -> str:
    for encoding in _encodings(content):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetError(
        "Không nhận ra bảng mã của tệp. Hãy lưu lại dưới dạng XLSX hoặc CSV UTF-8.",
        "The text encoding is not known. Please save the file as XLSX or as CSV UTF-8.",
    )


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    # Without its mark, UTF-16 shows by the zero bytes of plain letters, which no other text has.
    if b"\0" in content:
        return ("utf-16-le",) if content[1::2].count(0) > content[::2].count(0) else ("utf-16-be",)
    return ("utf-8-sig", "cp1258")
