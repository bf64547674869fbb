"""The second factor as a use case: try the digits, hand out a pass, know a pass again."""

from dataclasses import dataclass

from postal_service.intake.story import Story
from postal_service.kit.clock import Clock
from postal_service.tracking.second_factor import OPEN_FOR, Passes, count_try, forgive, matches, wrong_last_four
from postal_service.tracking.service import Stories

COOKIE = "tracking_pass"


@dataclass(frozen=True, slots=True)
class Access:
    """What opens more than the code alone does."""

    stories: Stories
    passes: Passes
    clock: Clock
    secure: bool
    """Whether the public address is https."""

    async def verify(self, code: str, last_four: str) -> Story | None:
        """Return the request for the right digits, None for a code nobody has.

        Raises 403 `wrong_last_four`, or 429 `locked` once five tries were wrong.
        """
        story = await self.stories.story_by_code(code)
        if story is None:
            return None
        await count_try(code, now=self.clock())
        if not matches(story, last_four):
            raise wrong_last_four()
        await forgive(code)
        return story

    async def opened(self, code: str, given: str | None) -> Story | None:
        """Return the request that a pass opens."""
        return await self.stories.story_by_code(code) if self.passes.opens(code, given) else None

    def cookie(self, code: str) -> str:
        """Return the Set-Cookie value that opens the page of this code, and no other address, for a while."""
        parts = [
            f"{COOKIE}={self.passes.issue(code)}",
            f"Path=/t/{code}",
            f"Max-Age={int(OPEN_FOR.total_seconds())}",
            "HttpOnly",
            "SameSite=Lax",
        ]
        return "; ".join([*parts, "Secure"] if self.secure else parts)
