import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]  # the SDK ships no types

from notifications.channels.twilio_sms import TwilioSms
from notifications.ports import Outcome
from notifications.settings import TwilioSettings
from tests.notifications.conftest import SMS, twilio_settings
from tests.peers.twilio import Behaviour, TwilioPeer


async def test_an_sms_is_handed_to_twilio_with_its_sender_and_callback(twilio: TwilioSms, twilio_peer: TwilioPeer) -> None:
    result = await twilio.send(SMS)
    [taken] = twilio_peer.messages
    assert (result.outcome, result.provider, result.provider_id) == (Outcome.ACCEPTED, "twilio", taken.sid)
    assert result.segments == 1
    assert taken.fields == {
        "To": SMS.recipient,
        "From": "+15005550006",
        "Body": SMS.text,
        "StatusCallback": "https://tracuu.example.vn/hooks/twilio/status",
        "ValidityPeriod": "14400",
    }


async def test_without_a_public_address_no_callback_is_asked_for(twilio_peer: TwilioPeer) -> None:
    sender = TwilioSms(twilio_settings(twilio_peer).model_copy(update={"from_number": "BUUCHINH"}))
    await sender.send(SMS)
    await sender.close()
    assert "StatusCallback" not in twilio_peer.messages[0].fields
    assert twilio_peer.messages[0].sender == "BUUCHINH"


@pytest.mark.parametrize(
    ("code", "http_status", "outcome"),
    [
        (21211, 400, Outcome.REFUSED),
        (21610, 400, Outcome.REFUSED),
        (21614, 400, Outcome.REFUSED),
        (30004, 400, Outcome.REFUSED),
        (30005, 400, Outcome.REFUSED),
        (30006, 400, Outcome.REFUSED),
        (30007, 400, Outcome.REFUSED),
        (29999, 400, Outcome.REFUSED),
        (20429, 429, Outcome.LATER),
        (30001, 400, Outcome.LATER),
        (30003, 400, Outcome.LATER),
        (20003, 401, Outcome.LATER),
        (20500, 500, Outcome.LATER),
        (29998, 503, Outcome.LATER),
    ],
)
async def test_an_error_answer_is_classed_by_its_code(
    twilio: TwilioSms, twilio_peer: TwilioPeer, code: int, http_status: int, outcome: Outcome
) -> None:
    twilio_peer.behave(Behaviour("refuse", code=code, http_status=http_status))
    result = await twilio.send(SMS)
    assert (result.outcome, result.code) == (outcome, str(code))
    assert result.detail
    assert SMS.recipient not in result.detail
    assert twilio_peer.requests == 1, "the SDK must not send twice by itself"


async def test_a_wrong_token_waits_for_staff_with_its_code(twilio_peer: TwilioPeer) -> None:
    sender = TwilioSms(twilio_settings(twilio_peer, auth_token="another-token"))
    result = await sender.send(SMS)
    await sender.close()
    assert (result.outcome, result.code) == (Outcome.LATER, "20003")


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour("accept_then_cut"),
        Behaviour("accept_then_silence"),
        Behaviour("cut"),
        Behaviour("gateway_error", http_status=504),
    ],
    ids=lambda behaviour: behaviour.kind,
)
async def test_silence_leaves_the_outcome_unknown(twilio: TwilioSms, twilio_peer: TwilioPeer, behaviour: Behaviour) -> None:
    twilio_peer.behave(behaviour)
    result = await twilio.send(SMS)
    assert result.outcome is Outcome.UNKNOWN
    assert twilio_peer.requests == 1


async def test_a_refused_connection_was_never_sent(twilio_peer: TwilioPeer) -> None:
    settings = twilio_settings(twilio_peer)
    await twilio_peer.stop()
    sender = TwilioSms(settings)
    result = await sender.send(SMS)
    await sender.close()
    assert result.outcome is Outcome.LATER


async def test_a_slow_answer_within_the_limit_is_an_answer(twilio: TwilioSms, twilio_peer: TwilioPeer) -> None:
    twilio_peer.behave(Behaviour("slow", seconds=0.05))
    assert (await twilio.send(SMS)).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("kind", ["accept_then_cut", "accept_then_silence"])
