"""Who has the code and knows the last four digits of the phone or the ID may see more, for a quarter of an hour.

Five wrong answers lock the code for as long. Each try is counted before it is compared, so that a thousand guesses sent
at once are five guesses as well.
"""

import hmac
import math
from datetime import UTC, datetime, timedelta

from postal_service.intake.story import Story
from postal_service.kit.clock import Clock
from postal_service.kit.problems import Problem
from postal_service.storage.transactions import transaction
from postal_service.tracking import queries
from postal_service.tracking.models import TrackingLock

TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
OPEN_FOR = timedelta(minutes=15)
_DIGITS = 4


def matches(story: Story, last_four: str) -> bool:
    """Tell whether these are the last four digits of the applicant's phone or ID, taking the same time either way."""
    known = (story.applicant.get("phone") or "", story.applicant.get("national_id") or "")
    # Both are always compared.
    results = [hmac.compare_digest(value[-_DIGITS:].encode(), last_four.encode()) for value in known]
    return len(last_four) == _DIGITS and any(results)


async def count_try(code: str, *, now: datetime) -> None:
    """Count one more try of a code. Raises 429 `locked` when it has none left."""
    async with transaction():
        await queries.open_lock(code)
        lock = await TrackingLock.select_for_update().get(code=code)
        if lock.locked_until is not None:
            if lock.locked_until > now:
                raise _locked(lock.locked_until - now)
            lock.failures, lock.locked_until = 0, None
        lock.failures += 1
        if lock.failures >= TRIES:
            lock.locked_until = now + LOCKED_FOR
        await lock.save()


async def forgive(code: str) -> None:
    """Forget the tries of a code whose holder has answered rightly."""
    await TrackingLock.filter(code=code).delete()


def _locked(remaining: timedelta) -> Problem:
    seconds = math.ceil(remaining.total_seconds())
    minutes = math.ceil(seconds / 60)
    return Problem(
        429,
        "locked",
        vi=f"Đã nhập sai quá nhiều lần. Vui lòng thử lại sau {minutes} phút.",
        en=f"Too many wrong answers. Please try again in {minutes} minutes.",
        headers={"Retry-After": str(seconds)},
    )


def wrong_last_four() -> Problem:
    """Return the refusal of a wrong answer."""
    return Problem(
        403,
        "wrong_last_four",
        vi="Bốn số cuối chưa đúng.",
        en="The last four digits are not right.",
    )


class Passes:
    """Signed proofs of the second factor, each good for one code and a quarter of an hour."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def issue(self, code: str) -> str:
        """Return a new pass."""
        until = str(int((self._clock() + OPEN_FOR).timestamp()))
        return f"{until}.{self._signature(code, until)}"

    def opens(self, code: str, given: str | None) -> bool:
        """Tell whether `given` is a pass of ours for this code that has not run out."""
        until, _, signature = (given or "").partition(".")
        expected = self._signature(code, until)
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), expected.encode()):
            return False
        return datetime.fromtimestamp(int(until), UTC) > self._clock()

    def _signature(self, code: str, until: str) -> str:
        message = f"tracking pass {code} {until}".encode("utf-8", "replace")
        return hmac.digest(self._key, message, "sha256").hex()
