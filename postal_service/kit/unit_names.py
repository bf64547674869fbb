"""Finding a unit by its name as people write it: `Phường Ba Đình`, `P. Ba Đình`, `ba dinh`, `Q.1`."""

import re
from collections import defaultdict
from difflib import get_close_matches
from typing import Generic, TypeVar

from postal_service.kit.text import squeeze, unaccent

T = TypeVar("T")

_SHORT_KINDS = {
    "p": "phuong",
    "x": "xa",
    "tt": "thi tran",
    "dk": "dac khu",
    "q": "quan",
    "h": "huyen",
    "tx": "thi xa",
    "tp": "thanh pho",
}
_KIND = re.compile(
    r"(thanh pho|tinh|thi tran|thi xa|dac khu|phuong|huyen|quan|xa|tp|tt|tx|dk|[pxqh])(?:[.\s]+|(?=\d))(?=\w)", re.ASCII
)
_LEADING_ZERO = re.compile(r"\b0+(?=\d)")
_NOT_IN_KEY = re.compile(r"[^a-z0-9]")


class NameIndex(Generic[T]):
    """Units of one level within one parent, found by name with or without its kind and its tone marks."""

    def __init__(self) -> None:
        self._by_key: defaultdict[str, list[tuple[str, str, T]]] = defaultdict(list)
        self._by_former: dict[str, T] = {}

    def add(self, unit: T, name: str, kind: str, former: tuple[str, ...] = ()) -> None:
        """Add a unit (`Phường Ba Đình`, `Phường`) and the keys of names it took over from others long ago."""
        bare = squeeze(name).casefold().removeprefix(kind.casefold()).strip()
        self._by_key[_key(unaccent(bare))].append((bare, unaccent(kind).lower(), unit))
        for key in former:
            self._by_former.setdefault(key, unit)

    @property
    def units(self) -> tuple[T, ...]:
        """Every unit of the index."""
        return tuple(unit for entries in self._by_key.values() for _, _, unit in entries)

    def find(self, typed: str) -> tuple[T, ...]:
        """Return the units meant by `typed`: none, one, or those it cannot tell apart."""
        written = squeeze(typed).casefold()
        plain = unaccent(written)
        kind, bare = _split_kind(plain)
        # Whole first: a few names begin with a word that is also a kind (`Phường Đúc`).
        entries = self._by_key.get(_key(plain)) or self._by_key.get(_key(bare))
        if entries is None:
            former = self._by_former.get(_key(bare))
            return () if former is None else (former,)
        if len(entries) > 1 and written != plain:
            entries = [entry for entry in entries if written.endswith(entry[0])] or entries
        if len(entries) > 1 and kind:
            entries = [entry for entry in entries if entry[1] == kind] or entries
        return tuple(unit for _, _, unit in entries)

    def suggest(self, typed: str, limit: int = 3) -> tuple[T, ...]:
        """Return the units whose names come nearest to what was typed, best first."""
        _, bare = _split_kind(unaccent(squeeze(typed).casefold()))
        near = get_close_matches(_key(bare), self._by_key, n=limit)
        return tuple(unit for key in near for _, _, unit in self._by_key[key])[:limit]


def _split_kind(plain: str) -> tuple[str, str]:
    match = _KIND.match(plain)
    if match is None:
        return "", plain
    return _SHORT_KINDS.get(match[1], match[1]), plain[match.end() :]


def _key(plain: str) -> str:
    return _NOT_IN_KEY.sub("", _LEADING_ZERO.sub("", plain))