async def test_a_lost_answer_is_found_again(twilio: TwilioSms, twilio_peer: TwilioPeer, kind: str) -> None:
    since = datetime.now(UTC)
    twilio_peer.behave(Behaviour(kind))  # type: ignore[arg-type]  # parametrize only knows str
    await twilio.send(SMS)
    found = await twilio.look_up(SMS, since)
    assert found is not None
    assert (found.outcome, found.provider_id) == (Outcome.ACCEPTED, twilio_peer.messages[0].sid)


async def test_what_twilio_never_had_is_surely_absent(twilio: TwilioSms, twilio_peer: TwilioPeer) -> None:
    twilio_peer.behave(Behaviour("cut"))
    since = datetime.now(UTC)
    await twilio.send(SMS)
    assert await twilio.look_up(SMS, since) is None


async def test_another_text_another_person_or_an_older_message_is_not_ours(
    twilio: TwilioSms, twilio_peer: TwilioPeer
) -> None:
    since = datetime.now(UTC)
    twilio_peer.add(SMS.recipient, "Mot tin nhan khac.", created=since)
    twilio_peer.add("+84900000002", SMS.text, created=since)
    twilio_peer.add(SMS.recipient, SMS.text, created=since - timedelta(minutes=5))
    assert await twilio.look_up(SMS, since) is None


async def test_whole_seconds_and_a_slightly_slow_clock_at_twilio_do_not_hide_a_message(
    twilio: TwilioSms, twilio_peer: TwilioPeer
) -> None:
    since = datetime.now(UTC)
    kept = twilio_peer.add(SMS.recipient, SMS.text, created=since - timedelta(seconds=10))
    found = await twilio.look_up(SMS, since)
    assert found is not None
    assert found.provider_id == kept.sid


async def test_a_look_up_reads_further_pages(twilio: TwilioSms, twilio_peer: TwilioPeer) -> None:
    since = datetime.now(UTC)
    ours = twilio_peer.add(SMS.recipient, SMS.text, created=since)
    for number in range(150):
        twilio_peer.add(SMS.recipient, f"Tin nhan {number}", created=since)
    found = await twilio.look_up(SMS, since)
    assert found is not None
    assert found.provider_id == ours.sid


async def test_too_many_recent_messages_leave_it_unknown(twilio: TwilioSms, twilio_peer: TwilioPeer) -> None:
    since = datetime.now(UTC)
    for number in range(401):
        twilio_peer.add(SMS.recipient, f"Tin nhan {number}", created=since)
    found = await twilio.look_up(SMS, since)
    assert found is not None
    assert found.outcome is Outcome.UNKNOWN


async def test_a_look_up_that_is_not_answered_says_unknown(twilio_peer: TwilioPeer) -> None:
    for settings in (twilio_settings(twilio_peer, auth_token="another-token"), _nowhere(twilio_peer)):
        sender = TwilioSms(settings)
        found = await sender.look_up(SMS, datetime.now(UTC))
        await sender.close()
        assert found is not None
        assert found.outcome is Outcome.UNKNOWN


async def test_accented_text_is_sent_composed_and_found_again(twilio: TwilioSms, twilio_peer: TwilioPeer) -> None:
    since = datetime.now(UTC)
    accented = replace(SMS, text="Ho\u0302\u0300 sơ đã được tiếp nhận.")
    result = await twilio.send(accented)
    assert twilio_peer.messages[0].body == "Hồ sơ đã được tiếp nhận."
    assert await twilio.look_up(accented, since) == result


async def test_many_messages_go_side_by_side(twilio: TwilioSms, twilio_peer: TwilioPeer) -> None:
    results = await asyncio.gather(*(twilio.send(replace(SMS, text=f"Tin {n}")) for n in range(20)))
    assert {result.provider_id for result in results} == {message.sid for message in twilio_peer.messages}


async def test_the_probe_signs_in(twilio: TwilioSms, twilio_peer: TwilioPeer) -> None:
    await twilio.probe()
    stranger = TwilioSms(twilio_settings(twilio_peer, auth_token="another-token"))
    with pytest.raises(TwilioRestException):
        await stranger.probe()
    await stranger.close()


async def test_no_recipient_reaches_the_log(twilio: TwilioSms, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await twilio.send(SMS)
    await twilio.look_up(SMS, datetime.now(UTC))
    assert "84900000001" not in caplog.text


def _nowhere(peer: TwilioPeer) -> TwilioSettings:
    return twilio_settings(peer).model_copy(update={"base_url": "http://127.0.0.1:9"})
