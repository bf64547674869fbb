"""Bringing a table of ours up to date with a list somebody sent: reading its cells, and what the list changes.

What is wrong is collected rather than raised, so that people see every mistake of a file at once.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from postal_service.kit.phone import read_phone
from postal_service.kit.sheets import Row

Values = Mapping[str, Any]
"""The columns of one table row."""

_LOCAL_DATE = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")


@dataclass(frozen=True, slots=True)
class CellError:
    """One cell that is wrong: the row's number in the file, our name of the column, words in both languages."""

    row: int
    column: str
    vi: str
    en: str

    def message(self, language: str) -> str:
        """Return the words in `language`, with the place."""
        if language == "en":
            return f"row {self.row}, column {self.column}: {self.en}"
        return f"dòng {self.row}, cột {self.column}: {self.vi}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What a list changes, by the keys people know. With errors there is nothing but errors."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    errors: tuple[CellError, ...] = ()
    written: bool = False
    """False for a preview, and when there are errors."""

    @classmethod
    def refused(cls, errors: Iterable[CellError]) -> Self:
        """Return the result of a list with mistakes, in the order of its rows."""
        return cls(errors=tuple(sorted(errors, key=lambda error: error.row)))


@dataclass(slots=True)
class CellReader:
    """Reads the cells of one row. A wrong cell goes into `errors` and reads as nothing."""

    row: Row
    errors: list[CellError]
    wrong: bool = field(default=False, init=False)

    def refuse(self, column: str, vi: str, en: str) -> None:
        """Note that this cell is wrong."""
        self.wrong = True
        self.errors.append(CellError(self.row.number, column, vi, en))

    def has(self, column: str) -> bool:
        """Tell whether the cell holds anything."""
        return bool(self.row.cells[column])

    def text(self, column: str, longest: int) -> str:
        """Return a cell that must not be empty."""
        value = self.row.cells[column]
        if not value:
            self.refuse(column, "không được để trống", "must not be empty")
        elif len(value) > longest:
            self.refuse(column, f"dài quá {longest} ký tự", f"is longer than {longest} characters")
        return value

    def digits(self, column: str, length: int) -> str:
        """Return a code of digits, with the zeros in front that spreadsheets drop."""
        value = self.row.cells[column]
        if not (value.isascii() and value.isdigit() and len(value) <= length):
            self.refuse(column, f"phải là mã gồm {length} chữ số", f"must be a code of {length} digits")
        return value.zfill(length)

    def phone(self, column: str) -> str:
        """Return a telephone number in E.164."""
        number = read_phone(self.row.cells[column])
        if number is None:
            self.refuse(column, "số điện thoại chưa đúng", "is not a valid phone number")
        return number or ""

    def day(self, column: str) -> date | None:
        """Return a date (2025-07-01 or 01/07/2025), None for an empty cell."""
        value = self.row.cells[column]
        if not value:
            return None
        parts = _LOCAL_DATE.fullmatch(value)
        try:
            return date(int(parts[3]), int(parts[2]), int(parts[1])) if parts else date.fromisoformat(value)
        except ValueError:
            self.refuse(column, "phải là ngày, ví dụ 01/07/2025", "must be a date, like 2025-07-01")
            return None

    def number(self, column: str, lowest: float, highest: float) -> float:
        """Return a number between two bounds; a decimal comma is taken."""
        try:
            value = float(self.row.cells[column].replace(",", "."))
        except ValueError:
            value = float("nan")
        if not lowest <= value <= highest:
            self.refuse(column, f"phải là số từ {lowest:g} đến {highest:g}", f"must be from {lowest:g} to {highest:g}")
        return value


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to be written so that the stored rows say what the list says, by key."""

    added: Mapping[str, Values]
    changed: Mapping[str, Values]
    """Only the columns that differ."""
    closed: tuple[str, ...]
    unchanged: tuple[str, ...]

    def result(self, *, written: bool) -> ImportResult:
        """Return it as people see it."""
        return ImportResult(
            added=tuple(self.added),
            changed=tuple(f"{key} ({', '.join(values)})" for key, values in self.changed.items()),
            closed=self.closed,
            unchanged=self.unchanged,
            written=written,
        )


def compare(wanted: Mapping[str, Values], stored: Mapping[str, Values], closable: Iterable[str]) -> Plan:
    """Return what turns `stored` into `wanted`; of the `closable` keys, those the list leaves out are closed."""
    changed = {}
    for key in wanted.keys() & stored.keys():
        differing = {column: value for column, value in wanted[key].items() if stored[key][column] != value}
        if differing:
            changed[key] = differing
    return Plan(
        added={key: values for key, values in wanted.items() if key not in stored},
        changed={key: changed[key] for key in wanted if key in changed},
        closed=tuple(sorted(set(closable) - wanted.keys())),
        unchanged=tuple(key for key in wanted if key in stored and key not in changed),
    )


def refuse_repeats(readers: Iterable[CellReader], column: str) -> None:
    """Refuse every row that has in `column` what an earlier row has."""
    first: dict[str, int] = {}
    for reader in readers:
        key = reader.row.cells[column]
        earlier = first.setdefault(key, reader.row.number)
        if key and earlier != reader.row.number:
            reader.refuse(column, f"đã có ở dòng {earlier}", f"is already in row {earlier}")
