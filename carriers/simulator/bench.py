"""A bench for an adapter: the simulator it talks to, a catcher of the hooks, and the levers of both."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from carriers.ports import Address, Booking, BookingRequest, Carrier, HookRequest, Party
from carriers.simulator.faults import Fault
from carriers.simulator.server import make_app

_MORE_STEPS_THAN_ANY_JOURNEY = 100
_HOOK_WAIT_SECONDS = 5.0

SENDER = Party(
    name="Trần Thị Thử",
    phone="+84912345678",
    address=Address(
        province_code="01", province_name="Thành phố Hà Nội", ward_code=None, ward_name="Phường Láng", detail="Số 1 ngõ 2"
    ),
)
RECEIVER = Party(
    name="Sở Tư pháp",
    phone="+842438252020",
    address=Address(
        province_code="01", province_name="Thành phố Hà Nội", ward_code=None, ward_name="Phường Hà Đông", detail="Số 3"
    ),
)


def a_request(reference: str, **changes: Any) -> BookingRequest:
    """Return a made-up shipment under `reference`."""
    request = BookingRequest(
        reference=reference, sender=SENDER, receiver=RECEIVER, contents="Hồ sơ", weight_grams=100, collect_at_door=True
    )
    return dataclasses.replace(request, **changes)


class Bench:
    """An adapter, the simulator it talks to, and the hooks that came."""

    def __init__(self, carrier: Carrier, control: aiohttp.ClientSession, hooks: asyncio.Queue[HookRequest]) -> None:
        self.carrier = carrier
        self._control = control
        self._hooks = hooks

    async def book(self, reference: str, **changes: Any) -> Booking:
        """Book a made-up shipment."""
        return await self.carrier.create(a_request(reference, **changes))

    async def item(self, reference: str, **changes: Any) -> str:
        """Book a made-up shipment and return its item number."""
        return (await self.book(reference, **changes)).item_number or ""

    async def choose(self, reference: str, journey: str) -> None:
        """Decide what will happen to the order under `reference`."""
        await self._post("journeys", {"reference": reference, "journey": journey})

    async def choose_steps(self, reference: str, *steps: str) -> None:
        """Decide step by step what will happen to the order under `reference`."""
        await self._post("journeys", {"reference": reference, "steps": steps})

    async def advance(self, steps: int = 1) -> None:
        """Let every order take so many steps."""
        await self._post("advance", {"steps": steps})

    async def finish(self) -> None:
        """Let every order come to its end."""
        await self.advance(_MORE_STEPS_THAN_ANY_JOURNEY)

    async def spoil(self, call: str, fault: Fault, times: int = 1) -> None:
        """Let the next calls of this name go wrong."""
        await self._post("faults", {"call": call, "fault": fault, "times": times})

    async def expire_tokens(self) -> None:
        """Let the carrier forget who is signed in."""
        await self._post("expire-tokens", {})

    async def truth(self, reference: str) -> dict[str, Any]:
        """Return what really happened to an order."""
        return await self._get(f"orders/{reference}")

    async def orders(self) -> list[dict[str, Any]]:
        """Return every order the carrier has."""
        answer = await self._get("orders")
        return list(answer["orders"])

    async def next_hook(self) -> HookRequest:
        """Return the next hook that came or comes."""
        async with asyncio.timeout(_HOOK_WAIT_SECONDS):
            return await self._hooks.get()

    async def _post(self, path: str, body: dict[str, Any]) -> None:
        async with self._control.post(f"/_sim/{path}", json=body) as answer:
            assert answer.ok, await answer.text()

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._control.get(f"/_sim/{path}") as answer:
            assert answer.ok, await answer.text()
            return dict(await answer.json())


@contextlib.asynccontextmanager
async def running_bench(
    carrier_name: str,
    make_carrier: Callable[[str], Carrier],
    *,
    key_file: Path | None = None,
    profile: str = "calm",
    seed: int = 1,
) -> AsyncIterator[Bench]:
    """Start a simulator and a catcher of its hooks, and give the adapter that `make_carrier` makes for its address."""
    hooks: asyncio.Queue[HookRequest] = asyncio.Queue()

    async def catch(request: web.Request) -> web.Response:
        hooks.put_nowait(HookRequest(body=await request.read(), headers=request.headers, query=request.query))
        return web.Response()

    catcher = web.Application()
    catcher.router.add_post("/hook", catch)
    async with _serving(catcher) as hook_base:
        app = make_app(
            carrier_name, profile=profile, seed=seed, hook_url=f"{hook_base}/hook", key_file=key_file, late_seconds=0.1
        )
        async with _serving(app) as base, aiohttp.ClientSession(base) as control:
            carrier = make_carrier(base)
            try:
                yield Bench(carrier, control, hooks)
            finally:
                await carrier.close()


@contextlib.asynccontextmanager
async def _serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()
