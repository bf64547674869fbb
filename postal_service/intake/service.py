"""The steps of a filed request, each one transaction; and reading requests back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from carriers.status import Leg, Status
from postal_service.fees.rules import additions_quote
from postal_service.intake import journal, rules
from postal_service.intake.legs import delivery_leg, pickup_leg, stored_fee_lines, zone_of
from postal_service.intake.models import Request, RequestEvent
from postal_service.intake.schemas import AcceptIn, AdditionsIn, IssueIn, RefuseIn, WithdrawIn
from postal_service.intake.stories import is_late
from postal_service.intake.story import RequestStatus
from postal_service.kit.clock import Clock, local_date
from postal_service.kit.ids import is_id
from postal_service.kit.problems import FieldError, Problem, invalid, not_found
from postal_service.kit.reference import Agency, Reference
from postal_service.outbox import service as outbox
from postal_service.shipments import service as shipments
from postal_service.shipments.service import NewLeg
from postal_service.shipments.views import ShipmentView
from postal_service.storage.transactions import transaction

_S = RequestStatus


@dataclass(frozen=True, slots=True)
class Intake:
    """Takes requests through the agency's steps."""

    reference: Reference
    clock: Clock
    shipment_desk: shipments.Desk

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
            if request.status == _S.ADDITIONS_REQUESTED:
                # The additions are here, by upload if the post did not bring them: nobody has to come for them any more.
                await self._call_off(request_id, "additions came")
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
        """The agency cannot take the dossier; nobody comes for papers that were not collected yet."""
        async with transaction():
            request = await self._locked(request_id, agency)
            if request.status != _S.REFUSED:
                await self._step(request, _S.REFUSED, actor, {"reason": body.reason}, reason=body.reason)
                await self._call_off(request_id, "refused")
            return request

    async def ask_additions(self, request_id: str, body: AdditionsIn, *, agency: str | None, actor: str) -> Request:
        """Something is missing: the legal clock stands still, and where the post fetches papers it comes (again) for them.

        The second visit costs no State fee (domain facts, requirement 15). A first one that is still to come is called
        off: one worker comes for everything.
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
        """The result is made: a paper one goes on its way where the citizen asked for delivery, an electronic one is there.

        A paper one without a delivery waits at the agency's desk, where its promise is kept.
        """
        async with transaction():
            request = await self._locked(request_id, agency)
            if request.status in (_S.ISSUED, _S.RETURNED):
                return request
            await self._step(request, _S.ISSUED, actor, {"paper": body.paper, "copies": body.copies})
            if body.paper and request.delivery:
                await shipments.open_legs([delivery_leg(request, self._agency(request))], now=self.clock())
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
            await self._call_off(request_id, "withdrawn")
            return request

    async def shipment_changed(self, view: ShipmentView) -> None:
        """Close the request when its delivery leg came home."""
        if view.leg is not Leg.DELIVERY or view.status is not Status.DELIVERED:
            return
        async with transaction():
            request = await self._locked(view.request_id, None)
            if request.status == _S.ISSUED:
                await self._step(request, _S.RETURNED, "system", {"by": "post"})

    async def tell_late(self) -> int:
        """Mark every open request whose promised day has passed, once for a promise; returns how many."""
        now = self.clock()
        today = local_date(now)
        overdue = await Request.filter(status__in=rules.CAN_BE_LATE, promised_on__lt=today, late_told_for=None).values_list(
            "id", flat=True
        )
        expected = self.reference.calendar.add_working_days(today, rules.TRANSIT_WORKING_DAYS["same_province"])
        told = 0
        for request_id in overdue:
            async with transaction():
                request = await self._locked(str(request_id), None)
                if request.late_told_for is not None or not is_late(request, today):
                    continue
                told += 1
                request.late_told_for = request.promised_on
                request.expected_on = expected
                await self._note(request, "late", "system", {"expected_on": expected.isoformat()})
        return told

    async def get(self, request_id: str, *, agency: str | None) -> Request:
        """Return a request; 404 also for one of another agency, so that nothing is learned by trying."""
        request = await Request.get_or_none(id=request_id) if is_id(request_id) else None
        if request is None or (agency is not None and request.agency != agency):
            raise not_found("Không tìm thấy hồ sơ.", "There is no such request.")
        return request

    async def find(
        self, *, filters: Mapping[str, str], agency: str | None, limit: int, after: str | None
    ) -> tuple[list[Request], bool]:
        """Return a page of requests, newest first, and whether there are more."""
        wanted = Request.filter(**filters)
        if agency is not None:
            wanted = wanted.filter(agency=agency)
        if after:
            wanted = wanted.filter(id__lt=after)
        rows = await wanted.order_by("-id").limit(limit + 1)
        return rows[:limit], len(rows) > limit

    async def _locked(self, request_id: str, agency: str | None) -> Request:
        wanted = Request.filter(id=request_id).select_for_update()
        request = await wanted.first() if is_id(request_id) else None
        if request is None or (agency is not None and request.agency != agency):
            raise not_found("Không tìm thấy hồ sơ.", "There is no such request.")
        return request

    async def _step(self, request: Request, to: RequestStatus, actor: str, detail: dict[str, Any], **columns: Any) -> None:
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
        event = journal.event(request.id, kind, actor, now, detail)
        await event.save()
        outbox.touch(request.id)
        await outbox.add(journal.changed(request.id, event), now=now)

    async def _call_off(self, request_id: str, why: str) -> None:
        for shipment in await shipments.of_request(request_id):
            if shipment.uncollected:
                await self.shipment_desk.cancel(shipment.id, why, source="system")

    async def _promise_again(self, request: Request) -> None:
        steps = await RequestEvent.filter(request_id=request.id).order_by("id").values_list("kind", "at")
        calendar = self.reference.calendar
        deadline = rules.legal_deadline([(str(k), at) for k, at in steps], calendar, request.limit_working_days)
        if deadline is None:
            return
        zone = zone_of(request.delivery, self._agency(request))
        promised = rules.promise_after_acceptance(calendar, deadline, zone)
        if promised != request.promised_on:
            request.update_from_dict({"promised_on": promised, "late_told_for": None, "expected_on": None})
            await request.save()

    async def _second_pickup(self, request: Request) -> list[NewLeg]:
        if not request.pickup:
            return []
        earlier = [s for s in await shipments.of_request(request.id) if s.leg is Leg.PICKUP]
        leg = pickup_leg(request, self._agency(request), number=len(earlier) + 1)
        if any(shipment.uncollected for shipment in earlier):
            await self._call_off(request.id, "comes with the additions")
            return [leg]
        postage = additions_quote(
            self.reference.fee_book,
            agency=request.agency,
            on=local_date(self.clock()),
            pickup_zone=zone_of(request.pickup, self._agency(request)) or "same_province",
        )
        request.fee_lines = [*request.fee_lines, *stored_fee_lines(postage.lines)]
        return [leg]

    def _agency(self, request: Request) -> Agency:
        agency = self.reference.agency(request.agency, local_date(self.clock()))
        if agency is None:
            raise Problem(409, "agency_gone", vi="Cơ quan này không còn hoạt động.", en="The agency is no more.")
        return agency
