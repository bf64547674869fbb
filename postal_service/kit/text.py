"""Vietnamese text: composed letters, and the same text without tone marks."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")


def nfc(text: str) -> str:
    """Return `text` with composed letters, so that equal words compare equal."""
    return unicodedata.normalize("NFC", text)


def unaccent(text: str) -> str:
    """Return Vietnamese text in plain ASCII letters (`Đà Nẵng` → `Da Nang`); other characters stay."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not unicodedata.combining(c)))


def squeeze(text: str) -> str:
    """Return `text` composed, trimmed, with single spaces."""
    return _SPACES.sub(" ", nfc(text)).strip()
