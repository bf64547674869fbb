from datetime import UTC, datetime

import pytest

from carriers.status import Leg, Status
from postal_service.kit.clock import LOCAL
from postal_service.messaging.rules import CHANNELS, Event, Notice, Told, due, not_before, notice_for, superseded
from postal_service.shipments.facts import Fact
from tests.shipments.telling import fact, told, way

S = Status


def the_notice(*facts: Fact, leg: Leg = Leg.DELIVERY) -> Notice:
    notice = notice_for(leg, told(*facts, leg=leg))
    assert notice
    return notice


def sent(notice: Notice) -> Told:
    return Told(event=notice.event, attempt=notice.attempt, fact=notice.fact)


@pytest.mark.parametrize(
    ("leg", "status", "event"),
    [
        (Leg.PICKUP, S.PICKUP_ASSIGNED, Event.PICKUP_ASSIGNED),
        (Leg.PICKUP, S.PICKUP_FAILED, Event.PICKUP_FAILED),
        (Leg.PICKUP, S.PICKED_UP, Event.PICKED_UP),
        (Leg.PICKUP, S.DELIVERED, Event.PICKUP_DELIVERED),
        (Leg.DELIVERY, S.OUT_FOR_DELIVERY, Event.OUT_FOR_DELIVERY),
        (Leg.DELIVERY, S.DELIVERY_FAILED, Event.DELIVERY_FAILED),
        (Leg.DELIVERY, S.AVAILABLE_FOR_COLLECTION, Event.WAITING_AT_OFFICE),
        (Leg.DELIVERY, S.DELIVERED, Event.DELIVERED),
        (Leg.DELIVERY, S.RETURNED, Event.RETURNED),
    ],
)
def test_each_state_that_is_told_has_its_message(leg: Leg, status: Status, event: Event) -> None:
    assert the_notice(fact(0, status), leg=leg).event is event


@pytest.mark.parametrize(
    ("leg", "status"),
    [
        (Leg.PICKUP, S.IN_TRANSIT),
        (Leg.PICKUP, S.OUT_FOR_DELIVERY),
        (Leg.PICKUP, S.DELIVERY_FAILED),
        (Leg.DELIVERY, S.PICKED_UP),
        (Leg.DELIVERY, S.AT_DESTINATION),
        (Leg.TRANSFER, S.DELIVERED),
    ],
)
def test_other_states_are_for_the_page_only(leg: Leg, status: Status) -> None:
    assert notice_for(leg, way(status, leg=leg)) is None


def test_everything_goes_by_sms_and_email_but_the_handover_at_the_agency() -> None:
    assert {event for event in Event if not CHANNELS[event].sms} == {Event.PICKUP_DELIVERED}
    assert all(CHANNELS[event].email for event in Event)


def test_a_failed_try_is_told_with_its_reason_and_number() -> None:
    notice = the_notice(
        fact(0, S.DELIVERY_FAILED, reason="absent"),
        fact(500, S.OUT_FOR_DELIVERY),
        fact(600, S.DELIVERY_FAILED, reason="wrong_address"),
    )
    assert (notice.event, notice.attempt, notice.reason) == (Event.DELIVERY_FAILED, 2, "wrong_address")


def test_picked_up_is_still_told_when_it_comes_together_with_the_office() -> None:
    assert the_notice(fact(0, S.PICKED_UP), fact(10, S.AT_ORIGIN), leg=Leg.PICKUP).event is Event.PICKED_UP


def test_a_worker_on_the_way_is_not_told_once_the_papers_are_back_at_the_office() -> None:
    assert notice_for(Leg.DELIVERY, way(S.OUT_FOR_DELIVERY, S.AT_DESTINATION)) is None


def test_a_state_is_told_once_an_attempt() -> None:
    out = fact(0, S.OUT_FOR_DELIVERY)
    first = the_notice(out)
    again = the_notice(out, fact(10, S.AT_DESTINATION), fact(20, S.OUT_FOR_DELIVERY))
    next_try = the_notice(out, fact(30, S.DELIVERY_FAILED), fact(40, S.OUT_FOR_DELIVERY))
    assert due(first, [])
    assert not due(first, [sent(first)])
    assert not due(again, [sent(first)])
    assert due(next_try, [sent(first)])


def test_a_fact_is_told_once_though_it_turns_out_to_belong_to_a_later_try() -> None:
    out = fact(40, S.OUT_FOR_DELIVERY)
    told_early = sent(the_notice(out))
    late_news = the_notice(fact(30, S.DELIVERY_FAILED), out)
    assert (told_early.attempt, late_news.attempt) == (1, 2)
    assert not due(late_news, [told_early])


def test_a_repeat_that_was_told_covers_the_first_report_that_comes_late() -> None:
    repeat = fact(50, S.OUT_FOR_DELIVERY, "scan")
    told_early = sent(the_notice(repeat))
    late_news = the_notice(fact(30, S.DELIVERY_FAILED), fact(40, S.OUT_FOR_DELIVERY), repeat)
    assert not due(late_news, [told_early])


def test_a_past_state_is_never_told_after_a_later_one() -> None:
    returned = fact(90, S.RETURNED)
    told_early = sent(the_notice(returned))
    # Without the way back between them the return is no legal move yet, and the older state is the present one.
    older = the_notice(fact(40, S.OUT_FOR_DELIVERY), returned)
    assert older.event is Event.OUT_FOR_DELIVERY
    assert not due(older, [told_early])


def test_a_queued_message_is_dropped_when_its_state_is_over() -> None:
    out, delivered = fact(0, S.OUT_FOR_DELIVERY), fact(30, S.DELIVERED)
    queued = sent(the_notice(out))
    assert not superseded(queued, Leg.DELIVERY, told(out))
    assert superseded(queued, Leg.DELIVERY, told(out, delivered))
    assert superseded(queued, Leg.DELIVERY, told(out, fact(30, S.AT_DESTINATION)))


def test_a_queued_message_stays_when_its_try_is_counted_anew() -> None:
    out = fact(40, S.OUT_FOR_DELIVERY)
    assert not superseded(sent(the_notice(out)), Leg.DELIVERY, told(fact(30, S.DELIVERY_FAILED), out))


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=LOCAL).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "quiet", "then"),
    [
        (local(2, 21, 59), "22:00-07:00", local(2, 21, 59)),
        (local(2, 22), "22:00-07:00", local(3, 7)),
        (local(3, 0, 30), "22:00-07:00", local(3, 7)),
        (local(3, 6, 59), "22:00-07:00", local(3, 7)),
        (local(3, 7), "22:00-07:00", local(3, 7)),
        (local(3, 12, 30), "12:00-13:30", local(3, 13, 30)),
        (local(3, 14), "12:00-13:30", local(3, 14)),
        (local(3, 3), "", local(3, 3)),
    ],
)
def test_in_quiet_hours_a_message_waits_for_their_end(now: datetime, quiet: str, then: datetime) -> None:
    assert not_before(now, quiet, Event.ACCEPTED) == then


def test_a_worker_on_the_way_to_the_door_does_not_wait() -> None:
    assert not_before(local(3, 6), "22:00-07:00", Event.OUT_FOR_DELIVERY) == local(3, 6)


@pytest.mark.parametrize("quiet", ["22:00", "22-7", "late-early"])
def test_quiet_hours_that_cannot_be_read_are_refused(quiet: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        not_before(local(3, 6), quiet, Event.ACCEPTED)
