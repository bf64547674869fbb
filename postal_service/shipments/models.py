from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from carriers.status import Direction, IdentityStatus, MoneyStatus


class PostOffice(Model):
    """A post office (bưu cục) with the place it serves from."""

    code = fields.CharField(max_length=32, primary_key=True)
    name = fields.CharField(max_length=160)
    province = fields.CharField(max_length=2)
    ward = fields.CharField(max_length=160)
    ward_code = fields.CharField(max_length=8, null=True)
    lat = fields.FloatField(null=True)
    lon = fields.FloatField(null=True)
    phone = fields.CharField(max_length=20, null=True)
    closed_on = fields.DateField(null=True)

    class Meta:
        table = "post_office"
        indexes = (Index(fields=("province",)),)


class DeliveryRound(Model):
    """Who serves a ward on which weekdays: one dated row of the territory table."""

    id = fields.CharField(max_length=26, primary_key=True)
    province = fields.CharField(max_length=2)
    ward_code = fields.CharField(max_length=8)
    post_office = fields.CharField(max_length=32)
    name = fields.CharField(max_length=80)
    employee_code = fields.CharField(max_length=32)
    weekdays = fields.CharField(max_length=7)
    """Digits 1 (Monday) to 7."""
    valid_from = fields.DateField()
    valid_to = fields.DateField(null=True)

    class Meta:
        table = "delivery_round"
        indexes = (Index(fields=("ward_code", "valid_from")), Index(fields=("employee_code",)))


class Shipment(Model):
    """One leg with one carrier. Its columns below `status` are the fold of its events, kept for look-ups."""

    id = fields.CharField(max_length=26, primary_key=True)
    request_id = fields.CharField(max_length=26)
    agency = fields.CharField(max_length=40)
    leg = fields.CharField(max_length=10)
    attempt_no = fields.IntField(default=1)
    """Which booking of this leg; a deliberate re-book is the next number and a new reference."""
    carrier = fields.CharField(max_length=20, null=True)
    reference = fields.CharField(max_length=40, unique=True)
    """Ours, on the carrier's side: leg and attempt are part of it."""
    item_number = fields.CharField(max_length=40, null=True)
    carrier_order_id = fields.CharField(max_length=64, null=True)
    label_code = fields.CharField(max_length=11, unique=True)
    booking = fields.CharField(max_length=20)
    booking_tried_at = fields.DatetimeField(null=True)
    sender = fields.JSONField[dict[str, Any]]()
    receiver = fields.JSONField[dict[str, Any]]()
    collect_at_door = fields.BooleanField(default=True)
    contents = fields.CharField(max_length=80)
    window_start = fields.DatetimeField(null=True)
    window_end = fields.DatetimeField(null=True)

    status = fields.CharField(max_length=30)
    direction = fields.CharField(max_length=10, default=Direction.FORWARD.value)
    money_status = fields.CharField(max_length=24, default=MoneyStatus.NONE.value)
    identity_status = fields.CharField(max_length=16, default=IdentityStatus.NOT_REQUIRED.value)
    holder_kind = fields.CharField(max_length=12)
    holder_name = fields.CharField(max_length=160, null=True)
    holder_since = fields.DatetimeField()
    worker_name = fields.CharField(max_length=120, null=True)
    worker_phone = fields.CharField(max_length=20, null=True)
    worker_employee_code = fields.CharField(max_length=32, null=True)
    worker_post_office = fields.CharField(max_length=32, null=True)
    worker_source = fields.CharField(max_length=40, null=True)
    attempts = fields.IntField(default=0)
    promised_on = fields.DateField(null=True)
    closed = fields.BooleanField(default=False)

    next_pull_at = fields.DatetimeField(null=True)
    last_pull_at = fields.DatetimeField(null=True)
    pull_failures = fields.IntField(default=0)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "shipment"
        indexes = (
            Index(fields=("request_id",)),
            Index(fields=("item_number",)),
            Index(fields=("next_pull_at",)),
            Index(fields=("worker_employee_code", "closed")),
        )


class ShipmentEvent(Model):
    """One fact about one shipment, as it was told. Appended, never changed: what it means is the fold's business."""

    id = fields.CharField(max_length=26, primary_key=True)
    shipment: fields.ForeignKeyRelation[Shipment] = fields.ForeignKeyField(
        "postal.Shipment", related_name="events", on_delete=fields.OnDelete.RESTRICT
    )
    source = fields.CharField(max_length=40)
    source_id = fields.CharField(max_length=160)
    code = fields.CharField(max_length=40, null=True)
    """The carrier's own code, kept as evidence."""
    status = fields.CharField(max_length=30, null=True)
    effect = fields.CharField(max_length=10)
    known = fields.BooleanField(default=True)
    direction = fields.CharField(max_length=10, null=True)
    occurred_at = fields.DatetimeField()
    device_at = fields.DatetimeField(null=True)
    received_at = fields.DatetimeField()
    reason = fields.CharField(max_length=60, null=True)
    place = fields.CharField(max_length=160, null=True)
    note = fields.CharField(max_length=300, null=True)
    worker = fields.JSONField[dict[str, Any]](null=True)
    money = fields.CharField(max_length=24, null=True)
    identity = fields.CharField(max_length=16, null=True)
    seal = fields.CharField(max_length=40, null=True)
    correction = fields.BooleanField(default=False)

    class Meta:
        table = "shipment_event"
        unique_together = (("source", "source_id"),)
        # Neither engine makes one for a foreign key by itself.
        indexes = (Index(fields=("shipment_id",)),)


class CarrierMessage(Model):
    """A carrier's message exactly as it came, stored before anything reads it."""

    id = fields.CharField(max_length=26, primary_key=True)
    carrier = fields.CharField(max_length=20)
    received_at = fields.DatetimeField()
    body = fields.BinaryField()
    headers = fields.JSONField[dict[str, str]]()
    fingerprint = fields.CharField(max_length=64)
    """SHA-256 of the body; the same message twice is two rows with one fingerprint."""
    handled_at = fields.DatetimeField(null=True)
    result = fields.CharField(max_length=60, null=True)

    class Meta:
        table = "carrier_message"
        indexes = (Index(fields=("carrier", "received_at")), Index(fields=("fingerprint",)))


class ReviewItem(Model):
    """Something a person has to look at. One of a kind for a shipment and a fact."""

    id = fields.CharField(max_length=26, primary_key=True)
    shipment_id = fields.CharField(max_length=26, null=True)
    agency = fields.CharField(max_length=40, null=True)
    kind = fields.CharField(max_length=40)
    key = fields.CharField(max_length=200, unique=True)
    detail = fields.CharField(max_length=300)
    created_at = fields.DatetimeField()
    resolved_at = fields.DatetimeField(null=True)
    resolution = fields.CharField(max_length=300, null=True)

    class Meta:
        table = "review_item"
        indexes = (Index(fields=("shipment_id",)),)
