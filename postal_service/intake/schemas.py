"""The bodies of the request endpoints. Shapes only: what a rule decides is in `rules.py`."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from postal_service.web.validation import Moment

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=120)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=160, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]{2,}$")]
BirthDate = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]
Channel = Literal["ministry_module", "provincial_portal", "national_portal", "vneid", "counter"]
FeeClass = Literal["standard", "reduced", "exempt"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AddressIn(_Body):
    """A place. With a `district` the province's code is read in the list before July 2025."""

    province: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
    ward: Text
    detail: Text
    district: Text | None = None


class WindowIn(_Body):
    """When the worker comes: a whole day, a morning or an afternoon."""

    start: Moment
    end: Moment


class ApplicantIn(_Body):
    """The citizen who asks."""

    full_name: Name
    birth_date: BirthDate
    national_id: Text
    phone: Text
    email: Email | None = None
    language: Literal["vi", "en"] = "vi"


class AgentIn(_Body):
    """Somebody who acts for the applicant."""

    full_name: Name
    national_id: Text
    relation: Text
    authorisation: Text | None = None


class PickupIn(_Body):
    """Where the papers are collected: at an address, or brought to a post office's counter."""

    address: AddressIn | None = None
    post_office: Text | None = None
    window: WindowIn | None = None


class DeliveryIn(_Body):
    """Where the result is brought."""

    address: AddressIn


class PaymentIn(_Body):
    """Money the portal has already taken."""

    paid_vnd: int = Field(ge=0, strict=True)
    paid_at: Moment
    provider: Text
    reference: Text
    receipt_no: Text | None = None


class ConsentIn(_Body):
    """What the citizen agreed to, and to which version of the words."""

    sms: bool
    email: bool
    version: Text


class RequestIn(_Body):
    """An online request as a portal files it."""

    external_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    channel: Channel
    procedure: Text
    agency: Text
    dossier_code: Text | None = None
    copies: int = Field(default=1, ge=1, le=100, strict=True)
    fee_class: FeeClass = "standard"
    fee_reason: Annotated[Text, Field(max_length=160)] | None = None
    foreign_or_many_residences: bool = False
    applicant: ApplicantIn
    agent: AgentIn | None = None
    pickup: PickupIn | None = None
    payment: PaymentIn | None = None
    delivery: DeliveryIn | None = None
    consent: ConsentIn


class AcceptIn(_Body):
    """The agency has a valid dossier, and the one-stop system gave it a code."""

    dossier_code: Text
    appointment_no: Annotated[Text, Field(max_length=60)] | None = None


class RefuseIn(_Body):
    """The agency cannot take the dossier (form 03)."""

    reason: Text


class AdditionsIn(_Body):
    """What is missing, and by when it has to come (form 02)."""

    missing: list[Text] = Field(min_length=1, max_length=30)
    due_on: date


class IssueIn(_Body):
    """The certificate is made."""

    paper: bool = True
    copies: int = Field(ge=1, le=100, strict=True)


class WithdrawIn(_Body):
    """The citizen takes the request back."""

    reason: Text


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


class RequestOut(BaseModel):
    """A request as its API client sees it."""

    id: str
    external_id: str
    tracking_code: str
    tracking_url: str
    status: str
    portal_status: int
    dossier_code: str | None
    appointment_no: str | None
    procedure: str
    agency: str
    channel: str
    copies: int
    fees: FeesOut
    shipments: list[dict[str, Any]]
    promised_on: date | None
    missing: list[str] | None
    additions_due_on: date | None
    filed_at: AwareDatetime
