"""What a carrier's wire face gives to the simulator."""

from collections.abc import Sequence
from typing import Protocol

from aiohttp import web

from carriers.simulator.engine import Happening, Order
from carriers.simulator.journeys import Step


class Face(Protocol):
    """One carrier's wire format over the engine."""

    carrier: str
    create_call: str
    """The last part of the path that creates an order."""

    def routes(self) -> Sequence[web.RouteDef]:
        """Return the carrier's calls."""
        ...

    def error(self, status: int, words: str) -> web.Response:
        """Return a failure as this carrier says it."""
        ...

    def code(self, step: Step) -> str:
        """Return the carrier's code for a step."""
        ...

    def hook(self, order: Order, happening: Happening) -> bytes:
        """Return the message about a step, with its proof."""
        ...

    def forged_hook(self, order: Order) -> bytes:
        """Return a message that lies, from somebody without the key."""
        ...

    def expire_tokens(self) -> None:
        """Forget who is signed in."""
        ...
