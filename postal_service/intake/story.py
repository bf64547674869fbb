"""What the rooms above see of a request: plain values, no tables."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class RequestStatus(StrEnum):
    """Where a request is at the agency. Postal events never move it."""

    FILED = "filed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    PROCESSING = "processing"
    ADDITIONS_REQUESTED = "additions_requested"
    PAYMENT_DUE = "payment_due"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    ISSUED = "issued"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step a request took: filed, accepted, additions_requested, refused, issued, withdrawn, returned, late."""

    kind: str
    at: datetime
    detail: dict[str, Any]
    step_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One request, whole. Personal data is inside: what a reader may see of it is decided by the room that shows it."""

    request_id: str
    external_id: str
    tracking_code: str
    status: RequestStatus
    portal_status: int
    """1 to 10 in the national portal's numbering."""
    procedure: str
    procedure_name: tuple[str, str]
    """Vietnamese, English."""
    agency: str
    agency_name: tuple[str, str]
    agency_phone: str | None
    dossier_code: str | None
    copies: int
    applicant: dict[str, Any]
    """full_name, birth_date, national_id, phone, email, language."""
    agent: dict[str, Any] | None
    pickup: dict[str, Any] | None
    delivery: dict[str, Any] | None
    consent_sms: bool
    consent_email: bool
    fee_lines: list[dict[str, Any]]
    """kind, amount_vnd, due_at, why."""
    promised_on: date | None
    expected_on: date | None = None
    """When late: the new day."""
    late: bool
    missing: list[str] | None
    additions_due_on: date | None
    filed_at: datetime
    steps: tuple[Step, ...]
