"""Use cases of online requests. Each is one transaction; the network is the outbox's business."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tortoise.exceptions import IntegrityError

from carriers.status import Leg, Status
from postal_service.fees.rules import FeeLine, NoFeeRule, additions_quote, quote
from postal_service.intake import rules
from postal_service.intake.models import Request, RequestEvent
from postal_service.intake.schemas import AcceptIn, AdditionsIn, IssueIn, RefuseIn, RequestIn, WithdrawIn
from postal_service.intake.story import RequestStatus, Step, Story
from postal_service.kit.clock import Clock, local_date
from postal_service.kit.ids import is_id, new_id, new_tracking_code
from postal_service.kit.problems import FieldError, Problem, invalid, not_found
from postal_service.kit.reference import Agency, Reference
from postal_service.kit.units import Place, Units
from postal_service.outbox import service as outbox
from postal_service.shipments import service as shipments
from postal_service.shipments.service import NewLeg
from postal_service.shipments.territory import OfficeView
from postal_service.shipments.views import ShipmentView
from postal_service.storage.group_commit import GroupCommit
from postal_service.storage.transactions import transaction

CHANGED = "request.changed"
_S = RequestStatus

FindOffice = Callable[[str], Awaitable[OfficeView | None]]
"""Returns an open post office by its code."""


@dataclass(frozen=True, slots=True)
class _Filing:
    request: Request
    legs: tuple[NewLeg, ...]


@dataclass(frozen=True, slots=True)
class Filed:
    """What filing led to: the request, its shipments, and whether it was there before."""

    request: Request
    shipments: list[ShipmentView]
    repeated: bool


@dataclass(slots=True)
class Intake:
    """Files requests and takes them through the agency's steps."""

    reference: Reference
    units: Units
    clock: Clock
    find_office: FindOffice
    shipment_desk: shipments.Desk
    _filing: GroupCommit[_Filing, Filed] = field(init=False)

    def __post_init__(self) -> None:
        self._filing = GroupCommit(self._write, largest_batch=64)

    async def file(self, body: RequestIn, *, client_id: str) -> Filed:
        """File a request once: the same external id and body again is the same answer, another body a conflict.

        Requests that wait together share one commit. Raises `Problem`: 422 naming each wrong field, 409 for a taken id.
        """
        now = self.clock()
        code = body.pickup.post_office if body.pickup else None
        office = await self.find_office(code) if code else None
        checked = rules.check(
            body,
            reference=self.reference,
            units=self.units,
            pickup_office_province=office.province if office else None,
            now=now,
        )
        if isinstance(checked, list):
            repeated = await self._repeated(body, client_id)
            if repeated:
                return repeated
            raise invalid(*checked)
        filing = self._filing_of(body, checked, office, client_id, now)
        try:
            filed = await self._filing.submit(filing)
        except IntegrityError:
            # Another process filed it between our look and our write.
            repeated = await self._repeated(body, client_id)
            if repeated is None:
                raise
            return repeated
        return _same_or_conflict(filed, filing.request.body_hash)

    async def accept(self, request_id: str, body: AcceptIn, *, agency: str | None, actor: str) -> Request:
        """The agency has a valid dossier: the legal clock starts, or goes on after additions."""
        errors = rules.check_dossier_code(body.dossier_code)
        if errors:
            raise invalid(*errors)
        async with transaction():
            request = await self._locked(request_id, agency)
            if request.status == _S.ACCEPTED and request.dossier_code == body.dossier_code:
                return request
            taken = Request.filter(agency=request.agency, dossier_code=body.dossier_code).exclude(id=request_id)
            if await taken.exists():
                raise Problem(
                    409,
                    "dossier_code_taken",
                    vi="Mã hồ sơ này đã dùng cho một hồ sơ khác.",
                    en="Another request has this dossier code.",
                )
            await self._step(
                request,
                _S.ACCEPTED,
                actor,
                {"dossier_code": body.dossier_code, "appointment_no": body.appointment_no},
                dossier_code=body.dossier_code,
                appointment_no=body.appointment_no,
                missing=None,
                additions_due_on=None,
            )
            await self._promise_again(request)
            return request

    async def refuse(self, request_id: str, body: RefuseIn, *, agency: str | None, actor: str) -> Request:
        """The agency cannot take the dossier."""
        async with transaction():
            request = await self._locked(request_id, agency)
            if request.status != _S.REFUSED:
                await self._step(request, _S.REFUSED, actor, {"reason": body.reason}, reason=body.reason)
            return request

    async def ask_additions(self, request_id: str, body: AdditionsIn, *, agency: str | None, actor: str) -> Request:
        """Something is missing: the legal clock stands still, and where papers were collected a second visit is booked.

        The second visit costs no State fee (domain facts, requirement 15).
        """
        if body.due_on < local_date(self.clock()):
            raise invalid(FieldError("/due_on", "in_the_past", "Hạn bổ sung đã qua.", "The day is in the past."))
        async with transaction():
            request = await self._locked(request_id, agency)
            if request.status == _S.ADDITIONS_REQUESTED and request.missing == body.missing:
                return request
            legs = await self._second_pickup(request)
            await self._step(
                request,
                _S.ADDITIONS_REQUESTED,
                actor,
                {"missing": body.missing, "due_on": body.due_on.isoformat()},
                missing=body.missing,
                additions_due_on=body.due_on,
            )
            await shipments.open_legs(legs, now=self.clock())
            return request

    async def issue(self, request_id: str, body: IssueIn, *, agency: str | None, actor: str) -> Request:
        """The result is made: a paper one goes on its way where the citizen asked for delivery, else the request ends."""
        async with transaction():
            request = await self._locked(request_id, agency)
            if request.status in (_S.ISSUED, _S.RETURNED):
                return request
            await self._step(request, _S.ISSUED, actor, {"paper": body.paper, "copies": body.copies})
            if body.paper and request.delivery:
                await shipments.open_legs([self._delivery_leg(request)], now=self.clock())
            elif not body.paper:
                await self._step(request, _S.RETURNED, actor, {"by": "electronic"})
            return request

    async def withdraw(self, request_id: str, body: WithdrawIn, *, agency: str | None, actor: str) -> Request:
        """The citizen takes the request back; what the post has not collected yet is cancelled."""
        async with transaction():
            request = await self._locked(request_id, agency)
            if request.status == _S.WITHDRAWN:
                return request
            await self._step(request, _S.WITHDRAWN, actor, {"reason": body.reason}, reason=body.reason)
            for shipment in await shipments.of_request(request_id):
                if shipments.may_cancel(shipment.status):
                    await self.shipment_desk.cancel(shipment.id, "withdrawn", source="system")
            return request

    async def shipment_changed(self, shipment_id: str) -> None:
        """Close the request when its delivery leg came home."""
        view = await shipments.get(shipment_id)
        if view is None or view.leg is not Leg.DELIVERY or view.status is not Status.DELIVERED:
            return
        async with transaction():
            request = await self._locked(view.request_id, None)
            if request.status == _S.ISSUED:
                await self._step(request, _S.RETURNED, "system", {"by": "post"})

    async def tell_late(self) -> int:
        """Mark every open request whose promised day has passed, once for a promise; returns how many."""
        now = self.clock()
        today = local_date(now)
        open_states = [_S.FILED, _S.ACCEPTED, _S.PROCESSING, _S.PAYMENT_DUE, _S.ISSUED]
        overdue = await Request.filter(status__in=open_states, promised_on__lt=today, late_told_for=None).values_list(
            "id", flat=True
        )
        expected = self.reference.calendar.add_working_days(today, rules.TRANSIT_WORKING_DAYS["same_province"])
        for request_id in overdue:
            async with transaction():
                request = await self._locked(str(request_id), None)
                if request.late_told_for is not None:
                    continue
                request.late_told_for = request.promised_on
                request.expected_on = expected
                await self._note(request, "late", "system", {"expected_on": expected.isoformat()})
        return len(overdue)

    async def get(self, request_id: str, *, agency: str | None) -> Request:
        """Return a request; 404 also for one of another agency, so that nothing is learned by trying."""
        request = await Request.get_or_none(id=request_id) if is_id(request_id) else None
        if request is None or (agency and request.agency != agency):
            raise not_found("Không tìm thấy hồ sơ.", "There is no such request.")
        return request

    async def find(
        self, *, filters: Mapping[str, str], agency: str | None, limit: int, after: str | None
    ) -> tuple[list[Request], bool]:
        """Return a page of requests, newest first, and whether there are more."""
        wanted = Request.filter(**filters)
        if agency:
            wanted = wanted.filter(agency=agency)
        if after:
            wanted = wanted.filter(id__lt=after)
        rows = await wanted.order_by("-id").limit(limit + 1)
        return rows[:limit], len(rows) > limit

    async def story_by_code(self, tracking_code: str) -> Story | None:
        """Return everything about the request of a tracking code."""
        request = await Request.get_or_none(tracking_code=tracking_code)
        return await self._story(request) if request else None

    async def story(self, request_id: str) -> Story | None:
        """Return everything about a request."""
        request = await Request.get_or_none(id=request_id)
        return await self._story(request) if request else None

    def _filing_of(
        self, body: RequestIn, checked: rules.Checked, office: OfficeView | None, client_id: str, now: datetime
    ) -> _Filing:
        today = local_date(now)
        try:
            fees = quote(
                self.reference.fee_book,
                procedure=body.procedure,
                fee_class=body.fee_class,
                copies=body.copies,
                agency=body.agency,
                channel=body.channel,
                on=today,
                pickup_zone=checked.pickup_zone,
                delivery_zone=checked.delivery_zone,
                paid=body.payment is not None,
            )
        except NoFeeRule as error:
            raise Problem(
                422, "no_fee_rule", vi="Chưa có biểu phí cho hồ sơ này.", en="There is no fee rule for this request."
            ) from error
        limit = checked.procedure.limit(foreign_or_many_residences=body.foreign_or_many_residences)
        start = local_date(checked.window[0]) if checked.window else today
        applicant = body.applicant.model_dump() | {"national_id": checked.national_id, "phone": checked.phone}
        agent = body.agent.model_dump() | {"national_id": checked.agent_national_id} if body.agent else None
        request = Request(
            id=new_id(),
            client_id=client_id,
            external_id=body.external_id,
            body_hash=_body_hash(body),
            tracking_code=new_tracking_code(),
            channel=body.channel,
            procedure=body.procedure,
            agency=body.agency,
            dossier_code=body.dossier_code,
            copies=body.copies,
            fee_class=body.fee_class,
            fee_reason=body.fee_reason,
            foreign_or_many_residences=body.foreign_or_many_residences,
            applicant=applicant,
            agent=agent,
            pickup=self._stored_pickup(body, checked.pickup_place, office),
            delivery={"address": _address(checked.delivery_place, body.delivery.address.detail)}
            if body.delivery and checked.delivery_place
            else None,
            payment=body.payment.model_dump(mode="json") if body.payment else None,
            consent=body.consent.model_dump() | {"at": now.isoformat()},
            status=_S.FILED.value,
            fee_lines=_fee_lines(fees.lines),
            rules_version=self.reference.version,
            limit_working_days=limit,
            promised_on=rules.promise_at_filing(
                self.reference.calendar,
                start=start,
                limit=limit,
                pickup_zone=checked.pickup_zone,
                delivery_zone=checked.delivery_zone,
            ),
            filed_at=now,
            updated_at=now,
        )
        legs = (self._pickup_leg(request, checked.window),) if body.pickup else ()
        return _Filing(request, legs)

    async def _write(self, filings: Sequence[_Filing]) -> Sequence[Filed]:
        """Write filings that came together; those whose external id is taken get what is there."""
        there = {
            (request.client_id, request.external_id): request
            for request in await Request.filter(external_id__in=[f.request.external_id for f in filings])
        }
        fresh: list[_Filing] = []
        for filing in filings:
            key = (filing.request.client_id, filing.request.external_id)
            if key not in there:
                there[key] = filing.request
                fresh.append(filing)
        views: dict[str, list[ShipmentView]] = {}
        if fresh:
            now = fresh[-1].request.filed_at
            await Request.bulk_create([f.request for f in fresh])
            events = [_event(f.request, "filed", f"client:{f.request.client_id}", now, {}) for f in fresh]
            await RequestEvent.bulk_create(events)
            for view in await shipments.open_legs([leg for f in fresh for leg in f.legs], now=now):
                views.setdefault(view.request_id, []).append(view)
            await outbox.touch(*(f.request.id for f in fresh))
            await outbox.add(*(_changed(f.request.id, event) for f, event in zip(fresh, events, strict=True)), now=now)
        written = {id(f.request) for f in fresh}
        results = []
        for filing in filings:
            request = there[filing.request.client_id, filing.request.external_id]
            repeated = id(filing.request) not in written
            legs = await shipments.of_request(request.id) if repeated else views.get(request.id, [])
            results.append(Filed(request, legs, repeated))
        return results

    async def _repeated(self, body: RequestIn, client_id: str) -> Filed | None:
        request = await Request.get_or_none(client_id=client_id, external_id=body.external_id)
        if request is None:
            return None
        return _same_or_conflict(Filed(request, await shipments.of_request(request.id), repeated=True), _body_hash(body))

    async def _locked(self, request_id: str, agency: str | None) -> Request:
        wanted = Request.filter(id=request_id).select_for_update()
        request = await wanted.first() if is_id(request_id) else None
        if request is None or (agency and request.agency != agency):
            raise not_found("Không tìm thấy hồ sơ.", "There is no such request.")
        return request

    async def _step(
        self, request: Request, to: RequestStatus, actor: str, detail: dict[str, Any], **columns: Any
    ) -> None:
        if not rules.may_step(RequestStatus(request.status), to):
            raise Problem(
                409,
                "wrong_status",
                vi="Trạng thái hiện tại của hồ sơ không cho phép bước này.",
                en="The request's present status does not allow this step.",
                extra={"current": request.status},
            )
        request.update_from_dict({"status": to.value, **columns})
        await self._note(request, to.value, actor, detail)

    async def _note(self, request: Request, kind: str, actor: str, detail: dict[str, Any]) -> None:
        now = self.clock()
        request.updated_at = now
        await request.save()
        event = _event(request, kind, actor, now, detail)
        await event.save()
        await outbox.touch(request.id)
        await outbox.add(_changed(request.id, event), now=now)

    async def _promise_again(self, request: Request) -> None:
        steps = await RequestEvent.filter(request_id=request.id).order_by("id").values_list("kind", "at")
        calendar = self.reference.calendar
        deadline = rules.legal_deadline([(str(k), at) for k, at in steps], calendar, request.limit_working_days)
        if deadline is None:
            return
        zone = _zone_of(request.delivery, self._agency(request))
        promised = rules.promise_after_acceptance(calendar, deadline, zone)
        if promised != request.promised_on:
            request.update_from_dict({"promised_on": promised, "late_told_for": None, "expected_on": None})
            await request.save()

    async def _second_pickup(self, request: Request) -> list[NewLeg]:
        if not request.pickup:
            return []
        earlier = [s for s in await shipments.of_request(request.id) if s.leg is Leg.PICKUP]
        leg = self._pickup_leg(request, None, number=len(earlier) + 1)
        postage = additions_quote(
            self.reference.fee_book,
            agency=request.agency,
            on=local_date(self.clock()),
            pickup_zone=_zone_of(request.pickup, self._agency(request)) or "same_province",
        )
        request.fee_lines = [*request.fee_lines, *_fee_lines(postage.lines)]
        return [leg]

    def _stored_pickup(
        self, body: RequestIn, place: Place | None, office: OfficeView | None
    ) -> dict[str, Any] | None:
        if body.pickup is None:
            return None
        if body.pickup.address is not None and place is not None:
            return {"address": _address(place, body.pickup.address.detail), "post_office": None}
        if office is None:
            raise LookupError("a pickup has an address or an office")
        counter = self.units.resolve(office.province, office.ward_code or office.ward)
        return {"address": _address(counter, office.name), "post_office": office.post_office}

    def _agency(self, request: Request) -> Agency:
        agency = self.reference.agency(request.agency, local_date(self.clock()))
        if agency is None or agency.office is None:
            raise Problem(
                409, "agency_without_office", vi="Cơ quan chưa có nơi nhận bưu gửi.", en="The agency has no office."
            )
        return agency

    def _pickup_leg(
        self, request: Request, window: tuple[datetime, datetime] | None, *, number: int = 1
    ) -> NewLeg:
        agency = self._agency(request)
        pickup = request.pickup or {}
        return NewLeg(
            request_id=request.id,
            agency=request.agency,
            leg=Leg.PICKUP,
            sender=_citizen(request, pickup["address"]),
            receiver=_agency_party(agency),
            contents=agency.contents_note,
            collect_at_door=pickup.get("post_office") is None,
            window=window,
            number=number,
        )

    def _delivery_leg(self, request: Request) -> NewLeg:
        agency = self._agency(request)
        return NewLeg(
            request_id=request.id,
            agency=request.agency,
            leg=Leg.DELIVERY,
            sender=_agency_party(agency),
            receiver=_citizen(request, (request.delivery or {})["address"]),
            contents=agency.contents_note,
            promised_on=request.promised_on,
        )

    async def _story(self, request: Request) -> Story:
        today = local_date(self.clock())
        agency = self.reference.agency(request.agency, today)
        procedure = self.reference.procedure(request.procedure, local_date(request.filed_at))
        steps = await RequestEvent.filter(request_id=request.id).order_by("id")
        name = procedure.name if procedure else None
        status = RequestStatus(request.status)
        ended = status in (_S.REFUSED, _S.WITHDRAWN, _S.STOPPED, _S.RETURNED)
        return Story(
            request_id=request.id,
            external_id=request.external_id,
            tracking_code=request.tracking_code,
            status=status,
            portal_status=rules.PORTAL_STATUS[status],
            procedure=request.procedure,
            procedure_name=(name.vi, name.en) if name else (request.procedure, request.procedure),
            agency=request.agency,
            agency_name=(agency.name.vi, agency.name.en) if agency else (request.agency, request.agency),
            agency_phone=agency.office.phone if agency and agency.office else None,
            dossier_code=request.dossier_code,
            copies=request.copies,
            applicant=request.applicant,
            agent=request.agent,
            pickup=request.pickup,
            delivery=request.delivery,
            consent_sms=bool(request.consent["sms"]),
            consent_email=bool(request.consent["email"]),
            fee_lines=request.fee_lines,
            promised_on=request.promised_on,
            expected_on=request.expected_on,
            late=not ended and _is_late(request, today),
            missing=request.missing,
            additions_due_on=request.additions_due_on,
            filed_at=request.filed_at,
            steps=tuple(Step(kind=step.kind, at=step.at, detail=step.detail, step_id=step.id) for step in steps),
        )


