"""Sending one message once, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifications.ports import Channel, Outcome, Outgoing, Sender, SendResult
from postal_service.kit.clock import Clock
from postal_service.messaging import rules
from postal_service.messaging.models import Message
from postal_service.messaging.policy import Policy
from postal_service.messaging.rules import Event, Told
from postal_service.outbox.dispatcher import Dead, Job, Later
from postal_service.shipments import service as shipments
from postal_service.storage.transactions import transaction

SEND = "message.send"
RECEIPT = "message.receipt"
LOOK_UP_SECONDS = 5.0
USEFUL_FOR = timedelta(hours=24)
"""What no provider took for so long is no news any more; a person may still send it from the dead letters."""
RECEIPT_WAITS = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_CAP_PAUSE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Sending:
    """Hands messages to their providers and takes receipts."""

    real: Mapping[Channel, Sender]
    captured: Mapping[Channel, Sender]
    policy: Policy
    clock: Clock

    async def send(self, job: Job) -> None:
        """Send one message once. The outbox's handler of `message.send`.

        That a provider is about to be called is committed first: after a crash the outcome is unknown, and the provider
        is asked before anything is sent again. What cannot be asked ends in the dead letters as uncertain.
        """
        message = await Message.get(id=job.payload["message_id"])
        by_a_person = job.attempts == 1
        if message.state not in ("queued", "uncertain") or (message.state == "uncertain" and not by_a_person):
            return
        sender = self._sender(message)
        outgoing = _outgoing(message)
        # Whoever takes an uncertain one out of the dead letters has decided that it is to be sent (again).
        if message.trying_since is not None and message.state != "uncertain":
            earlier = await self._earlier_outcome(message, sender, outgoing, message.trying_since)
            if earlier is not None:
                await self._settle(message, earlier)
                return
        if await self._is_old_news(message):
            await self._write(message, state="dropped", trying_since=None)
            return
        self._respect_quiet_hours(message)
        await self._respect_cap(message)
        if not by_a_person and self.clock() - message.created_at > USEFUL_FOR:
            raise Dead("not accepted by the provider while it was news")
        if await self._claim(message):
            await self._settle(message, await sender.send(outgoing))

    async def note_receipt(self, job: Job) -> None:
        """Write what a provider said became of a message; a lower rank never overwrites a higher one."""
        said = job.payload
        message = await Message.get_or_none(provider_id=said["provider_id"])
        if message is None:
            # The receipt can be faster than our own write of the provider's answer.
            if self.clock() - job.created_at < RECEIPT_WAITS:
                raise Later("message not known yet", seconds=2)
            return
        columns: dict[str, Any] = {"receipt_rank": said["rank"], "updated_at": self.clock()}
        if said["delivered"] or said["failed"]:
            columns["state"] = "delivered" if said["delivered"] else "failed"
        if said["code"] is not None:
            columns["code"] = str(said["code"])
        async with transaction():
            await Message.filter(id=message.id, receipt_rank__lt=said["rank"]).update(**columns)

    def _sender(self, message: Message) -> Sender:
        senders = self.real if self.policy.may_write_to(message.recipient) else self.captured
        return senders[Channel(message.channel)]

    async def _earlier_outcome(
        self, message: Message, sender: Sender, outgoing: Outgoing, since: datetime
    ) -> SendResult | None:
        if not sender.can_look_up:
            await self._write(message, state="uncertain")
            raise Dead("uncertain: the provider cannot be asked whether it was sent")
        found = await sender.look_up(outgoing, since)
        if found is not None and found.outcome is Outcome.UNKNOWN:
            raise Later("provider does not say", seconds=LOOK_UP_SECONDS)
        return found

    async def _claim(self, message: Message) -> bool:
        """Commit that the provider is about to be called; False when somebody else is at it after all."""
        now = self.clock()
        async with transaction():
            as_read = Message.filter(id=message.id, state=message.state, trying_since=message.trying_since)
            return bool(await as_read.update(state="queued", trying_since=now, tries=message.tries + 1, updated_at=now))

    async def _settle(self, message: Message, result: SendResult) -> None:
        answered = {"provider": result.provider, "code": result.code, "segments": result.segments}
        match result.outcome:
            case Outcome.ACCEPTED:
                state = "captured" if result.provider == "capture" else "sent"
                sent = {"state": state, "provider_id": result.provider_id, "sent_at": self.clock()}
                await self._write(message, trying_since=None, **sent, **answered)
            case Outcome.REFUSED:
                await self._write(message, state="refused", trying_since=None, **answered)
            case Outcome.LATER:
                await self._write(message, trying_since=None, **answered)
                raise Later(f"provider: {result.code or 'busy'}", seconds=result.retry_after)
            case Outcome.UNKNOWN:
                raise Later("outcome unknown", seconds=LOOK_UP_SECONDS)

    async def _is_old_news(self, message: Message) -> bool:
        if message.scope == message.request_id:
            later = Message.filter(scope=message.scope, channel=message.channel, id__gt=message.id)
            return await later.exclude(state="dropped").exists()
        view, journey = await shipments.journey(message.scope)
        told = Told(event=Event(message.event), attempt=message.attempt, fact=message.fact)
        return rules.superseded(told, view.leg, journey)

    def _respect_quiet_hours(self, message: Message) -> None:
        """A further try may come due in the night, too."""
        if message.channel != Channel.SMS:
            return
        now = self.clock()
        due = rules.not_before(now, self.policy.quiet_hours, Event(message.event))
        if due > now:
            raise Later("quiet hours", seconds=(due - now).total_seconds())

    async def _respect_cap(self, message: Message) -> None:
        if message.channel != Channel.SMS:
            return
        since = self.clock() - _HOUR
        sent = await Message.filter(recipient=message.recipient, channel=Channel.SMS, sent_at__gt=since).count()
        if sent >= rules.MAX_SMS_PER_HOUR:
            raise Later("as many SMS as one person gets in an hour", seconds=_CAP_PAUSE_SECONDS)

    async def _write(self, message: Message, **columns: Any) -> None:
        async with transaction():
            await Message.filter(id=message.id).update(**columns, updated_at=self.clock())


def _outgoing(message: Message) -> Outgoing:
    return Outgoing(
        message_id=message.id,
        channel=Channel(message.channel),
        recipient=message.recipient,
        text=message.text,
        subject=message.subject,
        html=message.html,
        language=message.language,
    )
