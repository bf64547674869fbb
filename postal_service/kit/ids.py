"""Identifiers: opaque ids, the citizen's tracking code, the label code, and the postal S10 number."""

import re
import secrets
import time
from operator import mul

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {letter: value for value, letter in enumerate(CROCKFORD)}
# Two letters at a time: ids are made for every row.
_PAIRS = [first + second for first in CROCKFORD for second in CROCKFORD]
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SEPARATORS = re.compile(r"[\s\-]+")
_ID_LENGTH = 26
_TRACKING_LENGTH = 12
_TRACKING = re.compile(f"[{CROCKFORD}]{{{_TRACKING_LENGTH}}}")
_LABEL_LENGTH = 10
_S10 = re.compile(r"^([A-Z]{2})(\d{8})(\d)([A-Z]{2})$")
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def new_id() -> str:
    """Return a new opaque id: 26 characters, sortable by the millisecond it was made (a ULID)."""
    return _base32(time.time_ns() // 1_000_000, 10) + _base32(secrets.randbits(80), 16)


def is_id(text: str) -> bool:
    """Tell whether `text` can be one of our ids; what cannot is not worth a look-up."""
    return len(text) == _ID_LENGTH and text.isascii() and text.isalnum()


def new_tracking_code() -> str:
    """Return a new tracking code as people see it, like `7K2M-9QXA-4T1C`: 55 random bits and a check character."""
    body = _random(_TRACKING_LENGTH - 1)
    return show_tracking_code(body + _check_character(body))


def show_tracking_code(compact: str) -> str:
    """Write a compact code in groups of four."""
    return "-".join(compact[i : i + 4] for i in range(0, len(compact), 4))


def read_tracking_code(typed: str) -> str | None:
    """Return the code as shown, however it was typed; None when it cannot be one (a wrong check character)."""
    # Asked at every look-up: the usual form, with dashes alone, costs no regular expression but the last.
    compact = typed.replace("-", "").upper()
    if len(compact) != _TRACKING_LENGTH:
        compact = _SEPARATORS.sub("", compact)
    compact = compact.replace("O", "0").replace("I", "1").replace("L", "1")
    if not _TRACKING.fullmatch(compact) or _check_character(compact[:-1]) != compact[-1]:
        return None
    return f"{compact[:4]}-{compact[4:8]}-{compact[8:]}"


def new_label_code() -> str:
    """Return a new label code: `L` and ten characters with a check character.

    It is what envelopes, lists and the worker's page carry; it opens nothing for the one who reads it.
    """
    body = _random(_LABEL_LENGTH - 1)
    return "L" + body + _check_character(body)


def read_label_code(typed: str) -> str | None:
    """Return the label code as written on the label, or None when it cannot be one."""
    compact = _SEPARATORS.sub("", typed).upper()
    if len(compact) != _LABEL_LENGTH + 1 or compact[0] != "L":
        return None
    body = compact[1:].translate(_READ_AS)
    if any(letter not in _VALUE for letter in body) or _check_character(body[:-1]) != body[-1]:
        return None
    return "L" + body


def s10_check_digit(serial: str) -> int:
    """Return the check digit of an eight-digit serial (UPU S10: weights 8 6 4 2 3 5 9 7, modulo 11)."""
    remainder = 11 - sum(int(digit) * weight for digit, weight in zip(serial, _S10_WEIGHTS, strict=True)) % 11
    return {10: 0, 11: 5}.get(remainder, remainder)


def is_s10(number: str) -> bool:
    """Tell whether `number` is a well-formed postal item number with a right check digit (UPU S10)."""
    match = _S10.match(number)
    return match is not None and s10_check_digit(match[2]) == int(match[3])


def _check_character(body: str) -> str:
    # Position-weighted sum modulo 31, a prime over the alphabet's first 31 letters: finds every single wrong letter
    # whose values differ modulo 31, and every swap of neighbours, which are the slips people make.
    total = sum(map(mul, range(1, len(body) + 1), map(_VALUE.__getitem__, body)))
    return CROCKFORD[total % 31]


def _random(length: int) -> str:
    # One call for all letters: each is a call of the operating system.
    return _base32(secrets.randbits(5 * length), length)


def _base32(number: int, length: int) -> str:
    pairs = []
    for _ in range(0, length, 2):
        number, index = divmod(number, 1024)
        pairs.append(_PAIRS[index])
    return "".join(reversed(pairs))[-length:]
