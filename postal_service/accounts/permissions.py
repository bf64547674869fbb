"""Who may do what. Scopes belong to API clients; a client bound to an agency sees that agency alone."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a key may be good for."""

    REQUESTS_WRITE = "requests:write"
    REQUESTS_READ = "requests:read"
    SHIPMENTS_WRITE = "shipments:write"
    SHIPMENTS_READ = "shipments:read"
    FEES_WRITE = "fees:write"
    FEES_READ = "fees:read"
    PARTNERS_WRITE = "partners:write"
    ADMIN = "admin"
    """Implies every other one."""


class StaffRole(StrEnum):
    """What somebody does at an agency's desk."""

    CLERK = "clerk"
    CASHIER = "cashier"
    ACCOUNTANT = "accountant"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Caller:
    """An API client that showed a good key."""

    client_id: str
    scopes: AbstractSet[str]
    agency: str | None = None

    def allows(self, scope: str) -> bool:
        """Tell whether it holds `scope`, or all of them."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def may_see(self, agency: str) -> bool:
        """Tell whether what belongs to `agency` is its business."""
        return self.agency is None or self.agency == agency
