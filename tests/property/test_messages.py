import random

from hypothesis import given, settings
from hypothesis import strategies as st

from carriers.status import Leg, Status
from postal_service.messaging.rules import Event, Told, due, notice_for
from postal_service.shipments.facts import Fact
from postal_service.shipments.journey import Journey, Mark
from postal_service.shipments.rules import fold
from tests.property.journeys import any_facts, consistent_facts

LEGS = st.sampled_from((Leg.PICKUP, Leg.DELIVERY))


def journey_of(facts: list[Fact], leg: Leg) -> Journey:
    return fold(facts, leg=leg, booking=Status.CREATED)


def messages(batches: list[list[Fact]], leg: Leg) -> list[Told]:
    """What is sent when the facts arrive in these batches."""
    told: list[Told] = []
    known: list[Fact] = []
    for batch in batches:
        known += batch
        notice = notice_for(leg, journey_of(known, leg))
        if notice and due(notice, told):
            told.append(Told(event=notice.event, attempt=notice.attempt, fact=notice.fact))
    return told


def shuffled_batches(facts: list[Fact], chance: random.Random) -> list[list[Fact]]:
    arriving = facts + chance.sample(facts, k=len(facts) // 3)
    chance.shuffle(arriving)
    batches = []
    while arriving:
        size = chance.randint(1, min(3, len(arriving)))
        batches.append(arriving[:size])
        del arriving[:size]
    return batches


@settings(max_examples=300)
@given(facts=any_facts(), chance=st.randoms(use_true_random=False), leg=LEGS)
def test_no_message_is_told_twice_and_the_last_one_due_is_told(facts: list[Fact], chance: random.Random, leg: Leg) -> None:
    told = messages(shuffled_batches(facts, chance), leg)
    assert len({(one.event, one.attempt) for one in told}) == len(told)
    assert len({one.fact for one in told}) == len(told)
    last = notice_for(leg, journey_of(facts, leg))
    assert last is None or not due(last, told)


# What follows holds for journeys that could have happened. For any list of facts it cannot: what is known so far may
# tell a consistent story that a fact from the past later makes impossible. "Out for delivery" is rightly told on the day;
# when it then comes out that the papers had been destroyed the day before, the calm order would never have told it. And
# while a carrier without a flag has not yet told that the papers turned round, its forward words mean forward.


@settings(max_examples=400)
@given(facts=consistent_facts(), chance=st.randoms(use_true_random=False), leg=LEGS)
def test_in_any_order_the_messages_are_among_those_of_the_calm_order_with_the_last_one_due(
    facts: list[Fact], chance: random.Random, leg: Leg
) -> None:
    whole = journey_of(facts, leg)
    assert not any(entry.mark is Mark.ILLEGAL for entry in whole.timeline)
    # While facts are missing, tries are counted too low; what a message was about is seen when all are there.
    attempt = {entry.fact.key: entry.attempt for entry in whole.timeline}
    at = {entry.fact.key: entry.fact.occurred_at for entry in whole.timeline}

    def about(told: list[Told]) -> list[tuple[Event, int]]:
        return [(one.event, attempt[one.fact]) for one in told]

    calm = messages([[one] for one in facts], leg)
    rough = messages(shuffled_batches(facts, chance), leg)

    assert set(about(rough)) <= set(about(calm))
    assert len(set(about(rough))) == len(rough), "the same news of the same try is told once"
    assert [at[one.fact] for one in rough] == sorted(at[one.fact] for one in rough), "never a past state after a later one"
    last = notice_for(leg, whole)
    assert last is None or (last.event, last.attempt) in about(rough)
