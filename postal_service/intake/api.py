"""JSON endpoints of online requests, and of the reference data a portal needs to fill one in."""

from http import HTTPStatus
from typing import Annotated, Any

from pydantic import BaseModel, Field

from postal_service.intake import rules
from postal_service.intake.filing import Filing
from postal_service.intake.models import Request
from postal_service.intake.schemas import (
    AcceptIn,
    AdditionsIn,
    FeeLineOut,
    FeesOut,
    IssueIn,
    RefuseIn,
    RequestIn,
    RequestOut,
    WithdrawIn,
)
from postal_service.intake.service import Intake
from postal_service.intake.story import RequestStatus
from postal_service.kit.clock import local_date
from postal_service.kit.paging import page, read_cursor
from postal_service.kit.problems import Problem
from postal_service.shipments import service as shipments
from postal_service.shipments.api import shipment_out
from postal_service.shipments.views import ShipmentView
from postal_service.web.endpoints import Answer, Call, Endpoint, Page, PageQuery

TAG = "Online requests"
WRITE, READ = "requests:write", "requests:read"


class RequestsQuery(PageQuery):
    """Filters of the list."""

    external_id: Annotated[str | None, Field(max_length=64)] = None
    dossier_code: Annotated[str | None, Field(max_length=60)] = None
    status: RequestStatus | None = None
    agency: Annotated[str | None, Field(max_length=40)] = None


class AgencyOut(BaseModel):
    """An issuing agency and how far its province has come."""

    agency: str
    name: str
    province: str
    stage: str
    since: str
    carriers: list[str]


class AgenciesOut(BaseModel):
    """All agencies."""

    items: list[AgencyOut]


class DocumentOut(BaseModel):
    """One paper of the checklist."""

    document: str
    name: str
    required: bool


class ProcedureOut(BaseModel):
    """An administrative procedure as it is today."""

    procedure: str
    name: str
    documents: list[DocumentOut]
    limit_working_days: int
    forms: list[str]


class ProceduresOut(BaseModel):
    """All procedures."""

    items: list[ProcedureOut]


def endpoints(filing: Filing, intake: Intake, public_url: str) -> list[Endpoint]:
    """Return the endpoints of this room."""
    handlers = _Handlers(filing, intake, public_url)
    made: dict[int, type[BaseModel] | None] = {HTTPStatus.OK: RequestOut}
    one = "/api/v1/requests/{id}"
    return [
        Endpoint(
            "POST",
            "/api/v1/requests",
            handlers.file,
            "File an online request; the same external_id and body again is the same answer",
            TAG,
            scope=WRITE,
            body=RequestIn,
            answers={HTTPStatus.CREATED: RequestOut, HTTPStatus.OK: RequestOut},
        ),
        Endpoint(
            "GET",
            "/api/v1/requests",
            handlers.find,
            "Find requests",
            TAG,
            scope=READ,
            query=RequestsQuery,
            answers={HTTPStatus.OK: Page[RequestOut]},
        ),
        Endpoint("GET", one, handlers.show, "Show a request", TAG, scope=READ, answers=made),
        Endpoint(
            "POST", f"{one}/accept", handlers.accept, "The agency has a valid dossier", TAG, WRITE, AcceptIn, answers=made
        ),
        Endpoint("POST", f"{one}/refuse", handlers.refuse, "The agency cannot take it", TAG, WRITE, RefuseIn, answers=made),
        Endpoint(
            "POST", f"{one}/additions", handlers.additions, "Something is missing", TAG, WRITE, AdditionsIn, answers=made
        ),
        Endpoint("POST", f"{one}/issue", handlers.issue, "The result is made", TAG, WRITE, IssueIn, answers=made),
        Endpoint(
            "POST", f"{one}/withdraw", handlers.withdraw, "The citizen takes it back", TAG, WRITE, WithdrawIn, answers=made
        ),
        Endpoint(
            "GET",
            "/api/v1/agencies",
            handlers.agencies,
            "Issuing agencies and their roll-out",
            "Reference data",
            answers={HTTPStatus.OK: AgenciesOut},
        ),
        Endpoint(
            "GET",
            "/api/v1/procedures",
            handlers.procedures,
            "Procedures, their papers and legal limits",
            "Reference data",
            answers={HTTPStatus.OK: ProceduresOut},
        ),
    ]


