from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Request(Model):
    """One online request, with the rules it was filed under and everything asked of the post."""

    id = fields.CharField(max_length=26, primary_key=True)
    client_id = fields.CharField(max_length=26)
    external_id = fields.CharField(max_length=64)
    body_hash = fields.CharField(max_length=64)
    tracking_code = fields.CharField(max_length=14, unique=True)
    channel = fields.CharField(max_length=20)
    procedure = fields.CharField(max_length=40)
    agency = fields.CharField(max_length=40)
    dossier_code = fields.CharField(max_length=60, null=True)
    appointment_no = fields.CharField(max_length=60, null=True)
    copies = fields.IntField()
    fee_class = fields.CharField(max_length=10)
    fee_reason = fields.CharField(max_length=160, null=True)
    foreign_or_many_residences = fields.BooleanField()
    applicant = fields.JSONField[dict[str, Any]]()
    agent = fields.JSONField[dict[str, Any]](null=True)
    pickup = fields.JSONField[dict[str, Any]](null=True)
    delivery = fields.JSONField[dict[str, Any]](null=True)
    payment = fields.JSONField[dict[str, Any]](null=True)
    consent = fields.JSONField[dict[str, Any]]()
    status = fields.CharField(max_length=24)
    fee_lines = fields.JSONField[list[dict[str, Any]]]()
    rules_version = fields.CharField(max_length=40)
    limit_working_days = fields.IntField()
    promised_on = fields.DateField(null=True)
    late_told_for = fields.DateField(null=True)
    """The promised day whose passing was already told."""
    expected_on = fields.DateField(null=True)
    """The new day, once the promised one has passed."""
    missing = fields.JSONField[list[str]](null=True)
    additions_due_on = fields.DateField(null=True)
    reason = fields.CharField(max_length=300, null=True)
    filed_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "request"
        unique_together = (("client_id", "external_id"),)
        indexes = (
            Index(fields=("agency", "status")),
            Index(fields=("external_id",)),
            Index(fields=("status", "promised_on")),
        )


class RequestEvent(Model):
    """One step of a request: what, when, by whom. Appended, never changed: the legal clock is counted from these."""

    id = fields.CharField(max_length=26, primary_key=True)
    request: fields.ForeignKeyRelation[Request] = fields.ForeignKeyField(
        "postal.Request", related_name="events", on_delete=fields.OnDelete.RESTRICT
    )
    kind = fields.CharField(max_length=24)
    at = fields.DatetimeField()
    actor = fields.CharField(max_length=60)
    detail = fields.JSONField[dict[str, Any]]()

    class Meta:
        table = "request_event"
        # Neither engine makes one for a foreign key by itself.
        indexes = (Index(fields=("request_id",)),)
