"""Writes docs/reference/lifecycle.md from the transition table: `python -m postal_service.shipments.diagram`."""

from collections.abc import Iterator
from pathlib import Path

from carriers.status import Status
from postal_service.shipments.lifecycle import (
    FORWARD_PATH,
    INCIDENTS,
    ON_THE_WAY_BACK,
    OURS,
    PHYSICAL,
    TERMINAL,
    TRANSITIONS,
)

TARGET = Path("docs/reference/lifecycle.md")
"""Relative to the root of the repository."""

_GROUPS = (
    ("any_physical", "any state after the pickup", PHYSICAL),
    ("any_forward", "any state of the forward path", frozenset(FORWARD_PATH)),
    ("any_incident", "any incident", INCIDENTS),
)
"""Drawn as one box where a state may go to all of them; the largest first."""


def _edges(source: Status) -> Iterator[str]:
    left = TRANSITIONS[source]
    for name, _, members in _GROUPS:
        reachable = members - {source}
        if reachable <= left:
            left -= reachable
            yield f"    {source} --> {name}"
    for target in Status:
        if target in left:
            yield f"    {source} --> {target}"


def mermaid() -> str:
    """Return the table as a mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.DRAFT}"]
    lines += [f'    state "{words}" as {name}' for name, words, _ in _GROUPS]
    for source in Status:
        lines += _edges(source)
        if source in TERMINAL:
            lines.append(f"    {source} --> [*]")
    return "\n".join(lines)


def _names(states: frozenset[Status] | tuple[Status, ...]) -> str:
    return ", ".join(f"`{status}`" for status in Status if status in states) or "nothing: an end"


def page() -> str:
    """Return the whole reference page, Markdown."""
    groups = "\n".join(f"- **{words}**: {_names(members)}" for _, words, members in _GROUPS)
    table = "\n".join(f"| `{source}` | {_names(TRANSITIONS[source])} |" for source in Status)
    back = "\n".join(f"| `{word}` | `{meaning}` |" for word, meaning in ON_THE_WAY_BACK.items())
    return f"""# The life of a shipment

Made from the table in `postal_service/shipments/lifecycle.py` by `python -m postal_service.shipments.diagram`; a test
fails when this page is out of date.

{_names(OURS)} belong to our own booking. Every other state follows from facts (carrier messages, scans, staff), sorted by
the second they happened and then by rank. An end is left only by an operator's correction.

```mermaid
{mermaid()}
```

Boxes that stand for several states:

{groups}

## From each state

| from | to |
|---|---|
{table}

## Words on the way back

While the papers travel back, the words of the forward way mean:

| a carrier says | it means |
|---|---|
{back}

A bare `delivered` counts as `returned` only when the message itself says that the papers travel back; otherwise nothing
moves and a person looks.
"""


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
