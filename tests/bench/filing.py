"""Requests filed: validated, priced, stored with their shipment and outbox rows, durably; 64 at a time."""

import json
from collections.abc import Iterator
from itertools import count, islice

from tests.bench.bench import Bench, say
from tests.bench.load import post
from tests.bench.program import make_ready, serving
from tests.bench.table import Figure, at_least
from tests.world import a_request

CONNECTIONS = 64
GOAL = 0.15
_REQUESTS_A_TURN = 8_000


def measure(bench: Bench) -> Iterator[Figure]:
    """Measure filings against one-row commits."""
    for engine in bench.engines:
        say(f"filing on {engine}")
        url = bench.new_database(engine, "filing")
        key = make_ready(url)
        with serving(url, bench.folder / "filing.log") as program:
            yield _measure(bench, engine, program.port, filings(key))


def filings(key: str) -> Iterator[bytes]:
    """Return requests to file, each with an external id of its own, for ever."""
    for number in count(1):
        yield post("/api/v1/requests", a_filing(f"BENCH-{number}"), key=key)


def a_filing(external_id: str) -> bytes:
    """Return the body of a request to file."""
    return json.dumps(a_request(external_id=external_id), ensure_ascii=False).encode()


def _measure(bench: Bench, engine: str, port: int, requests: Iterator[bytes]) -> Figure:
    def file() -> float:
        batch = list(islice(requests, _REQUESTS_A_TURN))
        outcome = bench.load.put_on(port, batch, connections=CONNECTIONS, seconds=bench.seconds, repeat=False)
        return outcome.require(201).per_second

    file()
    turns = bench.in_turns({"commits": lambda: bench.commits(engine), "filed": file})
    return Figure(
        name="request filed",
        engine=engine,
        value=turns.median("filed"),
        unit="/s",
        limit_or_peer=f"one-row commits, one connection {turns.median('commits'):,.0f}; Karrio drafts 12",
        **at_least(GOAL, turns.ratio("filed", "commits")),
    )
