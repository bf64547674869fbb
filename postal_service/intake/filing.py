"""Filing: a request is checked, priced and stored once, with its first leg, in a commit shared with others that wait."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tortoise.exceptions import IntegrityError

from postal_service.fees.rules import NoFeeRule, quote
from postal_service.intake import journal, rules
from postal_service.intake.legs import pickup_leg, stored_address, stored_fee_lines
from postal_service.intake.models import Request, RequestEvent
from postal_service.intake.schemas import RequestIn
from postal_service.intake.story import RequestStatus
from postal_service.kit.clock import Clock, local_date
from postal_service.kit.ids import new_id, new_tracking_code
from postal_service.kit.problems import Problem, invalid
from postal_service.kit.reference import Reference
from postal_service.kit.units import Place, Units
from postal_service.outbox import service as outbox
from postal_service.shipments import service as shipments
from postal_service.shipments.service import NewLeg
from postal_service.shipments.territory import OfficeView
from postal_service.shipments.views import ShipmentView
from postal_service.storage.group_commit import GroupCommit

FindOffice = Callable[[str], Awaitable[OfficeView | None]]
"""Returns an open post office by its code."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    request: Request
    legs: tuple[NewLeg, ...]


@dataclass(frozen=True, slots=True)
class Filed:
    """What filing led to: the request, its shipments, and whether it was there before."""

    request: Request
    shipments: list[ShipmentView]
    repeated: bool


@dataclass(slots=True)
class Filing:
    """Files requests."""

    reference: Reference
    units: Units
    clock: Clock
    find_office: FindOffice
    _committing: GroupCommit[_Candidate, Filed] = field(init=False)

    def __post_init__(self) -> None:
        self._committing = GroupCommit(self._write, largest_batch=64)

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
        candidate = self._candidate(body, checked, office, client_id, now)
        try:
            filed = await self._committing.submit(candidate)
        except IntegrityError:
            # Another process filed it between our look and our write.
            repeated = await self._repeated(body, client_id)
            if repeated is None:
                raise
            return repeated
        return _same_or_conflict(filed, candidate.request.body_hash)

    def _candidate(
        self, body: RequestIn, checked: rules.Checked, office: OfficeView | None, client_id: str, now: datetime
    ) -> _Candidate:
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
            delivery={"address": stored_address(checked.delivery_place, body.delivery.address.detail)}
            if body.delivery and checked.delivery_place
            else None,
            payment=body.payment.model_dump(mode="json") if body.payment else None,
            consent=body.consent.model_dump() | {"at": now.isoformat()},
            status=RequestStatus.FILED.value,
            fee_lines=stored_fee_lines(fees.lines),
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
        legs = (pickup_leg(request, checked.agency, checked.window),) if body.pickup else ()
        return _Candidate(request, legs)

    def _stored_pickup(self, body: RequestIn, place: Place | None, office: OfficeView | None) -> dict[str, Any] | None:
        if body.pickup is None:
            return None
        if body.pickup.address is not None and place is not None:
            return {"address": stored_address(place, body.pickup.address.detail), "post_office": None}
        if office is None:
            raise LookupError("a pickup has an address or an office")
        counter = self.units.resolve(office.province, office.ward_code or office.ward)
        return {"address": stored_address(counter, office.name), "post_office": office.post_office}

    async def _write(self, filings: Sequence[_Candidate]) -> Sequence[Filed]:
        """Write filings that came together; those whose external id is taken get what is there."""
        there = {
            (request.client_id, request.external_id): request
            for request in await Request.filter(external_id__in=[f.request.external_id for f in filings])
        }
        fresh: list[_Candidate] = []
        for filing in filings:
            key = (filing.request.client_id, filing.request.external_id)
            if key not in there:
                there[key] = filing.request
                fresh.append(filing)
        views: dict[str, list[ShipmentView]] = {}
        if fresh:
            now = fresh[-1].request.filed_at
            await Request.bulk_create([f.request for f in fresh])
            events = [journal.event(f.request.id, "filed", f"client:{f.request.client_id}", now, {}) for f in fresh]
            await RequestEvent.bulk_create(events)
            for view in await shipments.open_legs([leg for f in fresh for leg in f.legs], now=now):
                views.setdefault(view.request_id, []).append(view)
            outbox.touch(*(f.request.id for f in fresh))
            await outbox.add(
                *(journal.changed(f.request.id, event) for f, event in zip(fresh, events, strict=True)), now=now
            )
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
