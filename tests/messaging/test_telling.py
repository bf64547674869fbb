"""What the citizen hears, over which channel, once: the whole way from a change to the provider and back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from notifications.catalogue import CATALOGUE
from notifications.ports import Channel, Outcome, Outgoing, SendResult
from postal_service.kit.clock import LOCAL
from postal_service.messaging.api import TWILIO_STATUS
from postal_service.messaging.models import CapturedMessage, Message
from postal_service.messaging.rules import _EVENTS, CHANNELS, MAX_SMS_PER_HOUR, REQUEST_EVENTS, Event
from postal_service.outbox import service as outbox
from tests.peers.twilio import Behaviour, TwilioPeer
from tests.world import World, a_request, a_world

BOTH = {"sms", "email"}
NO_POST = {"pickup": None, "delivery": None}


def test_every_text_has_its_rule_and_every_rule_its_text() -> None:
    assert {event.value for event in Event} == set(CATALOGUE)
    by_shipment = {event for events in _EVENTS.values() for event in events.values()}
    assert by_shipment | REQUEST_EVENTS == set(Event)
    assert not by_shipment & REQUEST_EVENTS
    for event, channels in CHANNELS.items():
        allowed = {name for name in ("sms", "email") if getattr(channels, name)}
        assert allowed == {channel.value for channel in CATALOGUE[event.value].channels}


async def channels_of(world: World, request: dict[str, Any]) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for event, channel in await world.told(request["id"]):
        told.setdefault(event, set()).add(channel)
    return told


async def tell(world: World, shipment: dict[str, Any], *statuses: str, minutes: int = 60) -> None:
    """Let a client tell what happened, one thing after another."""
    for status in statuses:
        world.clock.advance(minutes=minutes)
        event = {"source_id": f"{status}-{world.clock()}", "status": status, "occurred_at": world.clock().isoformat()}
        await world.post(f"/api/v1/shipments/{shipment['id']}/events", {"events": [event]})
        await world.settle()


async def delivery_leg(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    """File a request that is on its way home."""
    request = await world.file(pickup=None)
    await world.settle()
    path = f"/api/v1/requests/{request['id']}"
    await world.post(f"{path}/accept", {"dossier_code": f"H26-261123-{request['external_id'][-4:]}"})
    await world.settle()
    await world.post(f"{path}/issue", {"copies": 1})
    await world.settle()
    return request, await world.shipment(request["id"], "delivery")


async def test_on_the_way_to_the_agency_people_hear_what_the_table_says(world: World) -> None:
    request = await world.file()
    await world.settle()
    assert await channels_of(world, request) == {"filed": BOTH, "pickup_assigned": BOTH}
    pickup = await world.shipment(request["id"], "pickup")
    await tell(world, pickup, "pickup_failed", "picked_up", "in_transit", "at_destination", "out_for_delivery", minutes=1)
    await tell(world, pickup, "delivered", minutes=1)
    path = f"/api/v1/requests/{request['id']}"
    await world.post(f"{path}/additions", {"missing": ["Tờ khai"], "due_on": "2026-12-20"})
    await world.settle()
    told = await channels_of(world, request)
    assert told == {
        "filed": BOTH,
        "pickup_assigned": BOTH,
        "pickup_failed": BOTH,
        "picked_up": BOTH,
        "pickup_delivered": {"email"},
        "additions_requested": BOTH,
    }
    texts = {m.event: m.text for m in await Message.filter(request_id=request["id"], channel="email")}
    assert "Nguyễn Văn Bình" in texts["pickup_assigned"]
    assert "Tờ khai" in texts["additions_requested"]
    assert all(request["tracking_code"] in text for text in texts.values())


async def test_on_the_way_home_people_hear_what_the_table_says(world: World) -> None:
    request, delivery = await delivery_leg(world)
    await tell(world, delivery, "picked_up", "in_transit", "at_destination", minutes=5)
    assert set(await channels_of(world, request)) == {"filed", "accepted", "issued"}
    await tell(world, delivery, "out_for_delivery", "delivery_failed", "available_for_collection", "delivered", minutes=5)
    told = await channels_of(world, request)
    on_the_way = {"out_for_delivery", "delivery_failed", "waiting_at_office", "delivered"}
    assert {event: told[event] for event in on_the_way} == dict.fromkeys(on_the_way, BOTH)
    worker = (await world.shipment(request["id"], "delivery"))["worker"]["name"]
    out = await Message.get(scope=delivery["id"], event="out_for_delivery", channel="email")
    assert worker in out.text


async def test_a_second_try_is_told_again_and_what_came_back_is_told_as_returned(world: World) -> None:
    request, delivery = await delivery_leg(world)
    await tell(world, delivery, "picked_up", "out_for_delivery", "delivery_failed", "out_for_delivery", "delivery_failed")
    await tell(world, delivery, "return_pending", "returned")
    emails = [event for event, channel in await world.told(request["id"]) if channel == "email"]
    assert emails.count("out_for_delivery") == emails.count("delivery_failed") == 2
    assert emails[-1] == "returned"


async def test_a_past_state_is_not_told_after_a_later_one_and_nothing_is_told_twice(world: World) -> None:
    request, delivery = await delivery_leg(world)
    before = await world.told(request["id"])
    world.clock.advance(hours=5)

    def event(status: str, hours_ago: int) -> dict[str, Any]:
        at = world.clock() - timedelta(hours=hours_ago)
        return {"source_id": status, "status": status, "occurred_at": at.isoformat()}

    path = f"/api/v1/shipments/{delivery['id']}/events"
    await world.post(path, {"events": [event("delivered", 1)]})
    await world.settle()
    await world.post(path, {"events": [event("out_for_delivery", 2), event("picked_up", 4), event("delivered", 1)]})
    await world.settle()
    assert (await world.told(request["id"]))[len(before) :] == [("delivered", "sms"), ("delivered", "email")]


async def test_only_who_agreed_is_written_to_and_an_sms_only_goes_to_a_mobile(world: World) -> None:
    silent = await world.file(**NO_POST, consent={"sms": False, "email": False, "version": "2026-01"})
    email = await world.file(**NO_POST, consent={"sms": False, "email": True, "version": "2026-01"})
    sms = await world.file(**NO_POST, consent={"sms": True, "email": False, "version": "2026-01"})
    applicant = a_request()["applicant"]
    landline = await world.file(**NO_POST, applicant=applicant | {"phone": "024 3826 4154"})
    no_address = await world.file(**NO_POST, applicant=applicant | {"email": None})
    english = await world.file(**NO_POST, applicant=applicant | {"language": "en"})
    await world.settle()
    assert await world.told(silent["id"]) == []
    assert await world.told(email["id"]) == await world.told(landline["id"]) == [("filed", "email")]
    assert await world.told(sms["id"]) == await world.told(no_address["id"]) == [("filed", "sms")]
    theirs = {m.channel: m.text for m in await Message.filter(request_id=english["id"])}
    assert "request" in theirs["sms"].lower()
    ours = await Message.get(request_id=sms["id"])
    assert ours.text.isascii()
    for private in ("001090012345", "Nguyễn Văn Thử", "Nguyen Van Thu", "lý lịch", "ly lich"):
        assert private not in ours.text


async def test_in_the_quiet_hours_an_sms_waits_but_not_the_worker_at_the_door(world: World) -> None:
    _, delivery = await delivery_leg(world)
    world.clock.now = datetime(2026, 11, 25, 22, 30, tzinfo=LOCAL)
    late = await world.file(**NO_POST)
    await world.settle()
    states = {m.channel: m.state for m in await Message.filter(request_id=late["id"])}
    assert states == {"sms": "queued", "email": "captured"}
    await tell(world, delivery, "picked_up", "out_for_delivery", minutes=15)
    out = await Message.get(scope=delivery["id"], event="out_for_delivery", channel="sms")
    assert out.state == "captured"
    world.clock.now = datetime(2026, 11, 26, 6, 59, tzinfo=LOCAL)
    await world.settle()
    assert (await Message.get(request_id=late["id"], channel="sms")).state == "queued"
    world.clock.now = datetime(2026, 11, 26, 7, 0, tzinfo=LOCAL)
    await world.settle()
    assert (await Message.get(request_id=late["id"], channel="sms")).state == "captured"


async def test_what_is_over_by_the_morning_is_not_told_any_more(world: World) -> None:
    world.clock.now = datetime(2026, 11, 25, 23, 0, tzinfo=LOCAL)
    request = await world.file(**NO_POST)
    await world.settle()
    world.clock.now = datetime(2026, 11, 26, 8, 0, tzinfo=LOCAL)
    await world.post(f"/api/v1/requests/{request['id']}/refuse", {"reason": "x"})
    await world.settle()
    # Each state is told by the time it may be told; the latest is never followed by an older one.
    sms = [event for event, channel in await world.told(request["id"]) if channel == "sms"]
    assert sms[-1] == "refused"


async def test_nobody_gets_more_than_ten_sms_an_hour(world: World) -> None:
    applicant = a_request()["applicant"]
    for _ in range(MAX_SMS_PER_HOUR + 2):
        await world.file(**NO_POST, applicant=applicant)
        await world.settle()
    assert await Message.filter(channel="sms", state="captured").count() == MAX_SMS_PER_HOUR
    assert await Message.filter(channel="email", state="captured").count() == MAX_SMS_PER_HOUR + 2
    # Another person is not held up, and the rest comes in the next hour.
    other = await world.file(**NO_POST)
    await world.settle()
    assert (await Message.get(request_id=other["id"], channel="sms")).state == "captured"
    for _ in range(7):
        world.clock.advance(minutes=10)
        await world.settle()
    assert await Message.filter(channel="sms", state="captured").count() == MAX_SMS_PER_HOUR + 3


async def test_what_is_kept_instead_of_sent_can_be_read_in_the_inbox(world: World) -> None:
    await world.file(**NO_POST)
    await world.settle()
    async with world.api.get("/demo/inbox") as answer:
        page = await answer.text()
    for kept in await CapturedMessage.all():
        assert kept.recipient in page
        async with world.api.get(f"/demo/inbox/{kept.message_id}") as answer:
            assert answer.status == 200
    async with world.api.get("/demo/inbox/nothing") as answer:
        assert answer.status == 404


class SilentMail:
    """A mail server of which nothing is heard; it cannot be asked either."""

    provider, channel, can_look_up = "smtp", Channel.EMAIL, False

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, _message: Outgoing) -> SendResult:
        self.sent += 1
        return SendResult(outcome=Outcome.UNKNOWN, provider=self.provider)

    async def close(self) -> None:
        pass


async def test_mail_of_unknown_fate_is_not_sent_again_but_shown_to_a_person(world: World) -> None:
    silent = SilentMail()
    senders = cast(dict[Channel, Any], world.program.senders.captured)
    senders[Channel.EMAIL] = silent
    request = await world.file(**NO_POST)
    for _ in range(3):
        await world.settle()
        world.clock.advance(minutes=1)
    assert silent.sent == 1
    assert (await Message.get(request_id=request["id"], channel="email")).state == "uncertain"
    assert [letter.topic for letter in await outbox.dead_letters()] == ["message.send"]


# From here on SMS really go to a provider.


@pytest.fixture
async def twilio() -> AsyncIterator[TwilioPeer]:
    async with TwilioPeer() as peer:
        yield peer


@pytest.fixture
async def sending(database_url: str, tmp_path: Path, twilio: TwilioPeer) -> AsyncIterator[World]:
    """A world that sends its SMS by Twilio, to everyone and at any hour."""
    account = {
        "account_sid": twilio.account_sid,
        "auth_token": twilio.auth_token,
        "from_number": "+15005550006",
        "base_url": twilio.base_url,
        "timeout_seconds": 0.5,
    }
    messaging = {"guest_list": ["*"], "quiet_hours": ""}
    async with a_world(database_url, tmp_path, twilio=account, messaging=messaging) as world:
        # The peer writes its own time on what it takes.
        world.clock.now = datetime.now(UTC)
        yield world


async def sms_of(request: dict[str, Any]) -> Message:
    return await Message.get(request_id=request["id"], channel="sms")


async def after(world: World, seconds: float) -> None:
    world.clock.advance(seconds=seconds)
    await world.settle()


async def test_an_sms_is_sent_once_whatever_the_provider_does(sending: World, twilio: TwilioPeer) -> None:
    taken = await sending.file(**NO_POST)
    await sending.settle()
    assert ((await sms_of(taken)).state, len(twilio.messages)) == ("sent", 1)
    # Never to this number: no second try.
    twilio.behave(Behaviour("refuse", code=21610))
    refused = await sending.file(**NO_POST)
    await sending.settle()
    await after(sending, 600)
    message = await sms_of(refused)
    assert (message.state, message.code, message.tries) == ("refused", "21610", 1)
    # Later: until it is taken.
    twilio.behave(Behaviour("refuse", code=20429, http_status=429), Behaviour("refuse", code=30001, http_status=503))
    later = await sending.file(**NO_POST)
    for _ in range(3):
        await sending.settle()
        sending.clock.advance(seconds=4)
    message = await sms_of(later)
    assert (message.state, message.tries) == ("sent", 3)
    assert len(twilio.messages) == 2


@pytest.mark.parametrize("silence", ["accept_then_cut", "cut"])
async def test_an_sms_of_unknown_fate_is_looked_up_before_it_is_sent_again(
    sending: World, twilio: TwilioPeer, silence: Any
) -> None:
    twilio.behave(Behaviour(silence))
    request = await sending.file(**NO_POST)
    await sending.settle()
    message = await sms_of(request)
    assert (message.state, message.trying_since is not None) == ("queued", True)
    await after(sending, 5)
    message = await sms_of(request)
    assert (message.state, message.provider_id) == ("sent", twilio.messages[0].sid)
    assert len(twilio.messages) == 1
    assert twilio.requests == (1 if silence == "accept_then_cut" else 2)


async def test_only_guests_are_really_written_to(database_url: str, tmp_path: Path, twilio: TwilioPeer) -> None:
    account = {
        "account_sid": twilio.account_sid,
        "auth_token": twilio.auth_token,
        "from_number": "+15005550006",
        "base_url": twilio.base_url,
    }
    guests = {"guest_list": ["+84912000099"]}
    async with a_world(database_url, tmp_path, twilio=account, messaging=guests) as world:
        applicant = a_request()["applicant"]
        guest = await world.file(**NO_POST, applicant=applicant | {"phone": "+84912000099"})
        stranger = await world.file(**NO_POST)
        await world.settle()
        assert ((await sms_of(guest)).state, (await sms_of(stranger)).state) == ("sent", "captured")
        assert [message.to for message in twilio.messages] == ["+84912000099"]


async def receipt(
    world: World, twilio: TwilioPeer, status: str, *, sid: str, code: int | None = None, signature: str | None = None
) -> int:
    """Call back as Twilio does, by the public address; returns the HTTP status."""
    form = {"MessageSid": sid, "MessageStatus": status, "AccountSid": twilio.account_sid, "To": "+84900000000"}
    form |= {"ErrorCode": str(code)} if code else {}
    signed = twilio.sign(world.program.settings.public_url + TWILIO_STATUS, form) if signature is None else signature
    async with world.api.post(TWILIO_STATUS, data=form, headers={"X-Twilio-Signature": signed}) as answer:
        return answer.status


async def test_a_receipt_says_what_became_of_an_sms_and_never_less_than_was_known(
    sending: World, twilio: TwilioPeer
) -> None:
    request, unreachable = await sending.file(**NO_POST), await sending.file(**NO_POST)
    await sending.settle()
    sid = str((await sms_of(request)).provider_id)
    for status in ("sent", "delivered", "sending", "sent"):
        assert await receipt(sending, twilio, status, sid=sid) == 204
        await sending.settle()
    assert (await sms_of(request)).state == "delivered"
    sid = str((await sms_of(unreachable)).provider_id)
    assert await receipt(sending, twilio, "undelivered", sid=sid, code=30005) == 204
    await sending.settle()
    failed = await sms_of(unreachable)
    assert (failed.state, failed.code) == ("failed", "30005")


async def test_a_receipt_faster_than_our_own_write_waits_for_it(sending: World, twilio: TwilioPeer) -> None:
    twilio.behave(Behaviour("accept_then_cut"))
    request = await sending.file(**NO_POST)
    await sending.settle()
    assert await receipt(sending, twilio, "delivered", sid=twilio.messages[0].sid) == 204
    await sending.settle()
    assert (await sms_of(request)).state == "queued"
    await after(sending, 5)
    await after(sending, 2)
    assert (await sms_of(request)).state == "delivered"


async def test_a_forged_receipt_is_refused_and_changes_nothing(sending: World, twilio: TwilioPeer) -> None:
    request = await sending.file(**NO_POST)
    await sending.settle()
    sid = str((await sms_of(request)).provider_id)
    for signature in ("", "bm9pc2U=", twilio.sign("http://elsewhere.example/hooks/twilio/status", {"MessageSid": sid})):
        assert await receipt(sending, twilio, "failed", sid=sid, signature=signature) == 401
    assert await receipt(sending, twilio, "no such word", sid=sid) == 204
    assert await receipt(sending, twilio, "delivered", sid="SM" + "f" * 32) == 204
    await sending.settle()
    assert (await sms_of(request)).state == "sent"
