"""The canonical logistics states every carrier's codes are mapped to, and what a code may do."""

from enum import StrEnum


class Status(StrEnum):
    """Where a shipment is, in words that fit every carrier. The values are what the API shows."""

    DRAFT = "draft"
    SUBMITTING = "submitting"
    SUBMIT_UNKNOWN = "submit_unknown"
    SUBMIT_REJECTED = "submit_rejected"
    CREATED = "created"
    PICKUP_ASSIGNED = "pickup_assigned"
    PICKUP_IN_PROGRESS = "pickup_in_progress"
    PICKUP_FAILED = "pickup_failed"
    PICKED_UP = "picked_up"
    AT_ORIGIN = "at_origin"
    IN_TRANSIT = "in_transit"
    AT_DESTINATION = "at_destination"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_COLLECTION = "available_for_collection"
    DELIVERY_FAILED = "delivery_failed"
    DELIVERED = "delivered"
    RETURN_PENDING = "return_pending"
    RETURNING = "returning"
    RETURN_FAILED = "return_failed"
    RETURNED = "returned"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELLED = "cancelled"
    EXCEPTION = "exception"
    DAMAGED = "damaged"
    LOST = "lost"
    DESTROYED = "destroyed"


class Direction(StrEnum):
    """Which way the papers travel. It is decided before a code is read: on the way back, forward words mean the return."""

    FORWARD = "forward"
    RETURN = "return"


class Effect(StrEnum):
    """What a carrier's code may do."""

    MOVES = "moves"
    """Moves the logistics state."""
    MONEY = "money"
    """Tells of money only; never a proof of where the papers are."""
    INFO = "info"
    """Is kept in the history and moves nothing."""
    REVIEW = "review"
    """Moves the state where one is named, and asks a person to look."""


class MoneyStatus(StrEnum):
    """Where the money of a shipment is; a dimension of its own (carriers move papers, receipts move money)."""

    NONE = "none"
    DUE = "due"
    COLLECTED_REPORTED = "collected_reported"
    COLLECTED_CONFIRMED = "collected_confirmed"
    REMITTED = "remitted"
    RECONCILED = "reconciled"
    DISPUTED = "disputed"
    WAIVED = "waived"
    REFUNDED = "refunded"


class IdentityStatus(StrEnum):
    """Whether the person at the door was who they had to be."""

    NOT_REQUIRED = "not_required"
    PENDING = "pending"
    VERIFIED = "verified"
    MISMATCH = "mismatch"
    REFUSED = "refused"


class Leg(StrEnum):
    """Which journey: citizen to agency, agency to citizen, or between offices."""

    PICKUP = "pickup"
    DELIVERY = "delivery"
    TRANSFER = "transfer"


class FailReason(StrEnum):
    """Why a try failed, as far as anybody said. Told to the citizen in words of ours."""

    ABSENT = "absent"
    UNREACHABLE = "unreachable"
    RESCHEDULED = "rescheduled"
    WRONG_ADDRESS = "wrong_address"
    PAPERS_INCOMPLETE = "papers_incomplete"
    IDENTITY_MISMATCH = "identity_mismatch"
    NOT_THE_RECEIVER = "not_the_receiver"
    REFUSED = "refused"
    NO_MONEY = "no_money"
    AGENCY_CLOSED = "agency_closed"
    WORKER_DELAYED = "worker_delayed"
    WEATHER = "weather"
    OTHER = "other"
