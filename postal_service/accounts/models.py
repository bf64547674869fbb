from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class ApiClient(Model):
    """A program that calls us. Its key is shown once, and only a hash of it stays here."""

    id = fields.CharField(max_length=26, primary_key=True)
    name = fields.CharField(max_length=120)
    key_hash = fields.CharField(max_length=64)
    scopes = fields.JSONField[list[str]]()
    agency = fields.CharField(max_length=40, null=True)
    """The one agency it sees; null for all."""
    created_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_client"


class Staff(Model):
    """Somebody at an agency's desk. Who leaves is closed and stays in the history."""

    id = fields.CharField(max_length=26, primary_key=True)
    username = fields.CharField(max_length=60, unique=True)
    full_name = fields.CharField(max_length=120)
    agency = fields.CharField(max_length=40)
    roles = fields.JSONField[list[str]]()
    password_hash = fields.CharField(max_length=200, null=True)
    active = fields.BooleanField()
    closed_on = fields.DateField(null=True)

    class Meta:
        table = "staff"


class PostalWorker(Model):
    """Somebody who walks a round. Who leaves is closed and stays in the history."""

    id = fields.CharField(max_length=26, primary_key=True)
    employee_code = fields.CharField(max_length=40, unique=True)
    full_name = fields.CharField(max_length=120)
    phone = fields.CharField(max_length=16)
    """E.164."""
    post_office = fields.CharField(max_length=20)
    active = fields.BooleanField()
    valid_from = fields.DateField()
    valid_to = fields.DateField(null=True)
    """The last day at work."""
    pin_hash = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "postal_worker"
        indexes = (Index(fields=("post_office", "active")),)
