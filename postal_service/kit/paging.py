"""Lists by cursor: the cursor is the id of the last row seen, opaque to the caller."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from postal_service.kit.problems import Problem

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


def read_limit(raw: str | None) -> int:
    """Return the page size asked for, 1 to 200."""
    if raw is None:
        return DEFAULT_LIMIT
    if not raw.isascii() or not raw.isdigit() or not 1 <= int(raw) <= MAX_LIMIT:
        raise Problem(422, "invalid_limit", vi="limit phải từ 1 đến 200.", en="limit must be 1 to 200.")
    return int(raw)


def read_cursor(raw: str | None) -> str | None:
    """Return the row id that a cursor stands for."""
    if not raw:
        return None
    try:
        return base64.b64decode(raw.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise Problem(422, "invalid_cursor", vi="cursor không hợp lệ.", en="The cursor is not one of ours.") from error


def page(items: Sequence[dict[str, Any]], last_id: str | None, *, more: bool) -> dict[str, Any]:
    """Return the list answer `{"items": [...], "next_cursor": ...}`."""
    cursor = base64.urlsafe_b64encode(last_id.encode()).decode() if more and last_id else None
    return {"items": list(items), "next_cursor": cursor}
