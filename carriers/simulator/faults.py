"""What goes wrong on the wire, besides what happens to the papers."""

from collections import Counter, defaultdict, deque
from collections.abc import Mapping
from enum import StrEnum

from carriers.simulator.chance import draw


class Fault(StrEnum):
    """One way a call goes wrong. `…_after`: the carrier has done what was asked, only its answer does not arrive."""

    TOO_MANY = "too_many"
    SERVER_ERROR = "server_error"
    SERVER_ERROR_AFTER = "server_error_after"
    SILENCE_AFTER = "silence_after"
    CUT_AFTER = "cut_after"
    GARBAGE_AFTER = "garbage_after"


class Faults:
    """Decides which call goes wrong: what a test has ordered first, else by the profile's rates."""

    def __init__(
        self, seed: int, rates: Mapping[Fault, float], create_rates: Mapping[Fault, float], create_call: str
    ) -> None:
        self._seed = seed
        self._rates = rates
        self._create_rates = {**rates, **create_rates}
        self._create_call = create_call
        self._ordered: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._calls: Counter[str] = Counter()

    def order(self, call: str, fault: Fault, times: int) -> None:
        """Let the next `times` calls of this name go wrong."""
        self._ordered[call].extend([fault] * times)

    def next(self, call: str) -> Fault | None:
        """Return what goes wrong with this call, if anything does."""
        self._calls[call] += 1
        if self._ordered[call]:
            return self._ordered[call].popleft()
        mark = draw(self._seed, "fault", call, self._calls[call])
        for fault, rate in (self._create_rates if call == self._create_call else self._rates).items():
            mark -= rate
            if mark < 0:
                return fault
        return None
