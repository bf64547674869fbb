from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class Message(Model):
    """One text to one person over one channel, about one state and attempt. Its row is what makes it be told once."""

    id = fields.CharField(max_length=26, primary_key=True)
    request_id = fields.CharField(max_length=26)
    scope = fields.CharField(max_length=26)
    """The shipment or the request whose state is told."""
    event = fields.CharField(max_length=32)
    attempt = fields.IntField()
    fact = fields.CharField(max_length=201)
    """The fact that made the state true; a fact is told once, whatever attempt it later turns out to be."""
    channel = fields.CharField(max_length=8)
    language = fields.CharField(max_length=2)
    recipient = fields.CharField(max_length=160)
    subject = fields.CharField(max_length=200, null=True)
    text = fields.TextField()
    html = fields.TextField(null=True)
    state = fields.CharField(max_length=12)
    """queued, sent, captured, delivered, failed, refused, uncertain or dropped."""
    provider = fields.CharField(max_length=20, null=True)
    provider_id = fields.CharField(max_length=64, null=True)
    code = fields.CharField(max_length=20, null=True)
    receipt_rank = fields.IntField(default=0)
    segments = fields.IntField(null=True)
    tries = fields.IntField(default=0)
    trying_since = fields.DatetimeField(null=True)
    """Set in a commit of its own before a provider is called: after a crash it says the outcome is unknown."""
    created_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "message"
        unique_together = (("scope", "event", "attempt", "channel"), ("scope", "fact", "channel"))
        indexes = (
            Index(fields=("request_id",)),
            Index(fields=("provider_id",)),
            Index(fields=("recipient", "sent_at")),
        )


class CapturedMessage(Model):
    """A message that was kept instead of sent, for the demo's inbox."""

    message_id = fields.CharField(max_length=26, primary_key=True)
    channel = fields.CharField(max_length=8)
    recipient = fields.CharField(max_length=160)
    subject = fields.CharField(max_length=200, null=True)
    text = fields.TextField()
    html = fields.TextField(null=True)
    kept_at = fields.DatetimeField()

    class Meta:
        table = "captured_message"
        indexes = (Index(fields=("kept_at",)),)
