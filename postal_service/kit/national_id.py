"""Numbers of identity papers: CMND with 9 digits, CCCD with 12."""

import re

_SHAPE = re.compile(r"^(?:\d{9}|\d{12})$", re.ASCII)


def read_national_id(typed: str) -> str | None:
    """Return the digits of a 9-digit CMND or a 12-digit CCCD, or None when it is neither."""
    digits = re.sub(r"[\s.\-]", "", typed)
    return digits if _SHAPE.match(digits) else None


def mask_national_id(number: str) -> str:
    """Write the number with its first and last three digits readable (`001******345`)."""
    return number[:3] + "*" * (len(number) - 6) + number[-3:]
