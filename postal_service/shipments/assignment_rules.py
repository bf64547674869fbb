"""Which worker comes, and when. Pure: rounds, offices, workers, distances and loads come as values."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol, TypeVar

from postal_service.kit.clock import LOCAL
from postal_service.kit.dated import holds

Window = tuple[datetime, datetime]

AS_NEAR_KM = 1.0
"""Offices this much farther than the nearest count as equally near: positions are often only the ward's middle."""
_WORKDAY = (time(7, 30), time(17, 30))
_WEEK = 7
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One dated row of the territory table. `weekdays` are digits 1 (Monday) to 7."""

    name: str
    post_office: str
    employee_code: str
    weekdays: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A post office; `closed_on` is the first day it is closed. A position is in degrees."""

    code: str
    name: str
    lat: float | None
    lon: float | None
    closed_on: date | None

    def open_on(self, day: date) -> bool:
        """Tell whether it is open on that day."""
        return self.closed_on is None or day < self.closed_on


class Worker(Protocol):
    """What we need to know of a postal worker."""

    @property
    def employee_code(self) -> str:
        """The staff number."""

    @property
    def post_office(self) -> str:
        """The code of the office they go out from."""

    @property
    def active(self) -> bool:
        """Whether they are at work."""


W = TypeVar("W", bound=Worker)


def open_rounds(rounds: Iterable[Round], offices: Mapping[str, Office], day: date) -> list[Round]:
    """Return the rounds whose office is known and open on that day."""
    return [each for each in rounds if each.post_office in offices and offices[each.post_office].open_on(day)]


def round_on(rounds: Iterable[Round], day: date) -> Round | None:
    """Return the round that runs on that day; the one begun last where rows overlap."""
    running = [each for each in rounds if holds(each, day) and str(day.isoweekday()) in each.weekdays]
    return max(running, key=lambda each: (each.valid_from, each.employee_code), default=None)


def next_run(rounds: Sequence[Round], after: date) -> date | None:
    """Return the first day of the week after `after` on which one of the rounds runs.

    None when none does: a round that only begins later is no promise for somebody who waits now.
    """
    days = (after + offset * _DAY for offset in range(1, _WEEK + 1))
    return next((day for day in days if round_on(rounds, day)), None)


def nearest_first(offices: Iterable[Office], km: Mapping[str, float], day: date) -> list[list[Office]]:
    """Return the open offices whose distance is known in groups of equally near ones, the nearest group first."""
    groups: list[list[Office]] = []
    reach = 0.0
    measured = [office for office in offices if office.code in km and office.open_on(day)]
    for office in sorted(measured, key=lambda office: (km[office.code], office.code)):
        if groups and km[office.code] <= reach:
            groups[-1].append(office)
        else:
            groups.append([office])
            reach = km[office.code] + AS_NEAR_KM
    return groups


def least_busy(groups: Iterable[Sequence[Office]], workers: Iterable[W], load: Mapping[str, int]) -> W | None:
    """Return the worker with the least work among those of the first group that has any at work.

    `load` counts the stops each has on that day, by staff number. Equals are told apart by the nearer office, then by
    staff number, so the same question has the same answer.
    """
    at_work = [worker for worker in workers if worker.active]
    for group in groups:
        order = {office.code: place for place, office in enumerate(group)}
        there = [worker for worker in at_work if worker.post_office in order]
        if there:
            return min(there, key=lambda w: (load.get(w.employee_code, 0), order[w.post_office], w.employee_code))
    return None


def whole_day(day: date) -> Window:
    """Return the hours in which a worker comes on that day."""
    start, end = (datetime.combine(day, moment, tzinfo=LOCAL) for moment in _WORKDAY)
    return start, end
