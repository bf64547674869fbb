"""What happened to a request, appended; and the work that follows from it."""

from datetime import datetime
from typing import Any

from postal_service.intake.models import RequestEvent
from postal_service.kit.ids import new_id
from postal_service.outbox.service import Work

CHANGED = "request.changed"


def event(request_id: str, kind: str, actor: str, at: datetime, detail: dict[str, Any]) -> RequestEvent:
    """Return the entry of one step; the caller writes it."""
    return RequestEvent(id=new_id(), request_id=request_id, kind=kind, at=at, actor=actor, detail=detail)


def changed(request_id: str, entry: RequestEvent) -> Work:
    """Return the work of telling a step."""
    return Work(topic=CHANGED, payload={"request_id": request_id, "event_id": entry.id})
