"""After a restore: what waited when the copy was made may have gone out since, so it is asked for first."""

from pathlib import Path

from config.settings import Settings
from postal_service.messaging.models import Message
from postal_service.operations import upkeep
from postal_service.shipments.models import Shipment
from tests.operations.databases import lose, opened
from tests.operations.filling import MORNING, file_request


async def test_orders_and_messages_that_waited_count_as_perhaps_gone_out(
    database_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    async with opened(database_url):
        await file_request(1)
        await Message.create(
            id="M1",
            request_id="R1",
            scope="R1",
            event="filed",
            attempt=1,
            fact="RE1",
            channel="sms",
            language="vi",
            recipient="+84900001234",
            text="Da nhan ho so.",
            state="queued",
            created_at=MORNING,
            updated_at=MORNING,
        )
    await upkeep.back_up(Settings.model_validate({"database_url": database_url}), tmp_path / "backups")
    await lose(database_url)

    restored = Settings.model_validate({"database_url": empty_database_url})
    told = await upkeep.restore(restored, tmp_path / "backups", name=None, replace=False)

    assert "1 orders and 1 messages" in told
    async with opened(empty_database_url):
        order = await Shipment.get(id="S1")
        message = await Message.get(id="M1")
    assert (order.booking, order.booking_tried_at) == ("submit_unknown", MORNING)
    assert message.trying_since == MORNING
