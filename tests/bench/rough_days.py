"""Shipments of a carrier with rough days, every one of which has to end where the carrier's script says.

They take long, so they run on one engine, PostgreSQL where it is measured; `make test` has a hundred on both.
"""

import asyncio
from collections.abc import Iterator

from tests.bench.bench import Bench, say
from tests.bench.program import make_ready
from tests.bench.table import Figure
from tests.rough import rough_days


def measure(bench: Bench) -> Iterator[Figure]:
    """Take them through both legs."""
    engine = bench.engines[-1]
    say(f"{bench.rough_shipments:,} rough shipments on {engine}")
    url = bench.new_database(engine, "rough")
    make_ready(url)
    report = asyncio.run(rough_days(bench.rough_shipments, url, bench.folder / "rough"))
    for line in report.wrong[:20]:
        say(line)
    yield Figure(
        name=f"{report.shipments:,} rough shipments, ended otherwise than the script says",
        engine=engine,
        value=len(report.wrong),
        unit="",
        limit_or_peer=f"{report.seconds:.0f} s, {report.messages:,} messages, {report.hooks['answered 200']:,} hooks taken",
        goal="none",
        met=not report.wrong,
    )
