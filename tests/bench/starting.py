"""From `run.py serve` to the first good `/readyz`, and the memory of a program that has nothing to do."""

import statistics
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

from tests.bench.bench import Bench, say
from tests.bench.load import HOST
from tests.bench.program import make_ready, serving
from tests.bench.table import Figure, below

GOAL_SECONDS, GOAL_MB = 2.0, 150.0
_IDLE_SECONDS = 3.0


def measure(bench: Bench) -> Iterator[Figure]:
    """Measure both with every role in one process. The bytecode is kept from the first start, which is not counted."""
    for engine in bench.engines:
        say(f"starting on {engine}")
        url = bench.new_database(engine, "starting")
        make_ready(url)
        log = bench.folder / "starting.log"
        _start(url, log)
        starts = [_start(url, log) for _ in range(bench.rounds)]
        seconds = statistics.median(took for took, _ in starts)
        memory = statistics.median(idle for _, idle in starts)
        yield Figure(name="start to ready", engine=engine, value=seconds, unit="s", **below(GOAL_SECONDS, seconds, "s"))
        yield Figure(name="resident memory, idle", engine=engine, value=memory, unit="MB", **below(GOAL_MB, memory, "MB"))


def _start(url: str, log: Path) -> tuple[float, float]:
    """Return the seconds to the first good `/readyz`, and the memory some seconds later."""
    began = time.perf_counter()
    with serving(url, log, role="all") as program:
        connection = HTTPConnection(HOST, program.port)
        connection.request("GET", "/readyz")
        assert connection.getresponse().status == 200
        took = time.perf_counter() - began
        connection.close()
        time.sleep(_IDLE_SECONDS)
        return took, program.memory_mb
