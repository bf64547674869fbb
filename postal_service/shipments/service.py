"""What other rooms and the API ask of shipments: open a leg, see it, move it, assign it, cancel it."""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from carriers.errors import CarrierError
from carriers.ports import Carrier
from carriers.status import Direction, FailReason, IdentityStatus, Leg, MoneyStatus, Status
from postal_service.accounts.service import Worker
from postal_service.kit.clock import Clock
from postal_service.kit.ids import is_id, new_id, new_label_code
from postal_service.kit.problems import Problem, invalid, not_found
from postal_service.kit.windows import check_window
from postal_service.kit.working_days import WorkingCalendar
from postal_service.outbox import service as outbox
from postal_service.shipments import queries, recording
from postal_service.shipments.booking import ASSIGN, BOOK
from postal_service.shipments.cancelling import CANCEL
from postal_service.shipments.facts import Fact, WorkerNamed
from postal_service.shipments.journey import Journey, Mark
from postal_service.shipments.lifecycle import can_cancel
from postal_service.shipments.models import Shipment
from postal_service.shipments.rules import fold
from postal_service.shipments.views import EventView, HolderView, ShipmentView, WorkerView
from postal_service.storage.transactions import transaction

_LETTER = {Leg.PICKUP: "P", Leg.DELIVERY: "D", Leg.TRANSFER: "T"}
_FIRST_HOLDER = {Leg.PICKUP: "citizen", Leg.DELIVERY: "agency", Leg.TRANSFER: "post_office"}
_PAGE = 500
Window = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLeg:
    """A leg to open. `sender` and `receiver` are `{name, phone, email?, address: {…}}` as the carriers' Address has it."""

    request_id: str
    agency: str
    leg: Leg
    sender: dict[str, Any]
    receiver: dict[str, Any]
    contents: str
    collect_at_door: bool = True
    window: Window | None = None
    number: int = 1
    """Which booking of this leg of this request."""
    promised_on: date | None = None


async def open_legs(legs: Sequence[NewLeg], *, now: datetime) -> list[ShipmentView]:
    """Open legs and leave the work of booking them, in the present transaction."""
    shipments = [_shipment(leg, now) for leg in legs]
    if shipments:
        await Shipment.bulk_create(shipments)
        await outbox.add(
            *(outbox.Work(topic=BOOK, payload={"shipment_id": s.id}, key=f"book:{s.id}") for s in shipments), now=now
        )
    return [_view(shipment, _fold(shipment, []), {}) for shipment in shipments]


async def of_request(request_id: str) -> list[ShipmentView]:
    """Return the shipments of a request in the order they were opened."""
    return await _views(await Shipment.filter(request_id=request_id).order_by("id"))


async def get(shipment_id: str) -> ShipmentView | None:
    """Return one shipment, whole."""
    if not is_id(shipment_id):
        return None
    views = await _views(await Shipment.filter(id=shipment_id))
    return views[0] if views else None


async def find(
    *, filters: Mapping[str, Any], agency: str | None, limit: int, after: str | None
) -> tuple[list[ShipmentView], bool]:
    """Return a page of shipments, newest first, and whether there are more. `filters` are column values."""
    wanted = Shipment.filter(**filters)
    if agency is not None:
        wanted = wanted.filter(agency=agency)
    if after:
        wanted = wanted.filter(id__lt=after)
    rows = await wanted.order_by("-id").limit(limit + 1)
    return await _views(rows[:limit]), len(rows) > limit


async def every_id() -> AsyncIterator[str]:
    """Walk through the ids of all shipments, a page at a time."""
    last = ""
    while page := await Shipment.filter(id__gt=last).order_by("id").limit(_PAGE).values_list("id", flat=True):
        for shipment_id in page:
            yield str(shipment_id)
        last = str(page[-1])


