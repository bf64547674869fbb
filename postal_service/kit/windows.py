"""Windows in which the post comes: one day, within its hours, on a day it works."""

from datetime import datetime, timedelta
from typing import Literal

from postal_service.kit.clock import LOCAL
from postal_service.kit.problems import FieldError
from postal_service.kit.working_days import WorkingCalendar

DayPart = Literal["morning", "afternoon", "day"]

FIRST_HOUR, LAST_HOUR = 7, 18
"""The post comes between these hours, local time."""
FARTHEST = timedelta(days=30)
_NOON = 12
_SUNDAY = 7


def day_part(start: datetime, end: datetime) -> DayPart:
    """Return which part of its day a window is, in local time."""
    begins, ends = start.astimezone(LOCAL), end.astimezone(LOCAL)
    if begins.hour >= _NOON:
        return "afternoon"
    return "morning" if (ends.hour, ends.minute) <= (_NOON, 0) else "day"


def check_window(start: datetime, end: datetime, calendar: WorkingCalendar, now: datetime, pointer: str) -> list[FieldError]:
    """Return what is wrong with a window the citizen wishes for."""
    begins, ends = start.astimezone(LOCAL), end.astimezone(LOCAL)
    day = begins.date()
    works = day.isoweekday() != _SUNDAY and not calendar.is_holiday(day)
    last = ends.hour + (1 if ends.minute or ends.second else 0)
    rules = (
        (start < end, "window_backwards", "Giờ kết thúc phải sau giờ bắt đầu.", "The window ends before it begins."),
        (ends.date() == day, "window_over_days", "Khung giờ phải nằm trong một ngày.", "The window spans several days."),
        (start > now, "window_past", "Khung giờ đã qua.", "The window is in the past."),
        (start <= now + FARTHEST, "window_too_far", "Chỉ hẹn được trong vòng 30 ngày.", "At most 30 days ahead."),
        (
            begins.hour >= FIRST_HOUR and last <= LAST_HOUR,
            "window_outside_hours",
            "Bưu tá chỉ đến trong khoảng 7 giờ đến 18 giờ.",
            "The post comes between 7:00 and 18:00.",
        ),
        (works, "window_not_working_day", "Ngày này bưu chính nghỉ.", "The post does not work on that day."),
    )
    return [FieldError(pointer, code, vi, en) for right, code, vi, en in rules if not right]
