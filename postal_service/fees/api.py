"""What a request would cost, asked before it is filed."""

from datetime import date
from http import HTTPStatus
from typing import Literal

from pydantic import BaseModel, Field

from postal_service.fees.rules import NoFeeRule, quote
from postal_service.kit.clock import local_date
from postal_service.kit.fee_book import FeeClass, Zone
from postal_service.kit.problems import Problem
from postal_service.kit.reference import Reference
from postal_service.web.endpoints import Answer, Call, Endpoint


class QuoteQuery(BaseModel):
    """What would be asked for. A zone left out means there is no such leg."""

    procedure: str
    agency: str
    channel: str = "provincial_portal"
    fee_class: FeeClass = "standard"
    copies: int = Field(default=1, ge=1, le=100)
    on: date | None = None
    pickup_zone: Zone | None = "same_province"
    delivery_zone: Zone | None = "same_province"


class QuoteLineOut(BaseModel):
    """One amount and the rule it comes from."""

    kind: Literal["state_fee", "postage_pickup", "postage_delivery", "subsidy"]
    amount_vnd: int
    due_at: Literal["pickup", "delivery", "paid"]
    why: str


class QuoteOut(BaseModel):
    """The working, line by line, and the version of the rules."""

    lines: list[QuoteLineOut]
    total_vnd: int
    rule_version: str


def endpoints(reference: Reference) -> list[Endpoint]:
    """Return the endpoints of this room."""

    async def show_quote(call: Call[None, QuoteQuery]) -> Answer:
        asked = call.query
        try:
            found = quote(
                reference.fee_book,
                procedure=asked.procedure,
                fee_class=asked.fee_class,
                copies=asked.copies,
                agency=asked.agency,
                channel=asked.channel,
                on=asked.on or local_date(call.now),
                pickup_zone=asked.pickup_zone,
                delivery_zone=asked.delivery_zone,
            )
        except NoFeeRule as error:
            raise Problem(
                422, "no_fee_rule", vi="Chưa có biểu phí cho trường hợp này.", en="There is no fee rule for this."
            ) from error
        lines = [
            QuoteLineOut(kind=line.kind, amount_vnd=line.amount_vnd, due_at=line.due_at, why=line.why.text(call.language))
            for line in found.lines
        ]
        return Answer(body=QuoteOut(lines=lines, total_vnd=found.total_vnd, rule_version=found.rule_version))

    return [
        Endpoint(
            "GET",
            "/api/v1/fees/quote",
            show_quote,
            "What a request would cost",
            "Fees",
            scope="fees:read",
            query=QuoteQuery,
            answers={HTTPStatus.OK: QuoteOut},
        )
    ]
