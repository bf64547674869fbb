"""kill -9 at each step between a fact and its messages: nothing is lost, nothing is done twice."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from carriers.simulator.keys import KeyFiles, make_key_pair
from tests.faults.child import Death
from tests.faults.journey import End, nothing_lost_or_doubled, take_home
from tests.faults.prepared import Prepared, prepare
from tests.faults.town import Town, a_town

LIVES = 8
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

    async def live(self, deaths: Sequence[Death] = ()) -> tuple[End, Town]:
        """Take a request home while the program dies these deaths."""
        self.towns += 1
        async with a_town(self.prepared, self.keys, self.folder / f"town{self.towns}", deaths) as town:
            try:
                end = await take_home(town)
                await nothing_lost_or_doubled(town)
            except AssertionError as error:
                error.add_note(f"to die: {deaths}\nstill to die: {town.deaths}\n{town.process.output[-5000:]}")
                raise
            return end, town


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> World:
    return World(await prepare(database_url), make_key_pair(tmp_path), tmp_path)


def every_death(calm: Town) -> list[Death]:
    """Return a death before and after each kind of call and of commit, in the order they first come about.

    Before work is claimed and after its result is written nothing is in hand: nobody has to die there.
    """
    steps = [step for step in calm.steps.read_text().splitlines() if RENEWING not in step]
    deaths = [
        Death(moment, step) for step in dict.fromkeys((steps[0], *calm.calls, *steps)) for moment in ("before", "after")
    ]
    return [
        death
        for death in deaths
        if not (death.moment == "before" and CLAIMING in death.step) and not (death.moment == "after" and DONE in death.step)
    ]


@pytest.mark.timeout(300)
async def test_whatever_step_the_program_dies_at_every_request_comes_to_the_same_end(world: World) -> None:
    calm, town = await world.live()
    deaths = every_death(town)
    while deaths:
        hands = [deaths[start::LIVES] for start in range(LIVES)]
        lives = await asyncio.gather(*(world.live(hand) for hand in hands if hand))
        assert [end for end, _ in lives] == [calm] * len(lives)
        # A step may not come about again after an earlier death; what is left begins the next lives.
        left = [death for _, town in lives for death in town.deaths]
        assert len(left) < len(deaths)
        deaths = left
        import time; print(time.perf_counter(), len(left), *left, sep="\n")
