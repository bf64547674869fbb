"""Reading what carriers write: JSON, field names in any case, times in their several forms. Pure."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from carriers.errors import MalformedAnswer
from postal_service.kit.clock import LOCAL

_TIME_FORMATS = (
    "%d/%m/%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d-%m-%Y %H:%M",
    "%d/%m/%Y",
    "%d-%m-%Y",
)
_LONGEST_NOTE = 200
_LONG_NUMBER = re.compile(r"\d{8,}")


def read_json(body: bytes) -> Any:
    """Return the JSON value in `body`; numbers with a fraction become Decimal, so that money never is a float."""
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswer("not JSON") from error


def fields(value: Any) -> dict[str, Any]:
    """Return an object's fields under lower-case trimmed names; anything that is no object has none.

    Carriers write one field as `originalID`, `originalId` and `OriginalId`, or with a space at its end.
    """
    if not isinstance(value, dict):
        return {}
    return {str(name).strip().lower(): field for name, field in value.items()}


def entries(value: Any) -> list[Any]:
    """Return a list as it is, one object as a list of one, and nothing as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str | None:
    """Return a trimmed text, a whole number as text, None for what is empty or neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def whole(value: Any) -> int | None:
    """Return a whole number however it is written (`27000`, `27000.0`, `"27000"`), or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else None
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,15}\s*", value, re.ASCII):
        return int(value)
    return None


def read_time(value: Any) -> datetime:
    """Return a carrier's time in UTC: day-first with / or -, ISO 8601, or epoch milliseconds.

    A time without an offset is Vietnam's. Raises `MalformedAnswer` for anything else.
    """
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
        if isinstance(value, str):
            return _local(value.strip()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise MalformedAnswer("not a time")


def staff_note(words: str) -> str:
    """Return a carrier's words short enough to show, with long numbers (phones, identity papers) taken out."""
    return _LONG_NUMBER.sub("…", words)[:_LONGEST_NOTE]


def _local(words: str) -> datetime:
    for form in _TIME_FORMATS:
        try:
            return datetime.strptime(words, form).replace(tzinfo=LOCAL)
        except ValueError:
            continue
    moment = datetime.fromisoformat(words)
    return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)
