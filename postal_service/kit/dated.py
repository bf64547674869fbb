"""Rules that hold from one day to another, both included. None is open-ended."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol, TypeVar


class Dated(Protocol):
    """Something with days of validity."""

    @property
    def valid_from(self) -> date | None:
        """The first day."""

    @property
    def valid_to(self) -> date | None:
        """The last day."""


D = TypeVar("D", bound=Dated)


def holds(rule: Dated, on: date) -> bool:
    """Tell whether `rule` is in force on that day."""
    return (rule.valid_from or date.min) <= on <= (rule.valid_to or date.max)


def first_in_force(rules: Iterable[D], on: date) -> D | None:
    """Return the first of `rules` in force on that day."""
    return next((rule for rule in rules if holds(rule, on)), None)
