"""What was measured: a table for people, a file for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

RESULTS = Path("var") / "bench.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table."""

    name: str
    engine: str
    """`sqlite`, `postgres`, or `-` where no database takes part."""
    value: float
    unit: str
    limit_or_peer: str = ""
    """What it is measured against, with that one's own figure."""
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    """None where there is no goal."""


class Goal(TypedDict, total=False):
    """The fields of a figure that say what was to be reached."""

    ratio: float
    goal: str
    met: bool


def at_least(goal: float, ratio: float) -> Goal:
    """Return the goal of a ratio and whether it is met."""
    return {"ratio": round(ratio, 3), "goal": f"ratio ≥ {goal}", "met": ratio >= goal}


def below(goal: float, value: float, unit: str) -> Goal:
    """Return the goal of a plain value and whether it is met."""
    return {"goal": f"< {goal:g} {unit}", "met": value < goal}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` percent of `values` do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def as_text(figures: Sequence[Figure]) -> str:
    """Return the table."""
    head = ("figure", "engine", "value", "unit", "beside it", "ratio", "goal", "met")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def write(figures: Sequence[Figure], path: Path = RESULTS) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], ensure_ascii=False, indent=1) + "\n")


def _row(figure: Figure) -> tuple[str, ...]:
    value = f"{figure.value:,.0f}" if abs(figure.value) >= 100 else f"{figure.value:.2f}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    met = "" if figure.met is None else "yes" if figure.met else "NO"
    return figure.name, figure.engine, value, figure.unit, figure.limit_or_peer, ratio, figure.goal, met
