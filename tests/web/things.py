"""A small room to serve in tests: things that can be made and listed."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from postal_service.kit.problems import Problem
from postal_service.web.endpoints import Answer, Call, Endpoint, Page, PageQuery
from postal_service.web.validation import refuse


class Colour(StrEnum):
    RED = "red"
    GOLD = "gold"


class Place(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ward: Annotated[str, Field(min_length=2, max_length=5)]
    kind: Literal["home", "office"] = "home"


class Counter(BaseModel):
    model_config = ConfigDict(extra="forbid")

    post_office: str


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    copies: Annotated[int, Field(ge=1, le=9)] = 1
    colour: Colour = Colour.RED
    on: date | None = None
    at: AwareDatetime | None = None
    places: list[Place] = []
    pickup: Place | Counter | None = None
    code: str | None = None

    @field_validator("code")
    @classmethod
    def _code_starts_with_h(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("H"):
            raise refuse("bad_code", vi="Mã phải bắt đầu bằng H.", en="The code must begin with H.")
        return value


class StoredThing(BaseModel):
    id: str
    title: str
    made_at: datetime


class ThingQuery(PageQuery):
    colour: Colour | None = None


async def make_thing(call: Call[Thing]) -> Answer:
    return Answer(201, {"id": "1", "title": call.body.title, "made_at": call.now, "by": call.caller.client_id})


async def list_things(call: Call[None, ThingQuery]) -> Answer:
    return Answer(body={"items": [], "next_cursor": None, "limit": call.query.limit, "colour": call.query.colour})


async def show_thing(call: Call) -> Answer:
    if call.path["id"] == "taken":
        raise Problem(409, "taken", vi="Đã có người giữ.", en="It is taken.", headers={"Retry-After": "7"})
    return Answer(body={"id": call.path["id"], "language": call.language})


async def break_down(_call: Call) -> Answer:
    raise RuntimeError("the number +84912345678 is in this message")


async def look(request: web.Request) -> web.Response:
    return web.Response(body=b'{"code":"' + request.match_info["code"].encode() + b'"}', content_type="application/json")


THINGS = (
    Endpoint(
        "POST",
        "/api/v1/things",
        make_thing,
        "Make a thing",
        "things",
        scope="things:write",
        body=Thing,
        answers={201: StoredThing, 409: None},
    ),
    Endpoint(
        "GET",
        "/api/v1/things",
        list_things,
        "List things",
        "things",
        scope="things:read",
        query=ThingQuery,
        answers={200: Page[StoredThing]},
    ),
    Endpoint("GET", "/api/v1/things/{id}", show_thing, "Show a thing", "things"),
    Endpoint("GET", "/api/v1/breaks", break_down, "Breaks", "things"),
    Endpoint("GET", "/t/{code}", look, "Looks a code up", "things", raw=True),
    Endpoint("GET", "/breaks", break_down, "Breaks as a page", "pages", media_type="text/html"),
)
