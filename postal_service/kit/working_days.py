"""Working days of State offices: weekly rest, public holidays, and the days the government swaps each year."""

from collections.abc import Iterable
from datetime import date, timedelta

_WEEKEND = (6, 7)
_DAY = timedelta(days=1)


class WorkingCalendar:
    """Which days are worked.

    `years` are those whose holidays are known. In another year only the weekly rest counts: a promise made then may be
    a few days early, which is why `doctor` warns when the year to come is missing.
    """

    def __init__(
        self,
        *,
        years: Iterable[int],
        days_off: Iterable[date],
        worked_rest_days: Iterable[date] = (),
        weekly_rest: Iterable[int] = _WEEKEND,
    ) -> None:
        """Take the days off (holidays, days in lieu, days swapped), the rest days worked instead, ISO weekdays of rest."""
        self.years = frozenset(years)
        self._days_off = frozenset(days_off)
        self._worked_rest_days = frozenset(worked_rest_days)
        self._weekly_rest = frozenset(weekly_rest)

    def is_working_day(self, day: date) -> bool:
        """Tell whether State offices work on that day."""
        if day in self._days_off:
            return False
        return day.isoweekday() not in self._weekly_rest or day in self._worked_rest_days

    def is_holiday(self, day: date) -> bool:
        """Tell whether that day is off for everybody, beside the weekly rest."""
        return day in self._days_off

    def add_working_days(self, start: date, count: int) -> date:
        """Return the `count`-th working day after `start`, whose own day is not counted.

        With a count of 0 it is `start` when worked, else the next working day.
        """
        if count == 0:
            return self._first_worked(start)
        day = start
        for _ in range(count):
            day = self._first_worked(day + _DAY)
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """Return how many working days lie after `start` up to and including `end`; negative when `end` is earlier."""
        if end < start:
            return -self.working_days_between(end, start)
        return sum(self.is_working_day(start + offset * _DAY) for offset in range(1, (end - start).days + 1))

    def _first_worked(self, day: date) -> date:
        while not self.is_working_day(day):
            day += _DAY
        return day
