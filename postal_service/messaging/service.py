"""What is told: a change becomes messages, written in one transaction and sent by the outbox."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from tortoise.expressions import Q

from notifications.ports import Channel
from notifications.rendering import render
from postal_service.intake.story import Story
from postal_service.kit.clock import Clock
from postal_service.kit.ids import new_id
from postal_service.kit.phone import is_mobile
from postal_service.messaging import queries, rules, values
from postal_service.messaging.models import Message
from postal_service.messaging.policy import Policy
from postal_service.messaging.rules import CHANNELS, Event, Notice, Told
from postal_service.messaging.sending import SEND
from postal_service.messaging.values import Values
from postal_service.outbox import service as outbox
from postal_service.shipments.journey import Journey
from postal_service.shipments.views import ShipmentView
from postal_service.storage.transactions import transaction

FindStory = Callable[[str], Awaitable[Story | None]]


@dataclass(frozen=True, slots=True)
class Messaging:
    """Decides what is told, to whom, in which words."""

    find_story: FindStory
    policy: Policy
    clock: Clock

    async def shipment_changed(self, view: ShipmentView, journey: Journey) -> None:
        """Tell where a shipment is now, if that has to be told and was not."""
        notice = rules.notice_for(view.leg, journey)
        story = await self.find_story(view.request_id) if notice else None
        if notice is not None and story is not None:
            await self._tell(story, view.id, notice, values.for_shipment(notice, view, story, self.policy.public_url))

    async def request_changed(self, request_id: str, event_id: str) -> None:
        """Tell a step of a request, unless a later one is there already."""
        story = await self.find_story(request_id)
        steps = [step for step in story.steps if step.kind in rules.REQUEST_EVENTS] if story else []
        if story is None or not steps or steps[-1].step_id != event_id:
            return
        step = steps[-1]
        attempt = sum(other.kind == step.kind for other in steps)
        notice = Notice(event=Event(step.kind), attempt=attempt, fact=event_id)
        await self._tell(story, request_id, notice, values.for_step(notice, step, story, self.policy.public_url))

    async def _tell(self, story: Story, scope: str, notice: Notice, filled: Values) -> None:
        now = self.clock()
        async with transaction():
            await queries.hold(scope)
            if not rules.due(notice, await _told(scope)):
                return
            for channel in _channels(story, notice.event):
                message = self._message(story, scope, notice, filled, channel)
                await _forget_dropped(message)
                await message.save(force_create=True)
                due = rules.not_before(now, self.policy.quiet_hours, notice.event) if channel is Channel.SMS else now
                work = outbox.Work(
                    topic=SEND, payload={"message_id": message.id}, key=f"message:{message.id}", not_before=due
                )
                await outbox.add(work, now=now)

    def _message(self, story: Story, scope: str, notice: Notice, filled: Values, channel: Channel) -> Message:
        now = self.clock()
        language = str(story.applicant["language"])
        rendered = render(notice.event.value, language, channel, filled, accented=self.policy.accented_sms)
        return Message(
            id=new_id(),
            request_id=story.request_id,
            scope=scope,
            event=notice.event.value,
            attempt=notice.attempt,
            fact=notice.fact,
            channel=channel.value,
            language=language,
            recipient=story.applicant["phone" if channel is Channel.SMS else "email"],
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            state="queued",
            created_at=now,
            updated_at=now,
        )


async def _told(scope: str) -> list[Told]:
    rows = await Message.filter(scope=scope).exclude(state="dropped").values("event", "attempt", "fact")
    return [Told(event=Event(row["event"]), attempt=row["attempt"], fact=row["fact"]) for row in rows]


async def _forget_dropped(message: Message) -> None:
    """A message dropped unsent was not told, and makes room for the one that is."""
    same_news = Q(event=message.event, attempt=message.attempt) | Q(fact=message.fact)
    await Message.filter(same_news, scope=message.scope, channel=message.channel, state="dropped").delete()


def _channels(story: Story, event: Event) -> Iterator[Channel]:
    """Go through the ways the citizen agreed to hear of this, and can."""
    told_by = CHANNELS[event]
    if told_by.sms and story.consent_sms and is_mobile(story.applicant["phone"]):
        yield Channel.SMS
    if told_by.email and story.consent_email and story.applicant["email"]:
        yield Channel.EMAIL
