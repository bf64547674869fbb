"""The world around the program, acting through its API alone: a portal that files, an agency that accepts and issues."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession

from postal_service.demo.people import a_request

FIRST_REQUESTS = 6
NEW_REQUEST_SECONDS = 20.0
LOOK_SECONDS = 1.0
_CREATED = 201


@dataclass(slots=True)
class Portal:
    """Files requests and, as the agency's clerk, takes each through its steps when the papers have come."""

    session: ClientSession
    announce: Callable[[str], None]
    chance: random.Random = field(default_factory=lambda: random.Random(2026))  # noqa: S311 - a demo, not a secret
    _open: dict[str, dict[str, Any]] = field(default_factory=dict)
    _filed: int = 0

    async def run(self) -> None:
        """File some requests at once and one more now and then; look after all of them until cancelled."""
        for _ in range(FIRST_REQUESTS):
            await self._file()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_filing())
            group.create_task(self._be_the_agency())

    async def _keep_filing(self) -> None:
        while True:
            await asyncio.sleep(NEW_REQUEST_SECONDS)
            await self._file()

    async def _file(self) -> None:
        self._filed += 1
        async with self.session.post("/api/v1/requests", json=a_request(self._filed, self.chance)) as answer:
            request = await answer.json()
            if answer.status != _CREATED:
                raise RuntimeError(f"the demo's own request was refused: {request}")
        self._open[request["id"]] = request
        self.announce(request["tracking_url"])

    async def _be_the_agency(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for request_id in list(self._open):
                await self._deal_with(request_id)

    async def _deal_with(self, request_id: str) -> None:
        async with self.session.get(f"/api/v1/requests/{request_id}") as answer:
            request = await answer.json()
        if request["status"] == "filed" and any(
            shipment["leg"] == "pickup" and shipment["status"] == "delivered" for shipment in request["shipments"]
        ):
            serial = int(request["external_id"].removeprefix("DK-"))
            await self._step(request_id, "accept", {"dossier_code": f"H26.14-261122-{serial:04d}"})
        elif request["status"] == "accepted":
            await self._step(request_id, "issue", {"paper": True, "copies": request["copies"]})
        elif request["status"] == "returned":
            del self._open[request_id]

    async def _step(self, request_id: str, step: str, body: dict[str, Any]) -> None:
        async with self.session.post(f"/api/v1/requests/{request_id}/{step}", json=body) as answer:
            answer.raise_for_status()
