"""What other rooms see of a shipment: plain values, no tables."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from carriers.status import Direction, IdentityStatus, Leg, MoneyStatus, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """The postal worker last named for a shipment."""

    name: str
    phone: str | None
    employee_code: str | None
    post_office: str | None
    post_office_phone: str | None
    source: str | None
    """`carrier:<name>`, `system` (our territory table), `client` or `scan`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderView:
    """Who has the papers."""

    kind: str
    name: str | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One entry of the timeline."""

    id: str
    status: Status | None
    """The state it led to, or the carrier's canonical word where it moved nothing."""
    occurred_at: datetime
    received_at: datetime
    source: str
    place: str | None
    note: str | None
    reason: str | None
    effective: bool
    mark: str | None
    """Why it is not effective: repeat, illegal, unknown, info, money."""
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentView:
    """One leg, whole."""

    id: str
    request_id: str
    agency: str
    leg: Leg
    number: int
    """Which visit of this leg."""
    uncollected: bool
    """The papers are still with the sender, and nobody has to come if nobody is wanted."""
    carrier: str | None
    item_number: str | None
    label_code: str
    status: Status
    direction: Direction
    money_status: MoneyStatus
    identity_status: IdentityStatus
    custody: HolderView
    worker: WorkerView | None
    window: tuple[datetime, datetime] | None
    attempts: int
    promised_on: date | None
    closed: bool
    sender: dict[str, Any]
    receiver: dict[str, Any]
    events: tuple[EventView, ...]
