"""Tracking by code with 100,000 shipments stored, against a bare handler that returns the same bytes."""

from collections.abc import Iterator
from itertools import islice

from tests.bench import limits, stored
from tests.bench.bench import Bench, say
from tests.bench.load import get
from tests.bench.program import make_ready, serving
from tests.bench.table import Figure, at_least

CONNECTIONS = 32
COLD_GOAL, REPEATED_GOAL = 0.35, 0.6
_CODES_A_TURN = 30_000


def measure(bench: Bench) -> Iterator[Figure]:
    """Measure look-ups of codes never asked before, and of one code again and again."""
    for engine in bench.engines:
        say(f"look-ups on {engine}: storing {stored.SHIPMENTS:,} shipments")
        url = bench.new_database(engine, "lookups")
        make_ready(url)
        there = stored.fill(url, bench.folder / f"keys-{engine}")
        say(f"look-ups on {engine}: measuring")
        with limits.bare_server(there.document) as bare, serving(url, bench.folder / "lookups.log") as program:
            yield from _measure(bench, engine, there, bare, program.port)


def _measure(bench: Bench, engine: str, there: stored.Stored, bare: int, port: int) -> Iterator[Figure]:
    fresh = iter(there.codes)
    again = [_look_up(there.codes[0])]

    def ask(port: int, requests: list[bytes], *, repeat: bool = True) -> float:
        outcome = bench.load.put_on(port, requests, connections=CONNECTIONS, seconds=bench.seconds, repeat=repeat)
        return outcome.require(200).per_second

    def ask_cold() -> float:
        return ask(port, [_look_up(code) for code in islice(fresh, _CODES_A_TURN)], repeat=False)

    ask(bare, [get("/")])
    ask(port, again)
    turns = bench.in_turns({"bare": lambda: ask(bare, [get("/")]), "cold": ask_cold, "repeated": lambda: ask(port, again)})
    limit = f"bare aiohttp GET {turns.median('bare'):,.0f}; Karrio 60"
    for side, name, goal in (("cold", "a cold code", COLD_GOAL), ("repeated", "the same code again", REPEATED_GOAL)):
        yield Figure(
            name=f"tracking look-up, {name}",
            engine=engine,
            value=turns.median(side),
            unit="/s",
            limit_or_peer=limit,
            **at_least(goal, turns.ratio(side, "bare")),
        )


def _look_up(code: str) -> bytes:
    return get(f"/api/v1/track/{code}")
