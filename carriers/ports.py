"""What the program asks of any carrier, and in which words. No wire format is visible from here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol

from carriers.status import Direction, Effect, FailReason, MoneyStatus, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A place as people write it, with the official codes where we know them (July 2025 list)."""

    province_code: str
    province_name: str
    ward_code: str | None
    ward_name: str
    detail: str
    district_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Sender or receiver: what the carrier needs to reach them, and nothing more."""

    name: str
    phone: str
    """E.164."""
    address: Address
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest:
    """One shipment to book. `reference` is ours and unique: leg and attempt are part of it."""

    reference: str
    sender: Party
    receiver: Party
    contents: str
    """A neutral note; it never says what the papers are about."""
    weight_grams: int
    collect_at_door: bool
    """The carrier comes to the sender; otherwise the sender drops the papers at an office."""
    day_part: str | None = None
    """`morning`, `afternoon`, or None for the whole day."""
    on_day: date | None = None
    collect_from_receiver_vnd: int = 0
    """Money the receiver pays at the door. The State fee of a pickup leg is never sent this way."""
    instruction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A shipment the carrier knows."""

    item_number: str | None
    carrier_order_id: str
    reference: str
    status_code: str | None = None
    postage_vnd: int | None = None
    """What the carrier quotes, VAT included; provisional where the carrier says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmanNamed:
    """A postal worker the carrier names, when it does."""

    name: str
    phone: str | None = None
    employee_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierFact:
    """One thing a carrier says happened to one item.

    `source_id` is carrier + item + code + carrier time, so that the same fact is the same whether hooked or pulled.
    `status` is None where the code moves nothing or is unknown to us (`known` False).
    """

    source_id: str
    item_number: str | None
    reference: str | None
    code: str
    status: Status | None
    effect: Effect
    occurred_at: datetime
    known: bool = True
    direction: Direction | None = None
    """Set when the carrier itself says which way the item travels."""
    money: MoneyStatus | None = None
    reason: FailReason | None = None
    """Why a try failed, where the carrier says so."""
    place: str | None = None
    note: str | None = None
    """The carrier's own words, never a person's name."""
    postman: PostmanNamed | None = None


def source_id(carrier: str, item_number: str, code: str, occurred_at: datetime) -> str:
    """Return what makes a fact the same fact, whichever way and however often it comes (time to the second, UTC)."""
    return f"{carrier}:{item_number}:{code}:{occurred_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAnswer:
    """What became of a cancel request. Only the carrier's own status later says it is cancelled."""

    accepted: bool
    pending: bool = False
    """Taken, but waiting for somebody's approval at the carrier."""
    case_id: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookVerdict:
    """The result of checking a hook's proof. A hook that proves nothing is `proven=False` and changes nothing."""

    proven: bool
    reason: str = ""
    """A short fixed word for metrics (`ok`, `bad_signature`, `not_configured`, `malformed`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HookItem:
    """One item a hook speaks of: enough to know what to ask about, or, for a carrier without pull, the fact itself."""

    item_number: str | None
    reference: str | None
    carrier_order_id: str | None = None
    fact: CarrierFact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRequest:
    """A carrier's message as it came: nothing is parsed before it is stored."""

    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str]
    path_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HookReply:
    """What the carrier wants to hear for a message that was stored."""

    body: bytes = b'{"success":true}'
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What this carrier can do. Callers ask before they call."""

    create: bool = True
    pull: bool = True
    look_up_by_reference: bool = True
    cancel_is_request: bool = True
    labels: frozenset[str] = field(default_factory=frozenset)
    names_postman: bool = False
    says_paid_out: bool = False
    max_concurrency: int = 8


class Carrier(Protocol):
    """A carrier behind its wire format. Every call may raise the errors of `carriers.errors` and nothing else."""

    name: str
    capabilities: Capabilities

    async def create(self, request: BookingRequest) -> Booking:
        """Book one shipment. Raises `OutcomeUnknown` when the carrier may have it; never sends twice by itself."""
        ...

    async def find_by_reference(self, reference: str) -> Booking | None:
        """Return what the carrier has under our reference, or None when it surely has nothing."""
        ...

    async def track(self, item_number: str) -> list[CarrierFact]:
        """Return everything the carrier says about one item, oldest first."""
        ...

    async def cancel(self, carrier_order_id: str) -> CancelAnswer:
        """Ask the carrier to cancel."""
        ...

    async def cancel_state(self, carrier_order_id: str, case_id: str) -> CancelAnswer:
        """Ask what became of a cancel that was waiting for approval."""
        ...

    async def label_pdf(self, item_number: str) -> bytes:
        """Return the carrier's label as PDF bytes."""
        ...

    def verify_hook(self, hook: HookRequest) -> HookVerdict:
        """Check a hook's proof, in constant time, fail closed."""
        ...

    def parse_hook(self, body: bytes) -> list[HookItem]:
        """Return what a stored hook speaks of. Raises `MalformedAnswer` when it cannot be read."""
        ...

    def hook_reply(self, hook: HookRequest) -> HookReply:
        """Return the answer this carrier expects for a stored message."""
        ...

    async def probe(self) -> None:
        """Reach the carrier and sign in; raises what is wrong. For `doctor`."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
