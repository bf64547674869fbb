"""Puts engine, face, faults, hooks and control together into one server."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from carriers.simulator.chance import draw
from carriers.simulator.control import PREFIX, Control
from carriers.simulator.engine import Engine, Happening, Order
from carriers.simulator.face import Face
from carriers.simulator.faults import Fault, Faults
from carriers.simulator.hooks import HookSender
from carriers.simulator.journeys import PROFILES
from carriers.simulator.keys import signer_from
from carriers.simulator.pace import Pace
from carriers.simulator.vnpost_face import VNPostFace
from postal_service.kit.clock import Clock, system_clock

FACES = {"vnpost": VNPostFace}

_SHORTEST_PACE = 1.0
_MANUAL_LAG_SECONDS = 60.0
_RETRY_AFTER_SECONDS = 1


def make_app(
    carrier: str,
    *,
    profile: str = "calm",
    seed: int = 1,
    hook_url: str | None = None,
    key_file: Path | None = None,
    credentials: tuple[str, str] | None = None,
    step_seconds: float = 0.0,
    late_seconds: float = 5.0,
    silence_seconds: float = 15.0,
    clock: Clock = system_clock,
) -> web.Application:
    """Return the simulator of one carrier.

    `step_seconds` 0: orders move only by `/_sim/advance`. `late_seconds`: the longest delay of a late hook.
    `silence_seconds`: how long a call that goes silent is held.
    Raises `KeyError` for a carrier or a profile there is none of.
    """
    ways = PROFILES[profile]
    # A carrier writes whole seconds. Slower than one step a second none collide; faster, the past gives the room.
    engine = Engine(ways, seed, clock=clock, lag_seconds=0.0 if step_seconds >= _SHORTEST_PACE else _MANUAL_LAG_SECONDS)
    sign = signer_from(key_file) if key_file else None
    face = FACES[carrier](engine, clock=clock, sign=sign, credentials=credentials)
    faults = Faults(seed, ways.faults, ways.create_faults, face.create_call)
    hooks = HookSender(hook_url, ways, seed, latest_seconds=late_seconds) if hook_url else None
    closing = asyncio.Event()

    async def close_silences(_app: web.Application) -> None:
        closing.set()

    app = web.Application(middlewares=[_misbehaving(face, faults, closing, silence_seconds)])
    app.add_routes(face.routes())
    app.add_routes(Control(engine, face, faults, hooks).routes())
    app.on_shutdown.append(close_silences)
    if hooks is not None:
        _tell_by_hook(app, engine, face, hooks)
    if step_seconds > 0:
        Pace(engine, step_seconds)
    return app


def serve(
    carrier: str,
    *,
    port: int,
    host: str = "127.0.0.1",
    profile: str = "calm",
    seed: int = 1,
    hook_url: str | None = None,
    key_file: Path | None = None,
    step_seconds: float = 5.0,
) -> None:
    """Run the simulator until it is stopped, as `run.py simulate-carrier` does."""
    app = make_app(carrier, profile=profile, seed=seed, hook_url=hook_url, key_file=key_file, step_seconds=step_seconds)
    web.run_app(app, host=host, port=port, access_log=None, print=partial(print, flush=True))


def _tell_by_hook(app: web.Application, engine: Engine, face: Face, hooks: HookSender) -> None:
    def tell(order: Order, happening: Happening) -> None:
        hooks.send(face.hook(order, happening))
        if draw(engine.seed, "forged", order.reference, len(order.happened)) < engine.profile.hooks_forged:
            hooks.counts["forged"] += 1
            hooks.send(face.forged_hook(order))

    async def send(_app: web.Application) -> AsyncIterator[None]:
        async with hooks.running():
            yield

    engine.listeners.append(tell)
    app.cleanup_ctx.append(send)


def _misbehaving(face: Face, faults: Faults, closing: asyncio.Event, silence_seconds: float) -> Middleware:
    """Return the middleware that lets a carrier's calls go wrong; the control calls never do."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(PREFIX):
            return await handler(request)
        fault = faults.next(request.path.rsplit("/", 1)[-1])
        if fault is Fault.TOO_MANY:
            answer = face.error(429, "Quá nhiều yêu cầu")
            answer.headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
            return answer
        if fault is Fault.SERVER_ERROR:
            return face.error(503, "Hệ thống bận")
        done = await _handled(face, request, handler)
        match fault:
            case Fault.SERVER_ERROR_AFTER:
                return face.error(500, "Lỗi hệ thống")
            case Fault.GARBAGE_AFTER:
                return web.Response(text="<html>Bad Gateway</html>", content_type="text/html")
            case Fault.CUT_AFTER if request.transport is not None:
                request.transport.abort()
            case Fault.SILENCE_AFTER:
                await _wait(closing, silence_seconds)
        return done

    return middleware


async def _handled(face: Face, request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ValueError:
        return face.error(400, "JSON không hợp lệ")


async def _wait(closing: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await closing.wait()
    except TimeoutError:
        return
