"""Lists of facts for property tests: any at all, and those of a journey that could have happened."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from carriers.status import Direction, Effect, IdentityStatus, MoneyStatus, Status
from postal_service.shipments.facts import Fact, WorkerNamed
from postal_service.shipments.lifecycle import (
    INCIDENTS,
    ON_THE_WAY_BACK,
    OURS,
    TRANSITIONS,
    WAY_BACK,
)
from tests.shipments.telling import DAWN

# Few different seconds, so that ties are common, and both sides of an hour; a scan's clock has parts of seconds.
TIMES = [
    DAWN + timedelta(seconds=seconds, microseconds=parts)
    for seconds in (0, 1, 2, 3, 1800, 3601, 5400, 7200, 9000)
    for parts in (0, 400_000)
]
SOURCES = ("carrier:vnpost", "carrier:ghn", "scan", "staff", "client", "system")
WORDS = [None, *(status for status in Status if status not in OURS)]
AN, BINH = WorkerNamed(name="Nguyễn Văn An"), WorkerNamed(name="Trần Thị Bình")
MANNERS: list[dict[str, Any]] = [
    *({} for _ in range(8)),
    *({"direction": direction} for direction in Direction),
    *({"effect": effect} for effect in Effect),
    {"known": False},
    {"correction": True},
]
"""How a fact is told: mostly it just moves."""
DETAILS: list[dict[str, Any]] = [
    {},
    {"place": "Bưu cục Cầu Giấy"},
    {"place": "Bưu cục Hà Đông", "seal": "A-100"},
    {"worker": AN, "seal": "A-101"},
    {"worker": BINH},
    *({"money": money} for money in (MoneyStatus.DUE, MoneyStatus.COLLECTED_REPORTED, MoneyStatus.REMITTED)),
    *({"identity": identity} for identity in (IdentityStatus.VERIFIED, IdentityStatus.MISMATCH)),
]


@st.composite
def _any_fact(draw: st.DrawFn, number: int) -> Fact:
    return Fact(
        fact_id=f"F{number:02}",
        source=draw(st.sampled_from(SOURCES)),
        source_id=str(number),
        status=draw(st.sampled_from(WORDS)),
        occurred_at=draw(st.sampled_from(TIMES)),
        received_at=DAWN,
        **draw(st.sampled_from(MANNERS)),
        **draw(st.sampled_from(DETAILS)),
    )


@st.composite
def any_facts(draw: st.DrawFn, most: int = 10) -> list[Fact]:
    """Any list of different facts, sense or nonsense."""
    return [draw(_any_fact(number)) for number in range(draw(st.integers(0, most)))]


@st.composite
def consistent_facts(draw: st.DrawFn, most: int = 12) -> list[Fact]:
    """The facts of a journey that could have happened, in order: legal moves, repeats, and tries that fail again.

    What travels back says so, as a carrier with a flag does.
    """
    facts: list[Fact] = []
    status, back, seconds = Status.CREATED, False, 0
    for number in range(draw(st.integers(1, most))):
        choices = {*TRANSITIONS[status], status} if facts else set(TRANSITIONS[status])
        if back:
            choices &= WAY_BACK | INCIDENTS
        seconds += draw(st.sampled_from((1, 60, 1800, 7200)))
        status = draw(st.sampled_from(sorted(choices)))
        back = status in WAY_BACK or (back and status in INCIDENTS)
        facts.append(
            Fact(
                fact_id=f"F{number:02}",
                source=draw(st.sampled_from(("carrier:ghn", "scan"))),
                source_id=str(number),
                status=draw(st.sampled_from(_words(status, back=back))),
                direction=Direction.RETURN if back else None,
                occurred_at=DAWN + timedelta(seconds=seconds),
                received_at=DAWN + timedelta(seconds=seconds + 30),
            )
        )
    return facts


def _words(status: Status, *, back: bool) -> list[Status]:
    """The words by which a carrier may say that state."""
    return [status, *(word for word, meaning in ON_THE_WAY_BACK.items() if back and meaning is status)]
