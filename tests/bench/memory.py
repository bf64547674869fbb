"""Resident memory under load: look-ups, hooks and filings at a steady pace, all roles in one process."""

import json
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from itertools import islice

from carriers.simulator.keys import make_key_pair
from tests.bench.bench import Bench, say
from tests.bench.filing import a_filing, filings
from tests.bench.hooks import PATH, bodies
from tests.bench.load import HOST, get, post
from tests.bench.program import Program, make_ready, serving, vnpost
from tests.bench.table import Figure

CONNECTIONS = 8
LOOK_UPS, HOOKS, FILINGS = 400, 20, 5
"""Each second."""
GOAL_MB_A_MINUTE = 1.0
_FILLING_UP = 0.5
"""The share of the time in which caches may fill; the slope is that of the rest."""

Sample = tuple[float, float]
"""Seconds since the start, megabytes."""


def measure(bench: Bench) -> Iterator[Figure]:
    """Measure the slope of the memory; the longer the load, the more it says."""
    for engine in bench.engines:
        say(f"memory under load on {engine}, {bench.load_minutes:g} min")
        url = bench.new_database(engine, "memory")
        key = make_ready(url)
        keys = make_key_pair(bench.folder / "memory-keys")
        with serving(url, bench.folder / "memory.log", role="all", settings=vnpost(keys, "rsa_verify")) as program:
            code = _file_one(program.port, key)
            hooks = [post(PATH, body) for body in bodies(keys, "rsa_verify")[:HOOKS]]
            every_second = [get(f"/api/v1/track/{code}")] * LOOK_UPS + hooks
            samples = _under_load(bench, program, every_second, filings(key))
        steady = [sample for sample in samples if sample[0] >= samples[-1][0] * _FILLING_UP]
        slope = _slope(steady) * 60
        yield Figure(
            name=f"memory under load, slope over {bench.load_minutes:g} min",
            engine=engine,
            value=slope,
            unit="MB/min",
            limit_or_peer=f"{samples[0][1]:.0f} MB at first, {samples[-1][1]:.0f} MB at last",
            goal=f"< {GOAL_MB_A_MINUTE:g} MB/min",
            met=slope < GOAL_MB_A_MINUTE,
        )


def _under_load(bench: Bench, program: Program, every_second: Sequence[bytes], fresh: Iterator[bytes]) -> list[Sample]:
    began = time.perf_counter()
    samples = [(0.0, program.memory_mb)]
    while samples[-1][0] < bench.load_minutes * 60:
        requests = [*islice(fresh, FILINGS), *every_second]
        bench.load.put_on(program.port, requests, connections=CONNECTIONS, seconds=10, repeat=False).require(200, 201)
        time.sleep(max(0.0, began + len(samples) - time.perf_counter()))
        samples.append((time.perf_counter() - began, program.memory_mb))
    return samples


def _file_one(port: int, key: str) -> str:
    connection = HTTPConnection(HOST, port)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/requests", a_filing("MEMORY"), headers)
    code: str = json.load(connection.getresponse())["tracking_code"]
    connection.close()
    return code


def _slope(samples: Sequence[Sample]) -> float:
    """Return the slope of the straight line closest to the samples (least squares), in megabytes a second."""
    count = len(samples)
    middle_at = sum(at for at, _ in samples) / count
    middle = sum(memory for _, memory in samples) / count
    spread = sum((at - middle_at) ** 2 for at, _ in samples)
    return sum((at - middle_at) * (memory - middle) for at, memory in samples) / spread
