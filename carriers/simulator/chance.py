"""Chance that repeats: the same seed and the same words always give the same number."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_BYTES = 8
_BEYOND = 1 << 8 * _BYTES


def draw(seed: int, *words: object) -> float:
    """Return a number from 0 up to 1, decided by the seed and the words alone."""
    return int.from_bytes(digest(seed, *words)[:_BYTES], "big") / _BEYOND


def pick(weights: Mapping[T, float], seed: int, *words: object) -> T:
    """Return one of the keys, each as likely as its weight."""
    mark = draw(seed, *words) * sum(weights.values())
    for key, weight in weights.items():
        mark -= weight
        if mark < 0:
            return key
    return next(reversed(list(weights)))


def digest(seed: int, *words: object) -> bytes:
    """Return 16 bytes decided by the seed and the words alone."""
    return blake2b("\x1f".join(map(str, (seed, *words))).encode(), digest_size=16).digest()
