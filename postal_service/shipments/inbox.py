"""Carriers' messages: proved, stored as they came, answered, and only then read.

Of a carrier that can be asked, a message is a hint: it makes us ask now. Messages that wait together share one commit.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from carriers.errors import MalformedAnswer
from carriers.ports import Carrier, HookItem, HookReply, HookRequest
from postal_service.kit.clock import Clock
from postal_service.kit.ids import new_id
from postal_service.outbox import service as outbox
from postal_service.outbox.dispatcher import Job, Later
from postal_service.shipments import queries, recording
from postal_service.shipments.models import CarrierMessage, Shipment
from postal_service.shipments.pulling import PULL, as_fact
from postal_service.storage.group_commit import GroupCommit
from postal_service.storage.transactions import signal, transaction

MESSAGE = "carrier.message"
KEPT_HEADERS = ("content-type", "user-agent", "x-forwarded-for")
WAIT_FOR_BOOKING_SECONDS = 3.0
_HURRY = timedelta(minutes=1)


class _Arrived(NamedTuple):
    """A row of `carrier_message`."""

    message_id: str
    carrier: str
    at: datetime
    body: bytes
    headers: str
    fingerprint: str


class Unproven(Exception):  # noqa: N818 - a verdict
    """The message proves nothing; it is counted and changes nothing."""


@dataclass(slots=True)
class Inbox:
    """Takes carriers' messages in and reads them later."""

    carriers: Mapping[str, Carrier]
    clock: Clock
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many messages ended with which verdict, by carrier. For metrics."""
    _store: GroupCommit[_Arrived, None] = field(init=False)

    def __post_init__(self) -> None:
        self._store = GroupCommit(_write)

    async def take(self, name: str, hook: HookRequest) -> HookReply:
        """Store a proved message durably and return what the carrier wants to hear.

        Raises `KeyError` for a carrier that is not enabled and `Unproven` where the proof fails.
        """
        carrier = self.carriers[name]
        # Not in a thread: RSA here holds the interpreter's lock while it computes, so the hop would free nobody, and it
        # costs more than most proofs.
        verdict = carrier.verify_hook(hook)
        self.verdicts[name, verdict.reason or ("ok" if verdict.proven else "failed")] += 1
        if not verdict.proven:
            raise Unproven(verdict.reason)
        headers = {key: value for key, value in hook.headers.items() if key.lower() in KEPT_HEADERS}
        await self._store.submit(
            _Arrived(
                message_id=new_id(),
                carrier=name,
                at=self.clock(),
                body=hook.body,
                headers=json.dumps(headers),
                fingerprint=hashlib.sha256(hook.body).hexdigest(),
            )
        )
        return carrier.hook_reply(hook)

    async def handle(self, job: Job) -> None:
        """Read one stored message. The outbox's handler of `carrier.message`."""
        message = await CarrierMessage.get(id=job.payload["message_id"])
        if message.handled_at is not None and not job.payload.get("replay"):
            return
        carrier = self.carriers.get(message.carrier)
        if carrier is None:
            raise Later("carrier is not enabled", seconds=60)
        try:
            items = carrier.parse_hook(bytes(message.body))
        except MalformedAnswer:
            await self._handled(message, "malformed")
            return
        async with transaction():
            if carrier.capabilities.pull:
                found = await self._ask_now(carrier.name, items)
            else:
                found = await self._believe(carrier.name, items)
            settled = found >= len(items) or self.clock() - message.received_at >= _HURRY
            if settled:
                await self._handled(message, "ok" if found else "not_ours")
        if not settled:
            # The carrier can be faster than our own write of its answer to the booking.
            raise Later("not ours yet", seconds=WAIT_FOR_BOOKING_SECONDS)

    async def _ask_now(self, carrier: str, items: Sequence[HookItem]) -> int:
        numbers = sorted({item.item_number for item in items if item.item_number})
        references = sorted({item.reference for item in items if item.reference and not item.item_number})
        if not numbers and not references:
            return len(items)
        known = await queries.pull_now(carrier, numbers, references, self.clock())
        signal(PULL)
        return known + len(items) - len(numbers) - len(references)

    async def _believe(self, carrier: str, items: Sequence[HookItem]) -> int:
        found = 0
        for item in items:
            known = Shipment.filter(carrier=carrier, item_number=item.item_number) if item.item_number else None
            shipment = await known.first() if known else None
            if shipment is None and item.reference:
                shipment = await Shipment.get_or_none(reference=item.reference)
            if shipment is None:
                continue
            found += 1
            if item.fact is not None:
                now = self.clock()
                await recording.record(shipment.id, [as_fact(item.fact, carrier, now)], now=now)
        return found

    async def _handled(self, message: CarrierMessage, result: str) -> None:
        await CarrierMessage.filter(id=message.id).update(handled_at=self.clock(), result=result)


async def _write(arrived: Sequence[_Arrived]) -> Sequence[None]:
    await queries.insert_messages(arrived)
    await outbox.add(
        *(outbox.Work(topic=MESSAGE, payload={"message_id": a.message_id}) for a in arrived), now=arrived[-1].at
    )
    return [None] * len(arrived)


async def replay(message_ids: Sequence[str], *, now: datetime) -> int:
    """Have stored messages read again; returns how many."""
    async with transaction():
        ids = await CarrierMessage.filter(id__in=list(message_ids)).values_list("id", flat=True)
        await outbox.add(*(outbox.Work(topic=MESSAGE, payload={"message_id": i, "replay": True}) for i in ids), now=now)
    return len(ids)


async def stored_since(moment: datetime) -> list[str]:
    """Return the ids of the messages stored since `moment`, oldest first."""
    ids = await CarrierMessage.filter(received_at__gte=moment).order_by("id").values_list("id", flat=True)
    return [str(message_id) for message_id in ids]
