"""The simulator's own calls under `/_sim/`: what tests and the demo use to lead the carrier and to ask for the truth."""

from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from carriers.simulator.engine import Engine, Order
from carriers.simulator.face import Face
from carriers.simulator.faults import Fault, Faults
from carriers.simulator.hooks import HookSender
from carriers.simulator.journeys import JOURNEYS, MEANS, Step

PREFIX = "/_sim/"

Times = Annotated[int, Field(ge=1, le=1000)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


BodyT = TypeVar("BodyT", bound=_Body)


class _Advance(_Body):
    reference: str | None = None
    steps: Times = 1


class _Journey(_Body):
    reference: str
    journey: str | None = None
    steps: tuple[Step, ...] = ()


class _Fault(_Body):
    call: str
    fault: Fault
    times: Times = 1


class Control:
    """The handlers of `/_sim/`."""

    def __init__(self, engine: Engine, face: Face, faults: Faults, hooks: HookSender | None) -> None:
        self._engine = engine
        self._face = face
        self._faults = faults
        self._hooks = hooks

    def routes(self) -> list[web.RouteDef]:
        """Return the control calls; see the package's README for their bodies."""
        return [
            web.get(PREFIX + "stats", self._stats),
            web.get(PREFIX + "orders", self._orders),
            web.get(PREFIX + "orders/{reference}", self._order),
            web.post(PREFIX + "advance", self._advance),
            web.post(PREFIX + "journeys", self._journey),
            web.post(PREFIX + "faults", self._fault),
            web.post(PREFIX + "expire-tokens", self._expire_tokens),
        ]

    async def _stats(self, _request: web.Request) -> web.Response:
        orders = self._engine.orders
        return web.json_response(
            {
                "orders": len(orders),
                "finished": sum(order.finished for order in orders),
                "double_references": self._engine.double_references(),
                "hooks": dict(self._hooks.counts) if self._hooks else {},
            }
        )

    async def _orders(self, _request: web.Request) -> web.Response:
        return web.json_response({"orders": [_summary(order) for order in self._engine.orders]})

    async def _order(self, request: web.Request) -> web.Response:
        orders = self._engine.by_reference(request.match_info["reference"])
        if not orders:
            raise web.HTTPNotFound
        return web.json_response(self._truth(orders[0]))

    async def _advance(self, request: web.Request) -> web.Response:
        body = await _read(request, _Advance)
        orders = self._engine.orders if body.reference is None else self._engine.by_reference(body.reference)
        taken = [self._engine.advance(order) for _ in range(body.steps) for order in orders if not order.finished]
        return web.json_response({"advanced": len(taken)})

    async def _journey(self, request: web.Request) -> web.Response:
        body = await _read(request, _Journey)
        if (body.journey is None) == (not body.steps) or (body.journey and body.journey not in JOURNEYS):
            raise web.HTTPUnprocessableEntity(text=f"give steps, or a journey of {', '.join(JOURNEYS)}")
        try:
            self._engine.choose_journey(body.reference, body.journey or body.steps)
        except ValueError as error:
            raise web.HTTPConflict(text=str(error)) from error
        return web.json_response({})

    async def _fault(self, request: web.Request) -> web.Response:
        body = await _read(request, _Fault)
        self._faults.order(body.call, body.fault, body.times)
        return web.json_response({})

    async def _expire_tokens(self, _request: web.Request) -> web.Response:
        self._face.expire_tokens()
        return web.json_response({})

    def _truth(self, order: Order) -> dict[str, Any]:
        return {
            **_summary(order),
            "facts": [
                {
                    "step": happening.step,
                    "code": self._face.code(happening.step),
                    "status": MEANS[happening.step],
                    "at": happening.at.isoformat(),
                }
                for happening in order.happened
            ],
            "to_come": order.script[len(order.happened) :],
            "details": order.details,
        }


def _summary(order: Order) -> dict[str, Any]:
    return {
        "reference": order.reference,
        "item_number": order.item_number,
        "order_id": order.order_id,
        "journey": order.journey,
        "status": order.status,
        "final_status": order.final_status,
        "finished": order.finished,
    }


async def _read(request: web.Request, shape: type[BodyT]) -> BodyT:
    try:
        return shape.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise web.HTTPUnprocessableEntity(text=str(error)) from error
