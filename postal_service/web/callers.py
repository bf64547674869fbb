"""What the plumbing needs to know of whoever calls; who that is and what they may do is the accounts room's business."""

from collections.abc import Awaitable, Callable
from typing import Protocol

ADMIN_SCOPE = "admin"


class Caller(Protocol):
    """A program that showed a good key."""

    @property
    def client_id(self) -> str:
        """The id it is known by; fit for logs."""

    @property
    def agency(self) -> str | None:
        """The one agency it is bound to, or None for all."""

    def allows(self, scope: str) -> bool:
        """Tell whether it holds `scope`."""

    def may_see(self, agency: str) -> bool:
        """Tell whether what belongs to `agency` is its business."""


Authenticator = Callable[[str], Awaitable[Caller | None]]
"""Takes the bearer key; returns whose it is, or None."""
