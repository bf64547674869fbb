"""What an SMS costs: exact segments of GSM-7 and UCS-2 (3GPP TS 23.038), and text that fits the cheap alphabet."""

from dataclasses import dataclass
from enum import StrEnum

from postal_service.kit.text import nfc, unaccent

_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_EXTENSION = frozenset("^{}\\[~]|€\f")
_PLAIN = str.maketrans(
    {
        "\u00a0": " ",
        "–": "-",
        "—": "-",
        "‑": "-",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "`": "'",
        "…": "...",
        "•": "-",
        "[": "(",
        "]": ")",
        "{": "(",
        "}": ")",
        "\\": "/",
        "|": "/",
    }
)


class Encoding(StrEnum):
    """The alphabet a text travels in. One letter outside GSM-7 turns the whole message to UCS-2."""

    GSM7 = "GSM-7"
    UCS2 = "UCS-2"


_ALONE = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_PER_PART = {Encoding.GSM7: 153, Encoding.UCS2: 67}


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """What a text costs. `units` are septets in GSM-7 and UTF-16 units in UCS-2."""

    encoding: Encoding
    units: int
    segments: int


def segments(text: str) -> SegmentCount:
    """Count the segments of `text` as the network bills them, after composing its letters.

    An escaped GSM-7 character and a surrogate pair are never split over two parts, so a part may stay one unit short.
    """
    composed = nfc(text)
    encoding = Encoding.GSM7 if all(c in _GSM7 or c in _GSM7_EXTENSION for c in composed) else Encoding.UCS2
    costs = [_cost(character, encoding) for character in composed]
    units = sum(costs)
    if units <= _ALONE[encoding]:
        return SegmentCount(encoding, units, 1)
    parts, filled = 1, 0
    for cost in costs:
        if filled + cost > _PER_PART[encoding]:
            parts, filled = parts + 1, 0
        filled += cost
    return SegmentCount(encoding, units, parts)


def fits_one_segment(text: str) -> bool:
    """Tell whether `text` is paid once."""
    return segments(text).segments == 1


def plain(text: str) -> str:
    """Return `text` without tone marks in the one-septet letters of GSM-7; what has no such letter is left out."""
    return "".join(c for c in unaccent(nfc(text).translate(_PLAIN)) if c in _GSM7)


def shorten(text: str, limit: int) -> str:
    """Return `text` cut at a word to at most `limit` characters, ending in `...` where something is missing."""
    if len(text) <= limit:
        return text
    head = text[: limit - 2]
    kept = head.rsplit(" ", 1)[0] if " " in head else head[:-1]
    return kept[: limit - 3].rstrip(" ,.;:-") + "..."


def shorten_name(name: str, limit: int) -> str:
    """Return a Vietnamese name in at most `limit` characters, keeping its end: people are called by the last word."""
    words = name.split()
    while len(words) > 1 and len(" ".join(words)) > limit:
        words.pop(0)
    return " ".join(words)[:limit]


def _cost(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if character in _GSM7_EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1  # noqa: PLR2004 - the end of the basic plane
