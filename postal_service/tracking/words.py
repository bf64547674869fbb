"""The words a citizen reads, from `words.toml` beside this file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from carriers.status import Leg, Status
from postal_service.kit.words import Words

_FILE = Path(__file__).with_name("words.toml")


class Stage(StrEnum):
    """The steps of the whole way, in order."""

    FILED = "filed"
    COLLECT = "collect"
    TO_AGENCY = "to_agency"
    AGENCY = "agency"
    TO_CITIZEN = "to_citizen"
    HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True)
class Saying:
    """What is said of one state: where the papers are, and what comes next."""

    text: Words
    next: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything that is said."""

    request: Mapping[str, Saying]
    """By the request's status, and `late`."""
    legs: Mapping[Leg, Mapping[Status, Saying]]
    """The citizen's two legs. Transfers between offices are nothing to show."""
    counter: Saying
    """In place of the pickup leg's first states when the citizen brings the papers to a post office."""
    stages: Mapping[Stage, Words]


def read_catalogue() -> Catalogue:
    """Read the words. A state or a stage without words raises KeyError."""
    data = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return Catalogue(
        request={kind: _saying(entry) for kind, entry in data["request"].items()},
        legs={
            leg: {status: _saying(data[leg.value][status.value]) for status in Status} for leg in (Leg.PICKUP, Leg.DELIVERY)
        },
        counter=_saying(data["counter"]),
        stages={stage: Words(*data["stages"][stage.value]) for stage in Stage},
    )


def _saying(entry: dict[str, Any]) -> Saying:
    return Saying(Words(*entry["text"]), Words(*entry["next"]))
