"""Moves orders by themselves: each takes its next step some seconds after the one before."""

import asyncio

from carriers.simulator.chance import draw
from carriers.simulator.engine import Engine, Happening, Order


class Pace:
    """A step every `step_seconds` to one and a half times that, decided by the seed, so that orders do not march in line."""

    def __init__(self, engine: Engine, step_seconds: float) -> None:
        self._engine = engine
        self._step_seconds = step_seconds
        engine.listeners.append(self._plan_next)

    def _plan_next(self, order: Order, _happening: Happening) -> None:
        taken = len(order.happened)
        wait = self._step_seconds * (1 + draw(self._engine.seed, "pace", order.reference, taken) / 2)
        asyncio.get_running_loop().call_later(wait, self._take, order, taken)

    def _take(self, order: Order, taken: int) -> None:
        # Somebody may have moved the order by hand meanwhile; that step has planned the one after it.
        if len(order.happened) == taken:
            self._engine.advance(order)
