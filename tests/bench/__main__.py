"""`python -m tests.bench`: measure, print the table, write var/bench.json. Progress goes to stderr."""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from postal_service.web.logging import set_up_logging
from tests.bench import filing, folding, hooks, lookups, memory, rough_days, starting, table, telling
from tests.bench.bench import ENGINES, Bench, cluster, say
from tests.bench.load import load
from tests.bench.table import Figure

PARTS: Mapping[str, Callable[[Bench], Iterator[Figure]]] = {
    "lookups": lookups.measure,
    "hooks": hooks.measure,
    "filing": filing.measure,
    "telling": telling.measure,
    "folding": folding.measure,
    "starting": starting.measure,
    "memory": memory.measure,
    # The longest comes last.
    "rough": rough_days.measure,
}


def main() -> None:
    """Run the parts that are asked for."""
    arguments = _arguments()
    figures: list[Figure] = []
    Path("var").mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="bench-", dir="var") as folder,
        cluster(arguments.engine or ENGINES) as cluster_url,
        load() as process,
        (Path(folder) / "bench.log").open("w") as log,
    ):
        # Some parts run the program in this process; stdout is the table's.
        set_up_logging(readable=False, stream=log)
        bench = Bench(
            load=process,
            folder=Path(folder).resolve(),
            cluster_url=cluster_url,
            engines=arguments.engine or ENGINES,
            rounds=arguments.rounds,
            seconds=arguments.seconds,
            load_minutes=arguments.minutes,
            rough_shipments=arguments.rough,
        )
        for name in arguments.parts or PARTS:
            say(name)
            for figure in PARTS[name](bench):
                figures.append(figure)
                # A run that is cut short keeps what it has.
                table.write(figures)
    print(table.as_text(figures))  # noqa: T201 - the table is what the command is for


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the program against its limits.")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all when none is named")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="one engine instead of both")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side")
    parser.add_argument("--seconds", type=float, default=2.0, help="of one turn")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long the memory is watched under load")
    parser.add_argument("--rough", type=int, default=300, help="how many shipments go through a carrier's rough days")
    return parser.parse_args()


if __name__ == "__main__":
    main()
