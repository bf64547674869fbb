"""Naming the postal worker: the territory table first; distance and load only where it is silent.

A worker the carrier names outranks the one proposed here; that is decided where facts are recorded.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

from tortoise.expressions import Q
from tortoise.functions import Count

from carriers.ports import Address
from postal_service.accounts.service import Worker
from postal_service.kit.clock import LOCAL, local_date
from postal_service.kit.units import PlaceUnknown, Units, Ward
from postal_service.kit.words import Words
from postal_service.shipments import assignment_rules as rules
from postal_service.shipments.assignment_rules import Office, Round, Window
from postal_service.shipments.facts import WorkerNamed
from postal_service.shipments.models import DeliveryRound, PostOffice, Shipment


class Point(Protocol):
    """A position in degrees (WGS 84)."""

    @property
    def lat(self) -> float:
        """Latitude."""

    @property
    def lon(self) -> float:
        """Longitude."""


class Locate(Protocol):
    """Finds where an address lies; None when nobody knows."""

    async def __call__(self, *, province: str, ward: str, detail: str = "") -> Point | None:
        """`province` is a code of the 34-list, `ward` a name or code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Who comes, between when and when, and why it is they."""

    worker: WorkerNamed
    window: Window
    source: Literal["territory", "distance"]
    why: Words
    """One line for staff."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Proposes the worker for an address."""

    units: Units
    locate: Locate
    worker_by_code: Callable[[str], Awaitable[Worker | None]]
    workers_of_offices: Callable[[Collection[str]], Awaitable[Sequence[Worker]]]
    """Those at work in any of these offices."""
    is_working_day: Callable[[date], bool]
    """Used where no round says which days are worked."""
    is_holiday: Callable[[date], bool]
    """No round runs on these."""

    async def propose(self, address: Address, on: date, window: Window | None) -> Assigned | None:
        """Return who comes to `address`, or None when there is nobody to send.

        With a `window` it is for the window's day. Without, it is for the next day after `on` on which the ward's round
        runs, else the next working day, from 07:30 to 17:30. May ask the geocoder over the network: call it outside
        transactions.
        """
        ward = self._ward(address)
        province = ward.province_code if ward else address.province_code
        rounds = await _rounds(ward.code) if ward else []
        offices = await _offices(province, rounds)
        day = local_date(window[0]) if window else self._next_day(rounds, offices, on)
        window = window or rules.whole_day(day)
        running = rules.round_on(rules.open_rounds(rounds, offices, day), day)
        if running:
            named = await self.worker_by_code(running.employee_code)
            if named and named.active:
                return Assigned(
                    worker=_named(named, running.post_office), window=window, source="territory", why=_by_table(running)
                )
        own = _own_office(running, rounds, offices, day)
        placed = await self._by_own_office(own, day) if own else None
        placed = placed or await self._by_distance(address, province, offices, day)
        if placed is None:
            return None
        worker, why = placed
        return Assigned(worker=_named(worker, worker.post_office), window=window, source="distance", why=why)

    def _ward(self, address: Address) -> Ward | None:
        if address.ward_code:
            return self.units.ward(address.ward_code)
        try:
            return self.units.resolve(address.province_code, address.ward_name, address.district_name).ward
        except PlaceUnknown:
            return None

    def _next_day(self, rounds: Sequence[Round], offices: Mapping[str, Office], after: date) -> date:
        day = rules.next_run(rules.open_rounds(rounds, offices, after), after)
        while day is not None and self.is_holiday(day):
            day = rules.next_run(rules.open_rounds(rounds, offices, day), day)
        if day is not None:
            return day
        day = after + timedelta(days=1)
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day

    async def _by_own_office(self, office: Office, day: date) -> tuple[Worker, Words] | None:
        """Return the least busy worker of the office that serves the ward."""
        chosen = await self._least_busy([[office]], day)
        if chosen is None:
            return None
        worker, stops = chosen
        return worker, Words(
            f"Bưu cục phụ trách địa bàn ({office.name}); trong ngày có {stops} điểm.",
            f"The office that serves the ward ({office.name}); {stops} stops that day.",
        )

    async def _by_distance(
        self, address: Address, province: str, offices: Mapping[str, Office], day: date
    ) -> tuple[Worker, Words] | None:
        """Return the least busy worker of the nearest open office of the province that has any."""
        point = await self.locate(province=province, ward=address.ward_code or address.ward_name, detail=address.detail)
        if point is None:
            return None
        # In a thread: geopy takes a second to load the first time, and some hundred offices a while to measure.
        km = await asyncio.to_thread(_measure, point, list(offices.values()))
        chosen = await self._least_busy(rules.nearest_first(offices.values(), km, day), day)
        if chosen is None:
            return None
        worker, stops = chosen
        office, far = offices[worker.post_office], f"{km[worker.post_office]:.1f}"
        return worker, Words(
            f"Bưu cục gần nhất còn người ({office.name}, cách {far.replace('.', ',')} km); trong ngày có {stops} điểm.",
            f"The nearest office with somebody at work ({office.name}, {far} km away); {stops} stops that day.",
        )

    async def _least_busy(self, groups: Sequence[Sequence[Office]], day: date) -> tuple[Worker, int] | None:
        workers = await self.workers_of_offices([office.code for group in groups for office in group])
        load = await _load([worker.employee_code for worker in workers], day)
        chosen = rules.least_busy(groups, workers, load)
        return (chosen, load.get(chosen.employee_code, 0)) if chosen else None


