"""`/api/openapi.json` for programs and `/api/docs` for people, both from the same document."""

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from aiohttp import web
from pydantic_core import to_json

from postal_service.web.answers import page
from postal_service.web.endpoints import HTML, Answer, Call, Endpoint
from postal_service.web.openapi import Json, build_document

TITLE = "Bưu chính hành chính công"
API_VERSION = "1.0.0"
_TAG = "documentation"
_DEEPEST = 3


class Row(NamedTuple):
    """One field of a schema, as the page lists it."""

    name: str
    depth: int
    kind: str
    required: bool
    description: str


def endpoints(served: Iterable[Endpoint]) -> list[Endpoint]:
    """Return the endpoints that describe `served` and themselves."""
    described = list(served)

    # The document is only made when somebody asks: it takes longer than the rest of the start.
    @cache
    def document() -> Json:
        return build_document(described, title=TITLE, version=API_VERSION)

    @cache
    def document_bytes() -> bytes:
        return to_json(document())

    async def show_document(_call: Call) -> Answer:
        return Answer(body=document_bytes())

    async def show_page(call: Call) -> web.Response:
        return page(call, "docs.html", document=document(), rows=lambda schema: schema_rows(document(), schema))

    own = [
        Endpoint("GET", "/api/openapi.json", show_document, "This document", _TAG),
        Endpoint("GET", "/api/docs", show_page, "This document for people", _TAG, media_type=HTML),
    ]
    described += own
    return own


def schema_rows(document: Json, schema: Json, *, prefix: str = "", depth: int = 0) -> list[Row]:
    """List the fields of `schema`, those of objects inside it below them."""
    target = _resolve(document, schema)
    required = set(target.get("required", ()))
    rows = []
    for name, field in target.get("properties", {}).items():
        rows.append(Row(prefix + name, depth, _kind(document, field), name in required, str(field.get("description", ""))))
        inner = _object_inside(document, field)
        if inner and depth < _DEEPEST:
            rows += schema_rows(document, inner, prefix=f"{prefix}{name}.", depth=depth + 1)
    return rows


def _resolve(document: Json, schema: Json) -> Json:
    reference = schema.get("$ref")
    if not reference:
        return schema
    found: Json = document["components"]["schemas"][str(reference).rsplit("/", 1)[1]]
    return found


def _object_inside(document: Json, field: Json) -> Json | None:
    for candidate in (field, field.get("items", {}), *field.get("anyOf", ())):
        target = _resolve(document, candidate)
        if target.get("properties"):
            return target
    return None


def _kind(document: Json, field: Json) -> str:
    if "anyOf" in field:
        return " | ".join(dict.fromkeys(_kind(document, member) for member in field["anyOf"]))
    target = _resolve(document, field)
    if "enum" in target:
        return " | ".join(str(value) for value in target["enum"])
    if "const" in target:
        return str(target["const"])
    if target.get("type") == "array":
        return f"[{_kind(document, target.get('items', {}))}]"
    kind: Any = target.get("format") or target.get("type") or "any"
    return str(kind)
