import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carriers.status import Leg, Status
from postal_service.intake.story import RequestStatus, Story
from postal_service.shipments.views import EventView, ShipmentView
from postal_service.tracking.rules import WORKER_SHOWN, TrackingPage, document, tracking_page
from postal_service.tracking.words import Stage
from tests.tracking.telling import COUNTER, HOME, NAME, NATIONAL_ID, PHONE, STREET, WORKER, at, event, leg, step, story

S = Status
R = RequestStatus
ON_THE_WAY = leg(Leg.PICKUP, event(S.PICKUP_ASSIGNED, 1), event(S.PICKED_UP, 3), event(S.IN_TRANSIT, 5))
HANDED_OVER = leg(Leg.PICKUP, event(S.PICKED_UP, 3), event(S.DELIVERED, 9))


def spoken(told: Story, *legs: ShipmentView) -> tuple[str, Leg | None]:
    page = tracking_page(told, legs)
    return page.status, page.leg


def states(page: TrackingPage) -> dict[str, str]:
    return {stage.stage.value: stage.state for stage in page.stages}


def test_before_the_carrier_has_the_order_the_request_speaks() -> None:
    page = tracking_page(story(), [leg(Leg.PICKUP, status=S.SUBMITTING)])
    assert (page.status, page.leg) == ("filed", None)
    assert "bưu chính" in page.next_text.vi


def test_while_papers_travel_the_shipment_speaks() -> None:
    assert spoken(story(), leg(Leg.PICKUP)) == ("created", Leg.PICKUP)
    assert spoken(story(), ON_THE_WAY) == ("in_transit", Leg.PICKUP)
    assert spoken(story(R.ACCEPTED, step("accepted", 4)), ON_THE_WAY) == ("in_transit", Leg.PICKUP)


def test_papers_handed_over_are_told_until_the_agency_answers() -> None:
    assert spoken(story(), HANDED_OVER) == ("delivered", Leg.PICKUP)
    # The carrier's own report of the hand-over may well come after the agency's acceptance.
    assert spoken(story(R.ACCEPTED, step("accepted", 8)), HANDED_OVER) == ("accepted", None)


def test_additions_speak_until_they_are_fetched() -> None:
    asked = story(R.ADDITIONS_REQUESTED, step("accepted", 10), step("additions_requested", 20))
    assert spoken(asked, HANDED_OVER) == ("additions_requested", None)
    second = leg(Leg.PICKUP, event(S.PICKED_UP, 30), number=2)
    assert spoken(asked, HANDED_OVER, second) == ("picked_up", Leg.PICKUP)
    brought = leg(Leg.PICKUP, event(S.PICKED_UP, 30), event(S.DELIVERED, 40), number=2)
    assert spoken(asked, HANDED_OVER, brought) == ("delivered", Leg.PICKUP)


def test_the_result_is_followed_to_the_door() -> None:
    issued = story(R.ISSUED, step("accepted", 10), step("issued", 50))
    assert spoken(issued, HANDED_OVER) == ("issued", None)
    coming = leg(Leg.DELIVERY, event(S.PICKED_UP, 52), event(S.OUT_FOR_DELIVERY, 60))
    assert spoken(issued, HANDED_OVER, coming) == ("out_for_delivery", Leg.DELIVERY)
    home = leg(Leg.DELIVERY, event(S.OUT_FOR_DELIVERY, 60), event(S.DELIVERED, 61))
    returned = story(R.RETURNED, step("issued", 50), step("returned", 61))
    page = tracking_page(returned, [HANDED_OVER, home])
    assert (page.status, page.leg) == ("delivered", Leg.DELIVERY)
    assert set(states(page).values()) == {"done"}
    assert [entry.status for entry in page.timeline].count("returned") == 0


def test_a_request_that_ended_speaks_unless_papers_are_still_out() -> None:
    withdrawn = story(R.WITHDRAWN, step("withdrawn", 2))
    assert spoken(withdrawn, leg(Leg.PICKUP, event(S.CANCELLED, 2))) == ("withdrawn", None)
    assert spoken(withdrawn, leg(Leg.PICKUP, event(S.PICKED_UP, 1), event(S.RETURNING, 3))) == ("returning", Leg.PICKUP)


def test_transfers_between_offices_are_not_shown() -> None:
    page = tracking_page(story(), [leg(Leg.TRANSFER, event(S.IN_TRANSIT, 1))])
    assert page.leg is None
    assert [entry.status for entry in page.timeline] == ["filed"]


def test_steps_and_facts_are_one_story_in_the_order_they_happened() -> None:
    told = story(R.ISSUED, step("issued", 50), step("accepted", 10))
    page = tracking_page(told, [leg(Leg.DELIVERY, event(S.PICKED_UP, 52)), HANDED_OVER])
    assert [entry.status for entry in page.timeline] == [
        "filed", "picked_up", "delivered", "accepted", "issued", "picked_up",
    ]  # fmt: skip


def test_what_moved_nothing_is_not_told() -> None:
    facts = (event(S.PICKED_UP, 1), event(S.PICKED_UP, 2, effective=False, mark="repeat"))
    assert len(tracking_page(story(), [leg(Leg.PICKUP, *facts)]).timeline) == 2


def test_a_failed_try_says_why_in_words() -> None:
    failed = leg(Leg.PICKUP, event(S.PICKUP_FAILED, 1, reason="absent"))
    page = tracking_page(story(), [failed])
    assert page.status_text.vi.endswith(": không có người ở nhà")
    assert page.timeline[-1].text.en.endswith(": nobody was at home")


