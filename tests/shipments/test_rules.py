import pytest

from carriers.status import Direction, Effect, IdentityStatus, Leg, MoneyStatus, Status
from postal_service.shipments.custody import HolderKind
from postal_service.shipments.facts import WorkerNamed
from postal_service.shipments.journey import Journey, Mark, Review, ReviewKind
from postal_service.shipments.lifecycle import TERMINAL, TRANSITIONS, can_book, can_cancel, can_move
from tests.shipments.telling import VNPOST, fact, told, way

S = Status
AN = WorkerNamed(name="Nguyễn Văn An", employee_code="HN-0101")
BINH = WorkerNamed(name="Trần Thị Bình", employee_code="HN-0102")


def marks(journey: Journey) -> list[Mark | None]:
    return [entry.mark for entry in journey.timeline]


def kinds(journey: Journey) -> list[ReviewKind]:
    return [review.kind for review in journey.reviews]


def holders(journey: Journey) -> list[tuple[HolderKind, str | None]]:
    return [(holder.kind, holder.name) for holder in journey.custody]


# The table


def test_every_state_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(Status)


def test_an_order_may_be_sent_again_only_before_the_carrier_has_it() -> None:
    assert {status for status in Status if can_book(status)} == {S.DRAFT, S.SUBMIT_UNKNOWN, S.SUBMIT_REJECTED}


def test_a_cancel_is_possible_only_before_the_papers_are_handed_over() -> None:
    assert not any(can_cancel(status) for status in (S.PICKED_UP, S.IN_TRANSIT, S.DELIVERED, S.RETURNING, S.EXCEPTION))
    assert all(can_cancel(status) for status in (S.DRAFT, S.CREATED, S.PICKUP_ASSIGNED, S.PICKUP_FAILED))


def test_a_pending_return_may_end_in_a_delivery_but_a_running_one_may_not() -> None:
    assert can_move(S.RETURN_PENDING, S.OUT_FOR_DELIVERY)
    assert not can_move(S.RETURNING, S.OUT_FOR_DELIVERY)


# Booking and proof


@pytest.mark.parametrize("booking", [S.DRAFT, S.SUBMITTING, S.SUBMIT_UNKNOWN, S.SUBMIT_REJECTED, S.CREATED])
def test_without_facts_the_booking_is_the_state(booking: Status) -> None:
    assert told(booking=booking).status is booking


def test_a_carriers_fact_proves_the_order_whatever_the_booking_believes() -> None:
    journey = told(fact(0, S.PICKUP_ASSIGNED), booking=S.SUBMIT_UNKNOWN)
    assert journey.status is S.PICKUP_ASSIGNED


def test_a_note_of_staff_does_not_prove_an_order() -> None:
    assert told(fact(0, None, "staff", effect=Effect.INFO), booking=S.DRAFT).status is S.DRAFT


def test_an_order_we_gave_up_that_the_carrier_has_is_put_up_for_review() -> None:
    journey = told(fact(0, S.PICKED_UP), booking=S.CANCELLED)
    assert journey.status is S.PICKED_UP
    assert kinds(journey) == [ReviewKind.BOOKING_DENIED]


def test_a_carriers_draft_is_kept_and_moves_nothing() -> None:
    journey = way(S.DRAFT, S.CREATED, S.PICKUP_ASSIGNED)
    assert marks(journey) == [Mark.INFO, Mark.REPEAT, None]


# Order


def test_an_older_fact_is_history_and_moves_nothing_back() -> None:
    late = told(fact(30, S.IN_TRANSIT), fact(10, S.PICKED_UP), fact(20, S.AT_ORIGIN))
    assert late.status is S.IN_TRANSIT
    assert marks(late) == [None, None, None]


def test_of_one_second_the_higher_rank_wins() -> None:
    assert told(fact(0, S.DELIVERED), fact(0, S.OUT_FOR_DELIVERY)).status is S.DELIVERED


@pytest.mark.parametrize("failed_first", [True, False])
def test_a_failed_try_of_the_same_second_never_overrides_a_delivery(failed_first: bool) -> None:
    pair = [fact(0, S.DELIVERY_FAILED), fact(0, S.DELIVERED)]
    assert told(*(pair if failed_first else pair[::-1])).status is S.DELIVERED


def test_a_scan_with_a_fraction_of_a_second_shares_the_second_of_a_carriers_word() -> None:
    scan = fact(0.005, S.OUT_FOR_DELIVERY, "scan")
    assert told(fact(0, S.DELIVERED), scan).status is S.DELIVERED


