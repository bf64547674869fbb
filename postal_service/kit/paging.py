"""Lists by cursor: the cursor is the id of the last row seen, opaque to the caller."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from postal_service.kit.ids import is_id
from postal_service.kit.problems import Problem

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


def read_cursor(raw: str | None) -> str | None:
    """Return the row id that a cursor stands for."""
    if not raw:
        return None
    try:
        row_id = base64.b64decode(raw.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        row_id = ""
    if not is_id(row_id):
        raise Problem(422, "invalid_cursor", vi="cursor không hợp lệ.", en="The cursor is not one of ours.")
    return row_id


def page(items: Sequence[dict[str, Any]], last_id: str | None, *, more: bool) -> dict[str, Any]:
    """Return the list answer `{"items": [...], "next_cursor": ...}`."""
    cursor = base64.urlsafe_b64encode(last_id.encode()).decode() if more and last_id else None
    return {"items": list(items), "next_cursor": cursor}