async def journey(shipment_id: str) -> tuple[ShipmentView, Journey]:
    """Return a shipment with the fold it comes from. Raises `KeyError` for an unknown one."""
    shipment = await Shipment.get_or_none(id=shipment_id)
    if shipment is None:
        raise KeyError(shipment_id)
    folded = _fold(shipment, await recording.load(shipment_id))
    return _view(shipment, folded, await _office_phones([shipment])), folded


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEvent:
    """An event an API client tells. `status` None stands for a word we don't know."""

    source_id: str
    status: Status | None
    word: str
    occurred_at: datetime
    place: str | None = None
    note: str | None = None
    reason: FailReason | None = None
    """Why a try failed."""
    worker: WorkerNamed | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """The changes people and programs make to a shipment."""

    carriers: Mapping[str, Carrier]
    worker_by_code: Callable[[str], Awaitable[Worker | None]]
    calendar: WorkingCalendar
    clock: Clock

    async def take_events(self, shipment_id: str, events: Sequence[ToldEvent], *, client_id: str) -> list[str]:
        """Record events and return what became of each: applied, duplicate, late, illegal or unknown."""
        now = self.clock()
        known = {fact.key for fact in await recording.load(shipment_id)}
        facts = [_told_fact(shipment_id, client_id, event, now) for event in events]
        folded = await recording.record(shipment_id, facts, now=now)
        return _results(facts, known, folded)

    async def assign(self, shipment_id: str, employee_code: str, *, source: str) -> None:
        """Name the worker by staff number. The same worker again changes nothing."""
        shipment = await _existing(shipment_id)
        worker = await self.worker_by_code(employee_code)
        if worker is None or not worker.active:
            raise Problem(
                422, "unknown_worker", vi="Không có nhân viên bưu chính này.", en="There is no such postal worker."
            )
        if shipment.worker_employee_code == employee_code:
            return
        now = self.clock()
        named = WorkerNamed(
            name=worker.full_name, phone=worker.phone, employee_code=employee_code, post_office=worker.post_office
        )
        await recording.record(shipment_id, [assigned_fact(shipment, named, source=source, key=new_id(), now=now)], now=now)

    async def cancel(self, shipment_id: str, reason: str | None, *, source: str) -> None:
        """Ask for a cancel. Refused once the papers are in the carrier's hands."""
        now = self.clock()
        async with transaction():
            shipment = await _held(shipment_id)
            if shipment.status in (Status.CANCEL_REQUESTED, Status.CANCELLED):
                return
            if not can_cancel(Status(shipment.status)):
                raise Problem(
                    409,
                    "too_late_to_cancel",
                    vi="Bưu gửi đã được thu gom, không thể hủy.",
                    en="The papers are already in the carrier's hands.",
                )
            fact = Fact(
                fact_id=new_id(),
                source=source,
                source_id=f"{shipment_id}:cancel:{new_id()}",
                status=Status.CANCEL_REQUESTED,
                occurred_at=now,
                received_at=now,
                note=reason,
            )
            await recording.record(shipment_id, [fact], now=now)
            await outbox.add(outbox.Work(topic=CANCEL, payload={"shipment_id": shipment_id}), now=now)

    async def reschedule(self, shipment_id: str, window: Window) -> None:
        """Change when the worker comes; a window nobody may wish for is 422. The round of another day may be another's."""
        now = self.clock()
        errors = check_window(*window, self.calendar, now, "/window")
        if errors:
            raise invalid(*errors)
        async with transaction():
            shipment = await _held(shipment_id)
            if shipment.closed:
                raise Problem(409, "shipment_closed", vi="Bưu gửi đã kết thúc.", en="The shipment has ended.")
            if shipment.leg == Leg.PICKUP and not can_cancel(Status(shipment.status)):
                raise Problem(409, "already_collected", vi="Hồ sơ đã được thu gom.", en="The papers are collected already.")
            await Shipment.filter(id=shipment_id).update(window_start=window[0], window_end=window[1], updated_at=now)
            await outbox.add(outbox.Work(topic=ASSIGN, payload={"shipment_id": shipment_id}), now=now)
            outbox.touch(shipment.request_id)

    async def label(self, shipment_id: str) -> bytes:
        """Return the carrier's label as PDF."""
        shipment = await _existing(shipment_id)
        carrier = self.carriers.get(shipment.carrier or "")
        if carrier is None or not shipment.item_number or not carrier.capabilities.labels:
            raise Problem(409, "no_label_yet", vi="Chưa có nhãn bưu gửi.", en="There is no label yet.")
        try:
            return await carrier.label_pdf(shipment.item_number)
        except CarrierError as error:
            raise Problem(
                503,
                "carrier_unavailable",
                vi="Đơn vị vận chuyển chưa trả lời, vui lòng thử lại sau.",
                en="The carrier does not answer.",
                headers={"Retry-After": "30"},
            ) from error


def assigned_fact(shipment: Shipment, worker: WorkerNamed, *, source: str, key: str, now: datetime) -> Fact:
    """Return the fact that names a worker: a step of its own while somebody is to come for the papers, else a mere note."""
    current = Status(shipment.status)
    to_come = shipment.leg == Leg.PICKUP and can_cancel(current) and current is not Status.CANCEL_REQUESTED
    return Fact(
        fact_id=new_id(),
        source=source,
        source_id=f"{shipment.id}:assign:{key}",
        status=Status.PICKUP_ASSIGNED if to_come else None,
        occurred_at=now,
        received_at=now,
        worker=worker,
    )


def _told_fact(shipment_id: str, client_id: str, event: ToldEvent, now: datetime) -> Fact:
    return Fact(
        fact_id=new_id(),
        source="client",
        source_id=f"{shipment_id}:{client_id}:{event.source_id}",
        status=event.status,
        known=event.status is not None,
        code=event.word,
        occurred_at=event.occurred_at,
        received_at=now,
        reason=event.reason,
        place=event.place,
        note=event.note,
        worker=event.worker,
    )


