"""What every adapter must do, run against its carrier's simulator over real HTTP.

A test module derives a class from `CarrierContract` and gives a fixture `bench`, made by `simulator.bench.running_bench`.
"""
# ruff: noqa: D102 - a scenario's name tells the behaviour

import dataclasses
from collections.abc import Awaitable

from carriers.errors import CarrierError, MalformedAnswer, OutcomeUnknown, Refused, TryLater
from carriers.simulator.bench import Bench
from carriers.simulator.faults import Fault
from carriers.simulator.journeys import JOURNEYS
from carriers.status import Effect, Status


async def failure(call: Awaitable[object]) -> CarrierError | None:
    """Return how a call failed, None when it did not."""
    try:
        await call
    except CarrierError as error:
        return error
    return None


class CarrierContract:
    """The scenarios. `create_call` is the name of the carrier's create on the wire, `track_call` that of its pull."""

    create_call: str
    track_call: str

    async def test_a_booking_has_an_item_number_and_is_found_by_our_reference(self, bench: Bench) -> None:
        booking = await bench.book("LT-1-P1")
        assert booking.item_number
        assert booking.reference == "LT-1-P1"
        found = await bench.carrier.find_by_reference("LT-1-P1")
        assert found is not None
        assert (found.item_number, found.carrier_order_id) == (booking.item_number, booking.carrier_order_id)

    async def test_what_was_never_booked_is_surely_not_there(self, bench: Bench) -> None:
        assert await bench.carrier.find_by_reference("LT-404-P1") is None

    async def test_a_create_without_an_answer_is_unknown_and_then_found(self, bench: Bench) -> None:
        for fault in (Fault.SILENCE_AFTER, Fault.CUT_AFTER, Fault.SERVER_ERROR_AFTER, Fault.GARBAGE_AFTER):
            await bench.spoil(self.create_call, fault)
            assert isinstance(await failure(bench.book(f"LT-{fault}")), OutcomeUnknown), fault
            assert await bench.carrier.find_by_reference(f"LT-{fault}") is not None, fault

    async def test_an_adapter_never_sends_a_create_twice_by_itself(self, bench: Bench) -> None:
        await bench.spoil(self.create_call, Fault.SERVER_ERROR_AFTER)
        await failure(bench.book("LT-2-P1"))
        assert len(await bench.orders()) == 1

    async def test_a_create_refused_for_too_many_calls_did_nothing_and_says_when(self, bench: Bench) -> None:
        await bench.spoil(self.create_call, Fault.TOO_MANY)
        error = await failure(bench.book("LT-3-P1"))
        assert isinstance(error, TryLater)
        assert error.retry_after is not None
        assert await bench.orders() == []

    async def test_a_pull_that_fails_may_simply_be_made_again(self, bench: Bench) -> None:
        item = await bench.item("LT-4-P1")
        for fault in (Fault.TOO_MANY, Fault.SERVER_ERROR, Fault.CUT_AFTER, Fault.SILENCE_AFTER):
            await bench.spoil(self.track_call, fault)
            # A kept connection that is cut may be taken up again below us: a read that then succeeds is as good.
            assert isinstance(await failure(bench.carrier.track(item)), TryLater | None), fault
        assert await bench.carrier.track(item)

    async def test_an_unreadable_pull_is_malformed(self, bench: Bench) -> None:
        item = await bench.item("LT-5-P1")
        await bench.spoil(self.track_call, Fault.GARBAGE_AFTER)
        assert isinstance(await failure(bench.carrier.track(item)), MalformedAnswer)

    async def test_an_expired_token_is_renewed_unseen(self, bench: Bench) -> None:
        item = await bench.item("LT-6-P1")
        await bench.expire_tokens()
        assert await bench.carrier.track(item)
        await bench.expire_tokens()
        await bench.book("LT-6-D1")
        assert [order["reference"] for order in await bench.orders()] == ["LT-6-P1", "LT-6-D1"]

    async def test_every_journey_is_tracked_to_its_true_end(self, bench: Bench) -> None:
        for journey in JOURNEYS:
            await bench.choose(f"LT-{journey}", journey)
        items = {journey: await bench.item(f"LT-{journey}") for journey in JOURNEYS}
        await bench.finish()
        for journey, item in items.items():
            truth = await bench.truth(f"LT-{journey}")
            facts = await bench.carrier.track(item)
            assert [(f.code, f.status, f.occurred_at.isoformat()) for f in facts] == [
                (true["code"], true["status"], true["at"]) for true in truth["facts"]
            ], journey
            assert facts[-1].status == truth["final_status"], journey
            assert len({fact.source_id for fact in facts}) == len(facts), journey

    async def test_the_same_fact_keeps_its_id_however_often_it_is_pulled(self, bench: Bench) -> None:
        item = await bench.item("LT-7-P1")
        before = await bench.carrier.track(item)
        await bench.advance()
        assert (await bench.carrier.track(item))[: len(before)] == before

    async def test_a_status_nobody_documented_moves_nothing_and_asks_for_a_person(self, bench: Bench) -> None:
        await bench.choose_steps("LT-8-P1", "assigned", "strange")
        item = await bench.item("LT-8-P1")
        await bench.finish()
        strange = (await bench.carrier.track(item))[-1]
        assert (strange.known, strange.status, strange.effect) == (False, None, Effect.REVIEW)

    async def test_a_cancel_before_pickup_is_taken_and_later_true(self, bench: Bench) -> None:
        booking = await bench.book("LT-9-P1")
        assert (await bench.carrier.cancel(booking.carrier_order_id)).accepted
        await bench.finish()
        assert (await bench.carrier.track(booking.item_number or ""))[-1].status is Status.CANCELLED

    async def test_a_cancel_that_waits_for_approval_can_be_asked_about(self, bench: Bench) -> None:
        booking = await bench.book("LT-10-P1")
        await bench.advance()
        answer = await bench.carrier.cancel(booking.carrier_order_id)
        assert answer.accepted
        assert answer.pending
        assert answer.case_id
        assert (await bench.carrier.cancel_state(booking.carrier_order_id, answer.case_id)).pending
        await bench.advance()
        assert not (await bench.carrier.cancel_state(booking.carrier_order_id, answer.case_id)).pending

    async def test_a_cancel_after_pickup_is_not_accepted(self, bench: Bench) -> None:
        booking = await bench.book("LT-11-P1")
        await bench.finish()
        assert not (await bench.carrier.cancel(booking.carrier_order_id)).accepted

    async def test_a_request_the_carrier_cannot_read_is_refused(self, bench: Bench) -> None:
        assert isinstance(await failure(bench.book("LT-12-P1", contents="")), Refused)

    async def test_labels_are_pdf(self, bench: Bench) -> None:
        assert (await bench.carrier.label_pdf(await bench.item("LT-13-P1"))).startswith(b"%PDF")

    async def test_a_true_hook_is_proven_and_names_the_item(self, bench: Bench) -> None:
        item = await bench.item("LT-14-P1")
        hook = await bench.next_hook()
        assert bench.carrier.verify_hook(hook).proven
        (spoken_of,) = bench.carrier.parse_hook(hook.body)
        assert (spoken_of.item_number, spoken_of.reference) == (item, "LT-14-P1")

    async def test_a_forged_hook_is_not_proven(self, bench: Bench) -> None:
        first, second = await bench.item("LT-15-P1"), await bench.item("LT-15-D1")
        hook = await bench.next_hook()
        swapped = hook.body.replace(first.encode(), b"*").replace(second.encode(), first.encode())
        altered = dataclasses.replace(hook, body=swapped.replace(b"*", second.encode()))
        assert altered != hook
        for forged in (altered, dataclasses.replace(hook, body=b"{}"), dataclasses.replace(hook, body=b"\xff")):
            assert not bench.carrier.verify_hook(forged).proven

    async def test_a_probe_signs_in(self, bench: Bench) -> None:
        assert await failure(bench.carrier.probe()) is None
