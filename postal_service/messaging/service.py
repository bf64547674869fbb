"""What is told: a change becomes messages in one transaction; each is then sent once by the outbox."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.catalogue import FieldValue
from notifications.ports import Channel, Outcome, Outgoing, Sender, SendResult
from notifications.rendering import render
from postal_service.intake.story import RequestStatus, Story
from postal_service.kit.clock import LOCAL, Clock
from postal_service.kit.ids import new_id
from postal_service.kit.phone import is_mobile
from postal_service.messaging import queries, rules, words
from postal_service.messaging.models import Message
from postal_service.messaging.rules import CHANNELS, Event, Notice, Told
from postal_service.outbox import service as outbox
from postal_service.outbox.dispatcher import Dead, Job, Later
from postal_service.shipments import service as shipments
from postal_service.shipments.journey import Journey
from postal_service.shipments.views import ShipmentView
from postal_service.storage.transactions import transaction

SEND = "message.send"
RECEIPT = "message.receipt"
LOOK_UP_SECONDS = 5.0
USEFUL_FOR = timedelta(hours=24)
MOST_TRIES = 20
_HOUR = timedelta(hours=1)
_NOON = 12

FindStory = Callable[[str], Awaitable[Story | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings that decide when and to whom a message may leave."""

    quiet_hours: str
    guest_list: tuple[str, ...]
    everyone: bool
    """Production: no guest list."""
    accented_sms: bool
    public_url: str