def test_a_copy_of_a_fact_changes_nothing() -> None:
    one = fact(0, S.PICKED_UP)
    assert told(one, one) == told(one)


# What moves nothing


def test_an_unknown_code_is_kept_put_up_for_review_and_moves_nothing() -> None:
    journey = told(fact(0, S.PICKED_UP), fact(10, None, known=False))
    assert journey.status is S.PICKED_UP
    assert marks(journey) == [None, Mark.UNKNOWN]
    assert kinds(journey) == [ReviewKind.UNKNOWN_CODE]


def test_an_illegal_move_stays_in_the_timeline_marked() -> None:
    journey = way(S.PICKED_UP, S.PICKUP_ASSIGNED, S.AT_ORIGIN)
    assert journey.status is S.AT_ORIGIN
    assert marks(journey) == [None, Mark.ILLEGAL, None]
    assert kinds(journey) == [ReviewKind.ILLEGAL_MOVE]


def test_information_and_money_move_nothing() -> None:
    journey = told(
        fact(0, S.OUT_FOR_DELIVERY),
        fact(5, S.DELIVERED, effect=Effect.INFO),
        fact(6, S.DELIVERED, effect=Effect.MONEY, money=MoneyStatus.REMITTED),
    )
    assert journey.status is S.OUT_FOR_DELIVERY
    assert journey.money_status is MoneyStatus.REMITTED
    assert marks(journey) == [None, Mark.INFO, Mark.MONEY]


def test_a_code_for_review_moves_and_asks_for_a_person() -> None:
    journey = told(fact(0, S.OUT_FOR_DELIVERY), fact(5, S.EXCEPTION, effect=Effect.REVIEW))
    assert journey.status is S.EXCEPTION
    assert kinds(journey) == [ReviewKind.CARRIER_ASKS]


def test_a_repeat_of_the_state_stays_in_the_timeline_not_effective() -> None:
    assert marks(way(S.IN_TRANSIT, S.IN_TRANSIT)) == [None, Mark.REPEAT]


# Tries


def test_a_new_try_after_a_failed_one_raises_the_attempt() -> None:
    journey = way(S.OUT_FOR_DELIVERY, S.DELIVERY_FAILED, S.AT_DESTINATION, S.OUT_FOR_DELIVERY)
    assert [entry.attempt for entry in journey.timeline] == [1, 1, 2, 2]
    assert (journey.failed_tries, journey.attempt) == (1, 2)


def test_pickup_tries_are_counted_apart_from_delivery_tries() -> None:
    journey = way(S.PICKUP_FAILED, S.PICKUP_ASSIGNED, S.PICKED_UP)
    assert [entry.attempt for entry in journey.timeline] == [1, 2, 1]
    assert journey.failed_tries == 0


def test_the_same_failed_try_told_twice_within_the_hour_counts_once() -> None:
    journey = told(fact(0, S.DELIVERY_FAILED), fact(59, S.DELIVERY_FAILED, "scan"))
    assert (marks(journey), journey.failed_tries) == ([None, Mark.REPEAT], 1)


def test_a_failed_try_an_hour_after_a_failed_try_is_another_one() -> None:
    journey = told(fact(0, S.DELIVERY_FAILED), fact(60, S.DELIVERY_FAILED))
    assert (marks(journey), journey.attempt) == ([None, None], 2)


# Direction


def test_forward_words_on_the_way_back_mean_the_return() -> None:
    journey = way(S.RETURNING, S.IN_TRANSIT, S.DELIVERY_FAILED, S.AT_DESTINATION)
    assert [entry.status_after for entry in journey.timeline] == [
        S.RETURNING,
        S.RETURNING,
        S.RETURN_FAILED,
        S.RETURNING,
    ]
    assert journey.direction is Direction.RETURN
    assert journey.reviews == ()


def test_delivered_on_the_way_back_is_returned_when_the_carrier_says_which_way() -> None:
    journey = told(fact(0, S.RETURNING), fact(10, S.DELIVERED, direction=Direction.RETURN))
    assert journey.status is S.RETURNED


def test_a_bare_delivered_on_the_way_back_moves_nothing_and_asks_for_a_person() -> None:
    journey = way(S.RETURNING, S.DELIVERED)
    assert journey.status is S.RETURNING
    assert kinds(journey) == [ReviewKind.DELIVERED_ON_THE_WAY_BACK]