def test_a_reason_without_words_is_left_out() -> None:
    failed = leg(Leg.DELIVERY, event(S.DELIVERY_FAILED, 1, reason="GHN-DFC1A7"))
    assert "GHN" not in json.dumps(document(tracking_page(story(R.ISSUED), [failed]), "vi"))


@pytest.mark.parametrize("status", list(Status))
def test_the_worker_is_named_only_on_the_way(status: Status) -> None:
    page = tracking_page(story(), [leg(Leg.PICKUP, event(status, 1), worker=WORKER)])
    assert (page.worker is not None) == (status in WORKER_SHOWN)


def test_of_the_worker_only_the_offices_phone_is_shown() -> None:
    page = tracking_page(story(), [leg(Leg.PICKUP, event(S.PICKED_UP, 1), worker=WORKER)])
    shown = document(page, "vi")["worker"]
    assert shown == {"name": WORKER.name, "employee_code": "HNI-0042", "post_office_phone": "+842438250000"}


def test_a_carriers_office_is_shown_and_a_citizens_door_is_not() -> None:
    office = event(S.AT_ORIGIN, 2, place="BCP Hoàn Kiếm")
    at_door = event(S.PICKED_UP, 1, source="client", place="12 phố Thử, Hà Nội")
    written_out = event(S.IN_TRANSIT, 3, place=f"{STREET.upper()}, Hà Nội")
    page = tracking_page(story(), [leg(Leg.PICKUP, at_door, office, written_out)])
    assert [entry.place for entry in page.timeline] == [None, None, "BCP Hoàn Kiếm", None]


def test_papers_brought_to_a_counter_wait_for_the_citizen_not_for_a_worker() -> None:
    page = tracking_page(story(pickup=COUNTER), [leg(Leg.PICKUP)])
    assert "bưu cục đã chọn" in page.next_text.vi
    taken = tracking_page(story(pickup=COUNTER), [leg(Leg.PICKUP, event(S.PICKED_UP, 1, place="BCP Hoàn Kiếm"))])
    assert taken.timeline[-1].place == "BCP Hoàn Kiếm"


def test_the_window_is_told_until_the_papers_are_collected() -> None:
    window = (at(24), at(28))
    assert tracking_page(story(), [leg(Leg.PICKUP, window=window)]).window == window
    assert tracking_page(story(), [leg(Leg.PICKUP, event(S.PICKED_UP, 25), window=window)]).window is None


def test_stages_leave_out_what_does_not_go_by_post() -> None:
    page = tracking_page(story(R.PROCESSING, pickup=None, delivery=None), [])
    assert states(page) == {"filed": "done", "agency": "now", "handed_over": "next"}


def test_trouble_stops_its_stage() -> None:
    lost = leg(Leg.PICKUP, event(S.PICKED_UP, 1), event(S.LOST, 2))
    assert states(tracking_page(story(), [lost]))["to_agency"] == "stopped"
    withdrawn = tracking_page(story(R.WITHDRAWN), [leg(Leg.PICKUP, event(S.CANCELLED, 1))])
    assert list(states(withdrawn).values()) == ["done", "stopped", "next", "next", "next", "next"]


def events() -> st.SearchStrategy[EventView]:
    return st.builds(
        event,
        st.sampled_from(Status),
        st.floats(0, 500),
        effective=st.booleans(),
        place=st.sampled_from([None, "BCP Thử", STREET, f"{STREET}, Hà Nội"]),
        note=st.just(f"gọi {PHONE} gặp {NAME}"),
        source=st.sampled_from(["carrier:vnpost", "scan", "client", "staff"]),
        reason=st.sampled_from([None, "absent", "whatever"]),
    )


def shipments() -> st.SearchStrategy[ShipmentView]:
    return st.builds(
        lambda kind, facts: leg(kind, *facts, worker=WORKER), st.sampled_from(Leg), st.lists(events(), max_size=6)
    )


def stories() -> st.SearchStrategy[Story]:
    kinds = st.sampled_from([*(status.value for status in R), "late", "something_new"])
    return st.builds(
        lambda status, steps, **sides: story(status, *(step(kind, hours) for kind, hours in steps), **sides),
        st.sampled_from(R),
        st.lists(st.tuples(kinds, st.floats(0, 500)), max_size=5),
        pickup=st.sampled_from([None, COUNTER, HOME]),
        delivery=st.sampled_from([None, HOME]),
    )


@given(stories(), st.lists(shipments(), max_size=4), st.sampled_from(["vi", "en"]))
def test_nothing_personal_and_nothing_of_the_certificate_is_ever_on_the_page(
    told: Story, legs: list[ShipmentView], language: str
) -> None:
    shown: dict[str, Any] = document(tracking_page(told, legs), language)
    text = json.dumps(shown, ensure_ascii=False)
    secret = [NAME, PHONE, PHONE[3:], NATIONAL_ID, STREET, "mau@example.vn", WORKER.phone, "1990", "lịch tư pháp", "riminal"]
    assert [word for word in secret if word and word in text] == []
    assert [stage["state"] for stage in shown["stages"]].count("now") <= 1
    times = [entry["at"] for entry in shown["timeline"]]
    assert [moment[:19] for moment in times] == sorted(moment[:19] for moment in times)
    assert {stage["stage"] for stage in shown["stages"]} <= {stage.value for stage in Stage}
