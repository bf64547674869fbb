"""Time: stored in UTC, shown in Vietnam's local time, always aware."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")

Clock = Callable[[], datetime]
"""Returns the present time, aware. Services take one as an argument, so that a test can hold it still."""


def system_clock() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def local_date(moment: datetime) -> date:
    """Return the calendar day in Vietnam on which `moment` falls."""
    return moment.astimezone(LOCAL).date()


def rfc3339(moment: datetime) -> str:
    """Write `moment` in local time with its offset, to the second, as the API shows it."""
    return moment.astimezone(LOCAL).isoformat(timespec="seconds")
