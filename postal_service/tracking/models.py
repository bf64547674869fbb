from tortoise import fields
from tortoise.models import Model


class TrackingView(Model):
    """What the tracking code shows, ready to be sent. A copy: it can be thrown away and made anew."""

    code = fields.CharField(max_length=14, primary_key=True)
    request_id = fields.CharField(max_length=26)
    version = fields.BigIntField()
    vi = fields.TextField()
    en = fields.TextField()

    class Meta:
        table = "tracking_view"


class TrackingLock(Model):
    """Wrong second factors for a code, and until when it is locked."""

    code = fields.CharField(max_length=14, primary_key=True)
    failures = fields.IntField(default=0)
    locked_until = fields.DatetimeField(null=True)

    class Meta:
        table = "tracking_lock"