def test_a_redelivery_of_a_pending_return_goes_forward_again() -> None:
    pending = fact(0, S.RETURN_PENDING, direction=Direction.RETURN)
    assert told(pending).direction is Direction.RETURN
    again = told(pending, fact(10, S.OUT_FOR_DELIVERY))
    assert (again.status, again.direction) == (S.OUT_FOR_DELIVERY, Direction.FORWARD)


def test_an_incident_does_not_turn_the_papers_round() -> None:
    journey = way(S.RETURNING, S.EXCEPTION, S.IN_TRANSIT)
    assert (journey.status, journey.direction) == (S.RETURNING, Direction.RETURN)


def test_a_carriers_flag_alone_turns_the_papers_round() -> None:
    journey = told(fact(0, S.AT_DESTINATION), fact(10, S.IN_TRANSIT, direction=Direction.RETURN))
    assert (journey.status, journey.direction) == (S.RETURNING, Direction.RETURN)


# Ends and corrections


@pytest.mark.parametrize("end", sorted(TERMINAL))
def test_an_end_is_left_only_by_a_correction(end: Status) -> None:
    assert way(end, S.IN_TRANSIT).status is end
    corrected = told(fact(0, end), fact(10, S.IN_TRANSIT, "staff", correction=True))
    assert (corrected.status, corrected.direction) == (S.IN_TRANSIT, Direction.FORWARD)


def test_a_cancel_that_lost_the_race_goes_on() -> None:
    assert way(S.CANCEL_REQUESTED, S.PICKED_UP).status is S.PICKED_UP
    assert way(S.PICKED_UP, S.CANCELLED).status is S.PICKED_UP


# Custody


def test_custody_of_a_pickup_goes_from_the_citizen_to_the_agency() -> None:
    journey = told(
        fact(0, S.PICKUP_ASSIGNED, worker=AN),
        fact(10, S.PICKED_UP),
        fact(20, S.AT_ORIGIN, place="Bưu cục Cầu Giấy"),
        fact(30, S.IN_TRANSIT),
        fact(40, S.AT_DESTINATION, place="Bưu cục Hà Đông"),
        fact(50, S.OUT_FOR_DELIVERY, worker=BINH),
        fact(60, S.DELIVERED),
        leg=Leg.PICKUP,
    )
    assert holders(journey) == [
        (HolderKind.CITIZEN, None),
        (HolderKind.WORKER, AN.name),
        (HolderKind.POST_OFFICE, "Bưu cục Cầu Giấy"),
        (HolderKind.CARRIER, "vnpost"),
        (HolderKind.POST_OFFICE, "Bưu cục Hà Đông"),
        (HolderKind.WORKER, BINH.name),
        (HolderKind.AGENCY, None),
    ]


def test_custody_of_a_delivery_begins_at_the_agency_and_ends_with_the_citizen() -> None:
    journey = way(S.PICKED_UP, S.DELIVERED)
    assert [holder.kind for holder in journey.custody] == [HolderKind.AGENCY, HolderKind.WORKER, HolderKind.CITIZEN]


def test_a_failed_try_leaves_the_papers_with_the_worker() -> None:
    assert way(S.OUT_FOR_DELIVERY, S.DELIVERY_FAILED).holder.kind is HolderKind.WORKER


def test_a_failed_try_proves_that_somebody_took_the_papers() -> None:
    assert way(S.DELIVERY_FAILED).holder.kind is HolderKind.CARRIER


def test_custody_follows_the_papers_on_the_way_back() -> None:
    journey = told(
        fact(0, S.RETURNING),
        fact(10, S.AT_DESTINATION, place="Bưu cục Ba Đình"),
        fact(20, S.OUT_FOR_DELIVERY, worker=AN),
        fact(30, S.RETURNED),
    )
    assert holders(journey)[1:] == [
        (HolderKind.CARRIER, "vnpost"),
        (HolderKind.POST_OFFICE, "Bưu cục Ba Đình"),
        (HolderKind.WORKER, AN.name),
        (HolderKind.AGENCY, None),
    ]


