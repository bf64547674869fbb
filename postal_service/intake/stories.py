"""Telling a request to the rooms above."""

from dataclasses import dataclass
from datetime import date

from postal_service.intake import rules
from postal_service.intake.models import Request, RequestEvent
from postal_service.intake.story import RequestStatus, Step, Story
from postal_service.kit.clock import Clock, local_date
from postal_service.kit.reference import Reference


@dataclass(frozen=True, slots=True)
class Stories:
    """Tells requests, by id or by tracking code."""

    reference: Reference
    clock: Clock

    async def story_by_code(self, tracking_code: str) -> Story | None:
        """Return everything about the request of a tracking code."""
        request = await Request.get_or_none(tracking_code=tracking_code)
        return await self._story(request) if request else None

    async def story(self, request_id: str) -> Story | None:
        """Return everything about a request."""
        request = await Request.get_or_none(id=request_id)
        return await self._story(request) if request else None

    async def _story(self, request: Request) -> Story:
        today = local_date(self.clock())
        agency = self.reference.agency(request.agency, today)
        procedure = self.reference.procedure(request.procedure, local_date(request.filed_at))
        steps = await RequestEvent.filter(request_id=request.id).order_by("id")
        name = procedure.name if procedure else None
        status = RequestStatus(request.status)
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
            late=is_late(request, today),
            missing=request.missing,
            additions_due_on=request.additions_due_on,
            filed_at=request.filed_at,
            steps=tuple(Step(kind=step.kind, at=step.at, detail=step.detail, step_id=step.id) for step in steps),
        )


def is_late(request: Request, today: date) -> bool:
    """Tell whether the promised day has passed while something is still owed to the citizen.

    While additions are asked for, the journey waits for the citizen. A paper result that nobody asked to be brought waits
    at the agency's desk.
    """
    if request.promised_on is None or request.status not in rules.CAN_BE_LATE:
        return False
    ready_at_the_desk = request.status == RequestStatus.ISSUED and request.delivery is None
    return request.promised_on < today and not ready_at_the_desk
