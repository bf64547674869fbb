"""What the database itself refuses: impossible states, and changes to what is only ever appended."""

from typing import Any

from tortoise import migrations
from tortoise.migrations import operations as ops

from postal_service.storage.guards import append_only, check


async def add_guards(_apps: Any, editor: Any) -> None:
    await check(editor, "outbox_job", "outbox_job_state", "{row}state IN ('ready', 'running', 'done', 'dead')")
    await check(editor, "shipment", "shipment_leg", "{row}leg IN ('pickup', 'delivery', 'transfer')")
    await check(editor, "shipment", "shipment_direction", "{row}direction IN ('forward', 'return')")
    await check(editor, "shipment", "shipment_attempts", "{row}attempts >= 0 AND {row}attempt_no >= 1")
    await check(editor, "request", "request_copies", "{row}copies >= 1")
    await check(editor, "message", "message_channel", "{row}channel IN ('sms', 'email')")
    await check(editor, "tracking_lock", "tracking_lock_failures", "{row}failures >= 0")
    await append_only(
        editor,
        "shipment_event",
        ("id", "shipment_id", "source", "source_id", "code", "status", "effect", "occurred_at", "received_at", "money"),
    )
    await append_only(editor, "request_event", ("id", "request_id", "kind", "at", "actor"))


class Migration(migrations.Migration):
    dependencies = [("postal", "0001_initial")]

    operations = [
        ops.RunPython(add_guards),
        # A dossier code belongs to one request of its agency.
        ops.RunSQL(
            "CREATE UNIQUE INDEX request_dossier_code ON request (dossier_code, agency) WHERE dossier_code IS NOT NULL",
            "DROP INDEX request_dossier_code",
        ),
    ]