@pytest.mark.parametrize("scan_first", [True, False])
def test_for_custody_a_scan_outranks_a_carriers_word(scan_first: bool) -> None:
    scan_at, carrier_at = (10, 12) if scan_first else (12, 10)
    journey = told(fact(carrier_at, S.PICKED_UP, worker=AN), fact(scan_at, S.PICKED_UP, "scan", worker=BINH), leg=Leg.PICKUP)
    assert holders(journey) == [(HolderKind.CITIZEN, None), (HolderKind.WORKER, BINH.name)]


def test_a_worker_who_hands_the_round_to_another_is_no_longer_the_holder() -> None:
    journey = told(fact(0, S.OUT_FOR_DELIVERY, "scan", worker=AN), fact(30, S.OUT_FOR_DELIVERY, "scan", worker=BINH))
    assert [name for _, name in holders(journey)] == [None, AN.name, BINH.name]


def test_the_office_at_the_other_end_is_another_holder_even_when_unnamed() -> None:
    journey = told(fact(0, S.AT_ORIGIN, place="Bưu cục Cầu Giấy"), fact(60, S.AT_DESTINATION))
    assert holders(journey)[1:] == [(HolderKind.POST_OFFICE, "Bưu cục Cầu Giấy"), (HolderKind.POST_OFFICE, None)]


# Money, identity, seal, worker


def test_money_never_goes_back() -> None:
    journey = told(fact(0, None, "system", money=MoneyStatus.COLLECTED_CONFIRMED), fact(10, None, money=MoneyStatus.DUE))
    assert journey.money_status is MoneyStatus.COLLECTED_CONFIRMED


def test_what_was_taken_at_the_door_is_the_scans_to_say() -> None:
    journey = told(
        fact(0, S.DELIVERED, money=MoneyStatus.COLLECTED_REPORTED), fact(1, S.DELIVERED, "scan", money=MoneyStatus.DUE)
    )
    assert journey.money_status is MoneyStatus.DUE


def test_a_delivery_without_a_verified_identity_is_put_up_for_review() -> None:
    delivered = fact(0, S.DELIVERED)
    assert told(delivered).reviews == (Review(ReviewKind.DELIVERED_UNVERIFIED, delivered.fact_id),)
    verified = told(delivered, fact(2, S.DELIVERED, "scan", identity=IdentityStatus.VERIFIED))
    assert verified.reviews == ()
    assert told(delivered, leg=Leg.PICKUP).reviews == ()


def test_for_identity_a_scan_outranks_a_carriers_word() -> None:
    journey = told(
        fact(0, S.DELIVERY_FAILED, "scan", identity=IdentityStatus.MISMATCH),
        fact(5, S.DELIVERY_FAILED, identity=IdentityStatus.VERIFIED),
    )
    assert journey.identity_status is IdentityStatus.MISMATCH


def test_another_seal_than_the_one_known_is_put_up_for_review() -> None:
    journey = told(fact(0, S.PICKED_UP, "scan", seal="A-100"), fact(10, S.AT_ORIGIN, "scan", seal="A-101"))
    assert kinds(journey) == [ReviewKind.SEAL_DIFFERS]
    assert journey.seal == "A-101"


def test_a_worker_named_by_the_carrier_wins_over_ours() -> None:
    journey = told(fact(0, S.PICKUP_ASSIGNED, worker=AN), fact(10, S.PICKUP_ASSIGNED, "system", worker=BINH))
    assert (journey.worker, journey.worker_source) == (AN, VNPOST)


def test_the_next_try_may_have_a_worker_of_ours() -> None:
    journey = told(fact(0, S.PICKUP_FAILED, worker=AN), fact(10, S.PICKUP_ASSIGNED, "staff", worker=BINH), leg=Leg.PICKUP)
    assert (journey.worker, journey.worker_source) == (BINH, "staff")


# Whole journeys of each carrier, codes already in canonical words


@pytest.mark.parametrize(
    "words",
    [
        "created pickup_assigned picked_up at_origin in_transit at_destination out_for_delivery delivered",
        "pickup_failed picked_up out_for_delivery delivery_failed return_pending returning returning returned",
        "picked_up out_for_delivery delivery_failed out_for_delivery delivered",
        "picked_up in_transit returning at_origin in_transit out_for_delivery returned",
        "picked_up in_transit at_destination available_for_collection delivered",
    ],
)
def test_an_ordinary_journey_makes_only_legal_moves(words: str) -> None:
    statuses = [Status(word) for word in words.split()]
    journey = way(*statuses, leg=Leg.PICKUP)
    assert journey.status is statuses[-1]
    assert journey.reviews == ()
