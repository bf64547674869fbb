from enum import StrEnum

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class JobState(StrEnum):
    """Where a piece of work is."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    """Tried in vain, or not to be tried again by itself: a person looks and may retry it."""


class OutboxJob(Model):
    """One piece of work. Claimed by a conditional UPDATE, and free again when its lease ran out."""

    id = fields.BigIntField(primary_key=True)
    topic = fields.CharField(max_length=64)
    payload = fields.JSONField[dict[str, object]]()
    dedupe_key = fields.CharField(max_length=160, null=True, unique=True)
    state = fields.CharField(max_length=8, default=JobState.READY.value)
    not_before = fields.DatetimeField()
    attempts = fields.IntField(default=0)
    owner = fields.CharField(max_length=64, null=True)
    lease_until = fields.DatetimeField(null=True)
    last_error = fields.CharField(max_length=300, null=True)
    created_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "outbox_job"
        indexes = (Index(fields=("state", "not_before")),)


class ChangeHead(Model):
    """How often a subject (a request) has changed. Pages compare it with the version they show."""

    subject = fields.CharField(max_length=26, primary_key=True)
    version = fields.BigIntField()

    class Meta:
        table = "change_head"
