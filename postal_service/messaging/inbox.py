"""Messages that were kept instead of sent, for the demo's inbox."""

from dataclasses import dataclass

from notifications.ports import Outgoing
from postal_service.kit.clock import Clock
from postal_service.messaging.models import CapturedMessage


@dataclass(frozen=True, slots=True)
class KeptMessages:
    """Keeps messages in the database and shows the newest."""

    clock: Clock

    async def keep(self, message: Outgoing) -> None:
        """Keep a message; keeping it again changes nothing."""
        await CapturedMessage.get_or_create(
            message_id=message.message_id,
            defaults={
                "channel": message.channel.value,
                "recipient": message.recipient,
                "subject": message.subject,
                "text": message.text,
                "html": message.html,
                "kept_at": self.clock(),
            },
        )

    async def newest(self, limit: int = 100) -> list[CapturedMessage]:
        """Return the newest messages, the latest first."""
        return await CapturedMessage.all().order_by("-kept_at", "-message_id").limit(limit)

    async def one(self, message_id: str) -> CapturedMessage | None:
        """Return one kept message."""
        return await CapturedMessage.get_or_none(message_id=message_id)
