"""The bodies of the tracking endpoints."""

from datetime import date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints


class WindowOut(BaseModel):
    """When the post comes."""

    start: AwareDatetime
    end: AwareDatetime


class StageOut(BaseModel):
    """One step of the whole way."""

    stage: Literal["filed", "collect", "to_agency", "agency", "to_citizen", "handed_over"]
    name: str
    state: Literal["done", "now", "stopped", "next"]


class TimelineOut(BaseModel):
    """One thing that happened."""

    status: str
    leg: Literal["pickup", "delivery"] | None
    text: str
    at: AwareDatetime
    place: str | None


class WorkerOut(BaseModel):
    """The postal worker on the way."""

    name: str
    employee_code: str | None
    post_office_phone: str | None


class TrackingOut(BaseModel):
    """What the code shows: masked, and nothing about what the papers are."""

    tracking_code: str
    status: str
    portal_status: int
    leg: Literal["pickup", "delivery"] | None
    status_text: str
    next_text: str
    promised_on: date | None
    late: bool
    expected_on: date | None
    window: WindowOut | None
    stages: list[StageOut]
    timeline: list[TimelineOut]
    worker: WorkerOut | None
    hotline: str | None


class VerifyIn(BaseModel):
    """The second factor."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    last_four: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]


class ReceiverOut(BaseModel):
    """Who the result is for; the phone is masked."""

    name: str
    phone: str


class PlaceOut(BaseModel):
    """An address, or a post office's counter."""

    post_office: str | None
    detail: str
    ward: str
    district: str | None
    province: str


class AddressesOut(BaseModel):
    """Where the papers are collected and where the result is brought."""

    pickup: PlaceOut | None
    delivery: PlaceOut | None


class FeeLineOut(BaseModel):
    """One amount and where it came from."""

    kind: Literal["state_fee", "postage_pickup", "postage_delivery", "subsidy"]
    amount_vnd: int
    due_at: Literal["pickup", "delivery", "paid"]
    why: str


class FeesOut(BaseModel):
    """Every line and their sum."""

    lines: list[FeeLineOut]
    total_vnd: int


class AdditionsOut(BaseModel):
    """What the agency still needs, and by when."""

    missing: list[str]
    due_on: date | None


class OpenedOut(TrackingOut):
    """What the second factor opens."""

    agency: str
    dossier_code: str | None
    receiver: ReceiverOut
    addresses: AddressesOut
    fees: FeesOut
    additions: AdditionsOut | None
    choices: list[str]