def _results(facts: Sequence[Fact], known: Collection[str], folded: Journey) -> list[str]:
    """Return what became of each fact told in one call, when `known` were there before it."""
    places = {entry.fact.key: place for place, entry in enumerate(folded.timeline)}
    last_known = max((places[key] for key in known if folded.timeline[places[key]].effective), default=-1)
    results, told = [], set(known)
    for fact in facts:
        entry = folded.timeline[places[fact.key]]
        if fact.key in told or entry.mark is Mark.REPEAT:
            results.append("duplicate")
        elif entry.mark is Mark.UNKNOWN:
            results.append("unknown")
        elif entry.effective:
            results.append("late" if places[fact.key] < last_known else "applied")
        else:
            results.append("illegal")
        told.add(fact.key)
    return results


async def _held(shipment_id: str) -> Shipment:
    try:
        return await recording.hold(shipment_id)
    except KeyError:
        raise _unknown_shipment() from None


def _unknown_shipment() -> Problem:
    return not_found("Không tìm thấy bưu gửi.", "There is no such shipment.")


async def _existing(shipment_id: str) -> Shipment:
    shipment = await Shipment.get_or_none(id=shipment_id)
    if shipment is None:
        raise _unknown_shipment()
    return shipment


def _shipment(leg: NewLeg, now: datetime) -> Shipment:
    start, end = leg.window or (None, None)
    return Shipment(
        id=new_id(),
        request_id=leg.request_id,
        agency=leg.agency,
        leg=leg.leg.value,
        attempt_no=leg.number,
        # The last twelve characters of an id are its random part.
        reference=f"HS-{leg.request_id[-12:]}-{_LETTER[leg.leg]}{leg.number}",
        label_code=new_label_code(),
        booking=Status.DRAFT.value,
        sender=leg.sender,
        receiver=leg.receiver,
        collect_at_door=leg.collect_at_door,
        contents=leg.contents,
        window_start=start,
        window_end=end,
        status=Status.DRAFT.value,
        identity_status=IdentityStatus.PENDING.value,
        holder_kind=_FIRST_HOLDER[leg.leg],
        holder_since=now,
        promised_on=leg.promised_on,
        created_at=now,
        updated_at=now,
    )


def _fold(shipment: Shipment, facts: Sequence[Fact]) -> Journey:
    return fold(facts, leg=Leg(shipment.leg), booking=Status(shipment.booking))


async def _views(shipments: Sequence[Shipment]) -> list[ShipmentView]:
    if not shipments:
        return []
    facts: defaultdict[str, list[Fact]] = defaultdict(list)
    for row in await queries.load_events([s.id for s in shipments]):
        facts[row["shipment_id"]].append(recording.as_fact(row))
    phones = await _office_phones(shipments)
    return [_view(s, _fold(s, facts[s.id]), phones) for s in shipments]


async def _office_phones(shipments: Sequence[Shipment]) -> dict[str, str]:
    codes = sorted({s.worker_post_office for s in shipments if s.worker_post_office})
    return await queries.office_phones(codes) if codes else {}


def _view(shipment: Shipment, folded: Journey, phones: Mapping[str, str]) -> ShipmentView:
    return ShipmentView(
        id=shipment.id,
        request_id=shipment.request_id,
        agency=shipment.agency,
        leg=Leg(shipment.leg),
        number=shipment.attempt_no,
        uncollected=can_cancel(folded.status),
        carrier=shipment.carrier,
        item_number=shipment.item_number,
        label_code=shipment.label_code,
        status=folded.status,
        direction=Direction(folded.direction),
        money_status=MoneyStatus(folded.money_status),
        identity_status=IdentityStatus(folded.identity_status),
        custody=HolderView(
            kind=folded.holder.kind.value, name=folded.holder.name, since=folded.holder.since or shipment.created_at
        ),
        worker=WorkerView(
            name=shipment.worker_name,
            phone=shipment.worker_phone,
            employee_code=shipment.worker_employee_code,
            post_office=shipment.worker_post_office,
            post_office_phone=phones.get(shipment.worker_post_office or ""),
            source=shipment.worker_source,
        )
        if shipment.worker_name
        else None,
        window=(shipment.window_start, shipment.window_end) if shipment.window_start and shipment.window_end else None,
        attempts=folded.failed_tries,
        promised_on=shipment.promised_on,
        closed=shipment.closed,
        sender=shipment.sender,
        receiver=shipment.receiver,
        events=tuple(
            EventView(
                id=entry.fact.fact_id,
                status=entry.status_after if entry.effective else entry.fact.status,
                occurred_at=entry.fact.occurred_at,
                received_at=entry.fact.received_at,
                source=entry.fact.source,
                place=entry.fact.place,
                note=entry.fact.note,
                reason=entry.fact.reason,
                effective=entry.effective,
                mark=entry.mark,
                attempt=entry.attempt,
            )
            for entry in folded.timeline
        ),
    )