def _is_late(request: Request, today: date) -> bool:
    # While the citizen is asked for additions, the journey waits for them and is not late.
    return request.status != _S.ADDITIONS_REQUESTED and request.promised_on is not None and request.promised_on < today


def _body_hash(body: RequestIn) -> str:
    return hashlib.sha256(body.model_dump_json().encode()).hexdigest()


def _same_or_conflict(filed: Filed, body_hash: str) -> Filed:
    if filed.request.body_hash != body_hash:
        raise Problem(
            409,
            "external_id_taken",
            vi="Mã đăng ký này đã được dùng cho một hồ sơ khác.",
            en="This external_id was filed with another body.",
        )
    return filed


def _event(request: Request, kind: str, actor: str, at: datetime, detail: dict[str, Any]) -> RequestEvent:
    return RequestEvent(id=new_id(), request_id=request.id, kind=kind, at=at, actor=actor, detail=detail)


def _changed(request_id: str, event: RequestEvent) -> outbox.Work:
    return outbox.Work(topic=CHANGED, payload={"request_id": request_id, "event_id": event.id})


def _fee_lines(lines: Sequence[FeeLine]) -> list[dict[str, Any]]:
    return [line.as_dict() for line in lines]


def _address(place: Place, detail: str) -> dict[str, Any]:
    return {
        "province_code": place.province.code,
        "province_name": place.province.name,
        "ward_code": place.ward.code,
        "ward_name": place.ward.name,
        "detail": detail,
        "district_name": None,
        "given_code": place.given_code,
        "given_list": place.given_list.value,
    }


def _zone_of(side: dict[str, Any] | None, agency: Agency) -> Any:
    address = (side or {}).get("address")
    if not address:
        return None
    return "same_province" if address["province_code"] == agency.province else "other_province"


def _citizen(request: Request, address: dict[str, Any]) -> dict[str, Any]:
    wanted = ("province_code", "province_name", "ward_code", "ward_name", "detail", "district_name")
    return {
        "name": request.applicant["full_name"],
        "phone": request.applicant["phone"],
        "email": request.applicant["email"],
        "address": {key: address[key] for key in wanted},
    }


def _agency_party(agency: Agency) -> dict[str, Any]:
    office = agency.office
    if office is None:
        raise LookupError(agency.agency)
    return {
        "name": office.name,
        "phone": office.phone,
        "email": None,
        "address": {
            "province_code": agency.province,
            "province_name": agency.province_name,
            "ward_code": office.ward_code,
            "ward_name": office.ward,
            "detail": office.detail,
            "district_name": None,
        },
    }
