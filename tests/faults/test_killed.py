"""kill -9 at each step between a fact and its messages: nothing is lost, nothing is done twice."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from carriers.simulator.keys import KeyFiles, make_key_pair
from tests.faults.child import Death
from tests.faults.journey import End, nothing_lost_or_doubled, take_home
from tests.faults.prepared import Prepared, prepare
from tests.faults.town import Town, a_town

LIVES = 12
"""Journeys at a time. Deaths are dealt out to them: each start of the program leads to the next death."""
RENEWING = "Dispatcher._renew_leases"
"""Comes about by time alone."""
CLAIMING, DONE = "Dispatcher._claim", "Dispatcher._write_results"


@dataclass(slots=True)
class World:
    """Towns that begin alike."""

    prepared: Prepared
    keys: KeyFiles
    folder: Path
    towns: int = 0

    async def live(self, deaths: Sequence[Death] = (), *, whole: bool = True) -> Life:
        """Take a request to the agency, or all the way, while the program dies these deaths."""
        self.towns += 1
        async with a_town(self.prepared, self.keys, self.folder / f"town{self.towns}", deaths) as town:
            try:
                brought_in, first_half = await bring_in(town), town.passed
                taken_home = await take_home(town) if whole else None
                await nothing_lost_or_doubled(town)
            except AssertionError as error:
                error.add_note(f"to die: {deaths}\nstill to die: {town.deaths}\n{town.process.output[-5000:]}")
                raise
            return Life(brought_in, taken_home, first_half, town.passed, town.deaths)


@dataclass(frozen=True, slots=True)
class Life:
    """What a request came to half-way and at the end, the steps passed until then, and the deaths that did not come."""

    brought_in: End
    taken_home: End | None
    first_half: Sequence[str]
    passed: Sequence[str]
    left: Sequence[Death]


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> World:
    return World(await prepare(database_url), make_key_pair(tmp_path), tmp_path)


def deaths_at(passed: Sequence[str]) -> list[Death]:
    """Return a death before and after each kind of step, those first that come about least often.

    Before work is claimed and after its result is written nothing is in hand: nobody has to die there.
    """
    often = Counter(step for step in passed if RENEWING not in step)
    return [
        Death(moment, step)
        for step in sorted(often, key=often.__getitem__)
        for moment in MOMENTS
        if not (moment == "before" and CLAIMING in step) and not (moment == "after" and DONE in step)
    ]


@pytest.mark.timeout(300)
async def test_whatever_step_the_program_dies_at_every_request_comes_to_the_same_end(world: World) -> None:
    calm = await world.live()
    dealt = deal(deaths_at(calm.first_half), calm)
    dealt.append([death for death in deaths_at(calm.passed) if death.step not in calm.first_half])
    while dealt:
        whole = [any(death.step not in calm.first_half for death in hand) for hand in dealt]
        lives = await asyncio.gather(*(world.live(hand, whole=far) for hand, far in zip(dealt, whole, strict=True)))
        assert [life.brought_in for life in lives] == [calm.brought_in] * len(lives)
        assert [life.taken_home for life in lives] == [calm.taken_home if far else None for far in whole]
        # A step may not come about again after an earlier death: who did not die so begins the next life with it.
        left = [life.left for life in lives if life.left]
        assert sum(map(len, left)) < sum(map(len, dealt))
        dealt = left
