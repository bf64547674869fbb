"""kill -9 at each step between a fact and its messages: nothing is lost, nothing is done twice."""

from pathlib import Path

import pytest

from carriers.simulator.keys import KeyFiles, make_key_pair
from tests.faults.journey import End, nothing_lost_or_doubled, take_home
from tests.faults.prepared import Prepared, prepare
from tests.faults.town import a_town


@pytest.fixture
async def prepared(database_url: str) -> Prepared:
    return await prepare(database_url)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return make_key_pair(tmp_path_factory.mktemp("keys"))


async def test_calm(prepared: Prepared, keys: KeyFiles, tmp_path: Path) -> None:
    import time
    t=time.perf_counter()
    async with a_town(prepared, keys, tmp_path / "calm") as town:
        await town.process.ready() if town.process._process else None
        print('ready', time.perf_counter()-t)
        end = await take_home(town)
        await nothing_lost_or_doubled(town)
        print(time.perf_counter()-t)
        print(end)
        from collections import Counter
        print(*Counter(town.steps.read_text().splitlines()).items(), sep="\n")
        print(Counter(town.calls))