class _Handlers:
    def __init__(self, filing: Filing, intake: Intake, public_url: str) -> None:
        self._filing = filing
        self._intake = intake
        self._public_url = public_url

    async def file(self, call: Call[RequestIn]) -> Answer:
        if not call.caller.may_see(call.body.agency):
            raise Problem(403, "other_agency", vi="Không thuộc cơ quan của bạn.", en="This agency is not the client's own.")
        filed = await self._filing.file(call.body, client_id=call.caller.client_id)
        status = HTTPStatus.OK if filed.repeated else HTTPStatus.CREATED
        return Answer(status, self._out(filed.request, filed.shipments, call.language))

    async def find(self, call: Call[None, RequestsQuery]) -> Answer:
        filters = call.query.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_none=True)
        rows, more = await self._intake.find(
            filters=filters, agency=call.caller.agency, limit=call.query.limit, after=read_cursor(call.query.cursor)
        )
        items = [await self._with_shipments(row, call.language) for row in rows]
        return Answer(body=page(items, rows[-1].id if rows else None, more=more))

    async def show(self, call: Call) -> Answer:
        request = await self._intake.get(call.path["id"], agency=call.caller.agency)
        return Answer(body=await self._with_shipments(request, call.language))

    async def accept(self, call: Call[AcceptIn]) -> Answer:
        return await self._stepped(call, self._intake.accept)

    async def refuse(self, call: Call[RefuseIn]) -> Answer:
        return await self._stepped(call, self._intake.refuse)

    async def additions(self, call: Call[AdditionsIn]) -> Answer:
        return await self._stepped(call, self._intake.ask_additions)

    async def issue(self, call: Call[IssueIn]) -> Answer:
        return await self._stepped(call, self._intake.issue)

    async def withdraw(self, call: Call[WithdrawIn]) -> Answer:
        return await self._stepped(call, self._intake.withdraw)

    async def agencies(self, call: Call) -> Answer:
        found = self._intake.reference.agencies(local_date(call.now))
        return Answer(
            body={
                "items": [
                    {
                        "agency": agency.agency,
                        "name": agency.name.en if call.language == "en" else agency.name.vi,
                        "province": agency.province,
                        "stage": agency.stage,
                        "since": agency.since.isoformat(),
                        "carriers": list(agency.carriers),
                    }
                    for agency in found
                ]
            }
        )

    async def procedures(self, call: Call) -> Answer:
        today = local_date(call.now)
        english = call.language == "en"
        return Answer(
            body={
                "items": [
                    {
                        "procedure": procedure.procedure,
                        "name": procedure.name.en if english else procedure.name.vi,
                        "documents": [
                            {
                                "document": document.document,
                                "name": document.name.en if english else document.name.vi,
                                "required": document.required,
                            }
                            for document in procedure.documents
                        ],
                        "limit_working_days": procedure.limit_working_days,
                        "forms": [form.form for form in procedure.forms_on(today)],
                    }
                    for procedure in self._intake.reference.procedures(today)
                ]
            }
        )

    async def _stepped(self, call: Call[Any], step: Any) -> Answer:
        request = await step(call.path["id"], call.body, agency=call.caller.agency, actor=f"client:{call.caller.client_id}")
        return Answer(body=await self._with_shipments(request, call.language))

    async def _with_shipments(self, request: Request, language: str) -> dict[str, Any]:
        return self._out(request, await shipments.of_request(request.id), language)

    def _out(self, request: Request, legs: list[ShipmentView], language: str) -> dict[str, Any]:
        lines = [
            FeeLineOut(
                kind=line["kind"],
                amount_vnd=line["amount_vnd"],
                due_at=line["due_at"],
                why=line["why_en"] if language == "en" else line["why"],
            )
            for line in request.fee_lines
        ]
        return RequestOut(
            id=request.id,
            external_id=request.external_id,
            tracking_code=request.tracking_code,
            tracking_url=f"{self._public_url}/t/{request.tracking_code}",
            status=request.status,
            portal_status=rules.PORTAL_STATUS[RequestStatus(request.status)],
            dossier_code=request.dossier_code,
            appointment_no=request.appointment_no,
            procedure=request.procedure,
            agency=request.agency,
            channel=request.channel,
            copies=request.copies,
            fees=FeesOut(lines=lines, total_vnd=sum(line.amount_vnd for line in lines)),
            shipments=[shipment_out(leg) for leg in legs],
            promised_on=request.promised_on,
            missing=request.missing,
            additions_due_on=request.additions_due_on,
            filed_at=request.filed_at,
        ).model_dump(mode="json")
