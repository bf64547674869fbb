import random
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from carriers.status import Leg, Status
from postal_service.shipments.custody import HolderKind
from postal_service.shipments.facts import Fact
from postal_service.shipments.journey import Journey, Mark
from postal_service.shipments.lifecycle import TERMINAL, TRANSITIONS
from postal_service.shipments.rules import fold
from tests.property.journeys import any_facts
from tests.shipments.telling import DAWN, fact

LEGS = st.sampled_from(tuple(Leg))
BOOKINGS = st.sampled_from((Status.SUBMITTING, Status.SUBMIT_UNKNOWN, Status.CREATED, Status.CANCELLED))


def in_batches(facts: list[Fact], chance: random.Random, leg: Leg, booking: Status) -> Journey:
    """Store facts batch by batch, some of them twice, folding what is there each time as the program does."""
    stored: list[Fact] = []
    arriving = facts + chance.sample(facts, k=len(facts) // 2)
    chance.shuffle(arriving)
    journey = fold(stored, leg=leg, booking=booking)
    while arriving:
        size = chance.randint(1, len(arriving))
        stored += arriving[:size]
        del arriving[:size]
        journey = fold(stored, leg=leg, booking=booking)
    return journey


@settings(max_examples=300)
@given(facts=any_facts(), chance=st.randoms(use_true_random=False), leg=LEGS, booking=BOOKINGS)
def test_any_order_any_copies_and_any_batches_end_in_the_same_journey(
    facts: list[Fact], chance: random.Random, leg: Leg, booking: Status
) -> None:
    assert in_batches(facts, chance, leg, booking) == fold(facts, leg=leg, booking=booking)


@given(facts=any_facts(), leg=LEGS)
def test_no_fact_is_dropped_from_the_timeline(facts: list[Fact], leg: Leg) -> None:
    timeline = fold(facts, leg=leg, booking=Status.CREATED).timeline
    assert sorted(entry.fact.fact_id for entry in timeline) == sorted(one.fact_id for one in facts)
    assert [entry.fact.occurred_at.replace(microsecond=0) for entry in timeline] == sorted(
        one.occurred_at.replace(microsecond=0) for one in facts
    )


@settings(max_examples=200)
@given(facts=any_facts(), leg=LEGS)
def test_every_moment_has_exactly_one_holder(facts: list[Fact], leg: Leg) -> None:
    chain = fold(facts, leg=leg, booking=Status.CREATED).custody
    assert chain[0].since is None
    times = [datetime.min.replace(tzinfo=DAWN.tzinfo), *(holder.since for holder in chain[1:] if holder.since)]
    assert len(times) == len(chain)
    assert all(earlier <= later for earlier, later in pairwise(times))
    # Two offices that nobody named are two holders all the same.
    unnamed_office = (HolderKind.POST_OFFICE, None)
    assert all(before[:2] != after[:2] or after[:2] == unnamed_office for before, after in pairwise(chain))


@settings(max_examples=200)
@given(facts=any_facts(), end=st.sampled_from(sorted(TERMINAL)))
def test_an_end_is_left_only_by_a_correction(facts: list[Fact], end: Status) -> None:
    ended = fact(-10, end)
    journey = fold([ended, *facts], leg=Leg.DELIVERY, booking=Status.CREATED)
    first_move = next((entry for entry in journey.timeline[1:] if entry.effective), None)
    assert first_move is None or first_move.fact.correction
    assert journey.status is end or first_move is not None


@given(facts=any_facts())
def test_the_state_is_only_moved_along_the_table_or_by_a_correction(facts: list[Fact]) -> None:
    status = Status.CREATED
    journey = fold([fact(-10, Status.CREATED), *facts], leg=Leg.PICKUP, booking=Status.CREATED)
    for entry in journey.timeline:
        moved = entry.status_after is not status
        assert not moved or entry.effective
        assert not moved or entry.fact.correction or entry.status_after in TRANSITIONS[status]
        status = entry.status_after
    assert journey.status is status


def test_every_state_can_reach_an_end() -> None:
    reaching = set(TERMINAL)
    while more := {status for status in Status if status not in reaching and TRANSITIONS[status] & reaching}:
        reaching |= more
    assert reaching == set(Status)


def test_every_state_but_the_first_is_reached_from_another() -> None:
    reached = {target for targets in TRANSITIONS.values() for target in targets}
    assert reached == set(Status) - {Status.DRAFT}


@given(facts=any_facts(), leg=LEGS)
def test_neither_our_ids_nor_the_time_of_arrival_take_part(facts: list[Fact], leg: Leg) -> None:
    arrived_backwards = [
        replace(one, fact_id=f"A{99 - number}", received_at=one.received_at - timedelta(minutes=number))
        for number, one in enumerate(facts)
    ]

    def story(told: list[Fact]) -> list[tuple[str, Status, int, Mark | None]]:
        journey = fold(told, leg=leg, booking=Status.CREATED)
        return [(entry.fact.key, *entry[1:]) for entry in journey.timeline]

    assert story(facts) == story(arrived_backwards)
