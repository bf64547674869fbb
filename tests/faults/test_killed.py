"""kill -9 at each step between a fact and its messages: nothing is lost, nothing is done twice.

The steps are not listed here: a calm run tells them. What the program learns to commit is by itself a new place to die.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from carriers.simulator.keys import KeyFiles, make_key_pair
from tests.faults.child import MOMENTS, Death
from tests.faults.journey import End, bring_in, nothing_lost_or_doubled, take_home
from tests.faults.prepared import Prepared, prepare
from tests.faults.town import a_town

LIVES = 10
"""At a time. Deaths are dealt out to them: each start of the program leads to the next death."""
RENEWING = "Dispatcher._renew_leases"
"""Comes about by time alone."""
CLAIMING, DONE = "Dispatcher._claim", "Dispatcher._write_results"


@dataclass(frozen=True, slots=True)
class Life:
    """What a request came to when it was brought in and, where it was, taken home; the steps that were passed until then."""

    brought_in: End
    steps_in: Sequence[str]
    taken_home: End | None
    steps_home: Sequence[str]
    left: Sequence[Death]
    """Deaths that did not come about."""


@dataclass(slots=True)
class World:
    """Towns that begin alike."""

    prepared: Prepared
    keys: KeyFiles
    folder: Path
    towns: int = 0

    async def live(self, deaths: Sequence[Death] = (), *, whole: bool) -> Life:
        """Bring a request in, and take it home for a whole life, while the program dies these deaths."""
        self.towns += 1
        async with a_town(self.prepared, self.keys, self.folder / f"town{self.towns}", deaths) as town:
            try:
                brought_in, steps_in = await bring_in(town), town.passed
                taken_home = await take_home(town) if whole else None
                await nothing_lost_or_doubled(town)
            except AssertionError as error:
                error.add_note(f"to die: {deaths}\nstill to die: {town.deaths}\n{town.process.output[-5000:]}")
                raise
            return Life(brought_in, steps_in, taken_home, town.passed, town.deaths)


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> World:
    return World(await prepare(database_url), make_key_pair(tmp_path), tmp_path)


def deaths_at(passed: Sequence[str]) -> list[Death]:
    """Return a death before and after each kind of step, first those that come about least often.

    Before work is claimed and after its result is written nothing is in hand: nobody has to die there.
    """
    often = Counter(step for step in passed if RENEWING not in step)
    return [
        Death(moment, step)
        for step in sorted(often, key=often.__getitem__)
        for moment in MOMENTS
        if not (moment == "before" and CLAIMING in step) and not (moment == "after" and DONE in step)
    ]


def hands(calm: Life) -> list[list[Death]]:
    """Deal out every death: those on the way in to many, so that no hand has many rare ones; those home to one."""
    on_the_way_in = deaths_at(calm.steps_in)
    on_the_way_home = [death for death in deaths_at(calm.steps_home) if death not in on_the_way_in]
    dealt = [on_the_way_in[start::LIVES] for start in range(LIVES)] + [on_the_way_home]
    return [sorted(hand, key=lambda death: calm.steps_home.index(death.step)) for hand in dealt]


@pytest.mark.timeout(300)
async def test_whatever_step_the_program_dies_at_every_request_comes_to_the_same_end(world: World) -> None:
    calm = await world.live(whole=True)
    dealt = hands(calm)
    while dealt:
        whole = [any(death.step not in calm.steps_in for death in hand) for hand in dealt]
        lives = await asyncio.gather(*(world.live(hand, whole=far) for hand, far in zip(dealt, whole, strict=True)))
        for life in lives:
            assert life.brought_in == calm.brought_in
            assert life.taken_home in (None, calm.taken_home)
        # A step may not come about again after an earlier death: who did not die so begins the next life with it.
        left = [life.left for life in lives if life.left]
        assert sum(map(len, left)) < sum(map(len, dealt))
        dealt = [list(hand) for hand in left]
