from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class IdempotencyState(StrEnum):
    """Where a request with an Idempotency-Key is."""

    RUNNING = "running"
    DONE = "done"


class IdempotencyRecord(Model):
    """One key of one client, and the answer it was given.

    The id changes hands when a crashed request is taken over, so that the one who lost it can no longer write an answer.
    """

    id = fields.CharField(max_length=26, primary_key=True)
    client_id = fields.CharField(max_length=26)
    key = fields.CharField(max_length=255)
    request_hash = fields.CharField(max_length=64)
    state = fields.CharField(max_length=8)
    status = fields.SmallIntField(null=True)
    media_type = fields.CharField(max_length=100, null=True)
    body = fields.BinaryField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "idempotency_record"
        unique_together = (("client_id", "key"),)
        indexes = (Index(fields=("created_at",)),)
