"""One request from the door to the agency and back, waited for step by step, and what it has to come to."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from carriers.ports import source_id
from postal_service.messaging.rules import CHANNELS, Event
from tests.faults.town import Town
from tests.world import a_request


@dataclass(frozen=True, slots=True)
class End:
    """What a request came to, in words that do not differ from one run to another."""

    request: str
    shipments: tuple[tuple[str, ...], ...]
    timeline: tuple[str, ...]
    told: tuple[tuple[str, ...], ...]


async def bring_in(town: Town) -> End:
    """File a request and bring its papers to the agency; every step waits for all that the one before leads to."""
    town.request = await town.insist("/api/v1/requests", a_request())
    await _told(town, "filed")
    await _told(town, "pickup_assigned")
    pickup = await _booked(town, "pickup")
    # assigned, picking up, picked up | accepted, transit, arrived, out for delivery, delivered
    await town.advance(pickup, 3)
    await _told(town, "picked_up")
    await town.advance(pickup, 5)
    await _told(town, "pickup_delivered")
    await town.insist(f"/api/v1/requests/{town.request['id']}/accept", {"dossier_code": "H26.14-261123-0001"})
    await _told(town, "accepted")
    return await _end(town)


async def take_home(town: Town) -> End:
    """Issue the certificate and take it home."""
    await town.insist(f"/api/v1/requests/{town.request['id']}/issue", {"paper": True, "copies": 2})
    await _told(town, "issued")
    delivery = await _booked(town, "delivery")
    await town.advance(delivery, 7)
    await _told(town, "out_for_delivery")
    await town.advance(delivery, 1)
    await _told(town, "delivered")
    await town.until("SELECT status FROM request", is_="returned")
    return await _end(town)


async def _booked(town: Town, leg: str) -> str:
    """Return our reference of a leg once the carrier has it, and nothing out of the ordinary will happen to it."""
    await town.until(f"SELECT booking FROM shipment WHERE leg = '{leg}'", is_="created")
    rows = await town.look(f"SELECT reference FROM shipment WHERE leg = '{leg}'")
    reference = str(rows[0][0])
    await town.choose(reference, "direct")
    return reference


async def _told(town: Town, event: str) -> None:
    """Return when an event is told over every channel it is told over, as far as anybody can know."""
    channels = CHANNELS[Event(event)]
    await town.until(
        f"SELECT count(*) FROM message WHERE event = '{event}' AND state IN ('sent', 'uncertain')",
        is_=channels.sms + channels.email,
    )


async def _end(town: Town) -> End:
    await town.until("SELECT count(*) FROM outbox_job WHERE state IN ('ready', 'running')", is_=0)
    shown = await town.see(f"/api/v1/track/{town.request['tracking_code']}")
    return End(
        request=shown["status"],
        shipments=tuple(await town.look("SELECT leg, status, booking, holder_kind FROM shipment ORDER BY id")),
        timeline=tuple(sorted(entry["status"] for entry in shown["timeline"])),
        told=tuple(await town.look("SELECT event, channel FROM message WHERE state <> 'dropped' ORDER BY event, channel")),
    )


async def nothing_lost_or_doubled(town: Town) -> None:
    """Compare what the peers have with what the program believes."""
    stats = await town.truth("stats")
    shipments = await town.look("SELECT reference, item_number FROM shipment")
    assert (stats["double_references"], stats["orders"]) == ([], len(shipments))
    for reference, item in shipments:
        truth = await town.truth(f"orders/{reference}")
        told = [
            (source_id("vnpost", item, happened["code"], datetime.fromisoformat(happened["at"])),)
            for happened in truth["facts"]
        ]
        stored = await town.look(
            f"SELECT source_id FROM shipment_event WHERE source = 'carrier:vnpost' AND source_id LIKE 'vnpost:{item}:%'"
        )
        assert Counter(stored) == Counter(told)
    texts = await town.look("SELECT text FROM message WHERE channel = 'sms' AND state = 'sent'")
    assert Counter(sms.body for sms in town.twilio.messages) == Counter(text for (text,) in texts)
    mails = Counter(str(mail.parsed["Message-ID"]).strip("<>").partition("@")[0] for mail in town.mail.mails)
    assert set(mails.values()) <= {1}
    rows = await town.look("SELECT id FROM message WHERE channel = 'email' AND state = 'sent'")
    sent = {message_id for (message_id,) in rows}
    assert sent <= set(mails)