@dataclass(frozen=True, slots=True)
class Messaging:
    """Decides what is told, renders it, and sends it."""

    find_story: FindStory
    real: Mapping[Channel, Sender]
    captured: Mapping[Channel, Sender]
    policy: Policy
    clock: Clock

    async def shipment_changed(self, view: ShipmentView, journey: Journey) -> None:
        """Tell where a shipment is now, if that has to be told and was not."""
        notice = rules.notice_for(view.leg, journey)
        story = await self.find_story(view.request_id) if notice else None
        if notice is None or story is None:
            return
        await self._tell(story, view.id, notice, self._shipment_fields(notice, view, story))

    async def request_changed(self, request_id: str, event_id: str) -> None:
        """Tell a step of a request, unless a later one is there already."""
        story = await self.find_story(request_id)
        if story is None:
            return
        told_steps = [step for step in story.steps if step.kind in rules.REQUEST_EVENTS]
        if not told_steps or told_steps[-1].step_id != event_id:
            return
        kind = told_steps[-1].kind
        attempt = sum(step.kind == kind for step in told_steps)
        notice = Notice(event=Event(kind), attempt=attempt, fact=event_id)
        await self._tell(story, request_id, notice, self._request_fields(notice, story))

    async def send(self, job: Job) -> None:
        """Send one message once. The outbox's handler of `message.send`.

        That a provider is about to be called is committed first: after a crash the outcome is unknown, and the provider
        is asked before anything is sent again. What cannot be asked ends in the dead letters as uncertain.
        """
        message = await Message.get(id=job.payload["message_id"])
        if message.state != "queued":
            return
        sender = self._sender(message)
        outgoing = _outgoing(message)
        if message.trying_since is not None:
            earlier = await self._earlier_outcome(message, sender, outgoing, message.trying_since)
            if earlier is not None:
                await self._settle(message, earlier)
                return
        if await self._is_old_news(message):
            await self._write(message, state="dropped", trying_since=None)
            return
        if job.attempts > MOST_TRIES or self.clock() - message.created_at > USEFUL_FOR:
            raise Dead("not accepted by the provider while it was news")
        await self._respect_cap(message)
        await self._write(message, trying_since=self.clock(), tries=message.tries + 1)
        await self._settle(message, await sender.send(outgoing))

    async def note_receipt(self, job: Job) -> None:
        """Write what a provider said became of a message; a lower rank never overwrites a higher one."""
        said = job.payload
        message = await Message.get_or_none(provider_id=said["provider_id"])
        if message is None:
            # The receipt can be faster than our own write of the provider's answer.
            if self.clock() - job.created_at < timedelta(minutes=1):
                raise Later("message not known yet", seconds=2)
            return
        if said["rank"] <= message.receipt_rank:
            return
        state = "delivered" if said["delivered"] else "failed" if said["failed"] else message.state
        code = said["code"]
        await self._write(
            message, state=state, receipt_rank=said["rank"], code=str(code) if code is not None else message.code
        )

    def _sender(self, message: Message) -> Sender:
        channel = Channel(message.channel)
        guests = self.policy.guest_list
        allowed = self.policy.everyone or "*" in guests or message.recipient in guests
        return (self.real if allowed else self.captured)[channel]

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

    async def _settle(self, message: Message, result: SendResult) -> None:
        answered = {"provider": result.provider, "code": result.code, "segments": result.segments}
        match result.outcome:
            case Outcome.ACCEPTED:
                state = "captured" if result.provider == "capture" else "sent"
                await self._write(
                    message,
                    state=state,
                    provider_id=result.provider_id,
                    sent_at=self.clock(),
                    trying_since=None,
                    **answered,
                )
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
            return await later.filter(state__in=("sent", "captured", "delivered")).exists()
        view, journey = await shipments.journey(message.scope)
        told = Told(event=Event(message.event), attempt=message.attempt, fact=message.fact)
        return rules.superseded(told, view.leg, journey)

    async def _respect_cap(self, message: Message) -> None:
        if message.channel != Channel.SMS:
            return
        since = self.clock() - _HOUR
        sent = await Message.filter(recipient=message.recipient, channel=Channel.SMS, sent_at__gt=since).count()
        if sent >= rules.MAX_SMS_PER_HOUR:
            raise Later("ten SMS to this person within the hour", seconds=_HOUR.total_seconds() / 6)

    async def _write(self, message: Message, **columns: object) -> None:
        message.update_from_dict({**columns, "updated_at": self.clock()})
        async with transaction():
            await Message.filter(id=message.id).update(**columns, updated_at=self.clock())
            outbox.touch(message.request_id)

    async def _tell(self, story: Story, scope: str, notice: Notice, values: Mapping[str, FieldValue]) -> None:
        now = self.clock()
        language = story.applicant["language"]
        async with transaction():
            await queries.hold(scope)
            told = [
                Told(event=Event(row["event"]), attempt=row["attempt"], fact=row["fact"])
                for row in await Message.filter(scope=scope).exclude(state="dropped").values("event", "attempt", "fact")
            ]
            if not rules.due(notice, told):
                return
            for channel, recipient in _recipients(story, notice.event):
                rendered = render(notice.event.value, language, channel, values, accented=self.policy.accented_sms)
                message = Message(
                    id=new_id(),
                    request_id=story.request_id,
                    scope=scope,
                    event=notice.event.value,
                    attempt=notice.attempt,
                    fact=notice.fact,
                    channel=channel.value,
                    language=language,
                    recipient=recipient,
                    subject=rendered.subject,
                    text=rendered.text,
                    html=rendered.html,
                    state="queued",
                    created_at=now,
                    updated_at=now,
                )
                await Message.filter(
                    scope=scope, event=message.event, attempt=message.attempt, channel=message.channel, state="dropped"
                ).delete()
                await message.save(force_create=True)
                due = rules.not_before(now, self.policy.quiet_hours, notice.event) if channel is Channel.SMS else now
                await outbox.add(
                    outbox.Work(
                        topic=SEND,
                        payload={"message_id": message.id},
                        key=f"message:{message.id}",
                        not_before=due,
                    ),
                    now=now,
                )

    def _common(self, story: Story) -> dict[str, FieldValue]:
        return {
            "tracking_url": f"{self.policy.public_url}/t/{story.tracking_code}",
            "tracking_code": story.tracking_code,
            "agency_name": story.agency_name[1 if story.applicant["language"] == "en" else 0],
        }

    def _request_fields(self, notice: Notice, story: Story) -> dict[str, FieldValue]:
        fields = self._common(story)
        match notice.event:
            case Event.ACCEPTED:
                fields |= {"dossier_code": story.dossier_code, "promised_on": story.promised_on}
            case Event.ADDITIONS_REQUESTED:
                fields |= {"missing": list(story.missing or []), "due_on": story.additions_due_on}
            case Event.REFUSED:
                fields |= {"reason": str(story.steps[-1].detail.get("reason", ""))}
            case Event.ISSUED:
                paper = bool(story.steps[-1].detail.get("paper"))
                fields |= {"by_post": paper and story.delivery is not None}
            case Event.LATE:
                why = words.LATE_IN_POST if story.status is RequestStatus.ISSUED else words.LATE_AT_AGENCY
                fields |= {"reason": why.text(story.applicant["language"]), "new_date": story.expected_on}
        return fields

    def _shipment_fields(self, notice: Notice, view: ShipmentView, story: Story) -> dict[str, FieldValue]:
        fields = self._common(story)
        worker = {
            "worker_name": view.worker.name if view.worker else None,
            "worker_code": view.worker.employee_code if view.worker else None,
        }
        match notice.event:
            case Event.PICKUP_ASSIGNED:
                fields |= worker | _window_fields(view)
            case Event.OUT_FOR_DELIVERY:
                fields |= worker
            case Event.PICKUP_FAILED | Event.DELIVERY_FAILED:
                fields["reason"] = words.failed_try(notice.reason).text(story.applicant["language"])
            case Event.WAITING_AT_OFFICE:
                place = next((event.place for event in reversed(view.events) if event.effective), None)
                fields["office_name"] = place or words.THE_POST_OFFICE.text(story.applicant["language"])
        return fields


def _window_fields(view: ShipmentView) -> dict[str, FieldValue]:
    if view.window is None:
        return {"window_day": None, "window_part": "day"}
    start, end = (moment.astimezone(LOCAL) for moment in view.window)
    part = "morning" if end.hour <= _NOON else "afternoon" if start.hour >= _NOON else "day"
    return {"window_day": start.date(), "window_part": part}


def _recipients(story: Story, event: Event) -> list[tuple[Channel, str]]:
    """Return over which channels the citizen agreed to hear, and where."""
    allowed = CHANNELS[event]
    phone, email = story.applicant["phone"], story.applicant["email"]
    found = []
    if allowed.sms and story.consent_sms and is_mobile(phone):
        found.append((Channel.SMS, phone))
    if allowed.email and story.consent_email and email:
        found.append((Channel.EMAIL, email))
    return found


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