def _own_office(running: Round | None, rounds: Sequence[Round], offices: Mapping[str, Office], day: date) -> Office | None:
    """Return the open office that serves the ward, though its worker is away or the round runs on another day."""
    serving = rules.open_rounds(rounds, offices, day)
    held = running or next((each for each in serving if rules.next_run([each], day)), None)
    return offices[held.post_office] if held else None


def _measure(point: Point, offices: Sequence[Office]) -> dict[str, float]:
    from geopy.distance import geodesic  # noqa: PLC0415 - a second and 35 MB, only when the table is silent

    here = (point.lat, point.lon)
    return {
        office.code: geodesic(here, (office.lat, office.lon)).km
        for office in offices
        if office.lat is not None and office.lon is not None
    }


async def _offices(province: str, rounds: Sequence[Round]) -> dict[str, Office]:
    """Return the offices of the province and those of the rounds: a ward at the border may be served from beyond it."""
    wanted = Q(province=province) | Q(code__in=[each.post_office for each in rounds])
    rows = await PostOffice.filter(wanted).values("code", "name", "lat", "lon", "closed_on")
    return {row["code"]: Office(**row) for row in rows}


async def _rounds(ward_code: str) -> list[Round]:
    columns = ("name", "post_office", "employee_code", "weekdays", "valid_from", "valid_to")
    return [Round(**row) for row in await DeliveryRound.filter(ward_code=ward_code).order_by("id").values(*columns)]


async def _load(employee_codes: Sequence[str], day: date) -> dict[str, int]:
    """Return how many open shipments each worker has on that day."""
    if not employee_codes:
        return {}
    start = datetime.combine(day, datetime.min.time(), tzinfo=LOCAL)
    counted = (
        Shipment.filter(
            worker_employee_code__in=employee_codes,
            closed=False,
            window_start__gte=start,
            window_start__lt=start + timedelta(days=1),
        )
        .annotate(stops=Count("id"))
        .group_by("worker_employee_code")
    )
    return {row["worker_employee_code"]: row["stops"] for row in await counted.values("worker_employee_code", "stops")}


def _named(worker: Worker, post_office: str) -> WorkerNamed:
    return WorkerNamed(
        name=worker.full_name, phone=worker.phone, employee_code=worker.employee_code, post_office=post_office
    )


def _by_table(running: Round) -> Words:
    return Words(
        f"Theo bảng phân tuyến: {running.name}, bưu cục {running.post_office}.",
        f"By the territory table: {running.name}, post office {running.post_office}.",
    )
