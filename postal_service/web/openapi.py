"""The API document (OpenAPI 3.1), made from the same endpoints that are served, so that the two cannot differ."""

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from postal_service.web.answers import PROBLEM_JSON
from postal_service.web.endpoints import HTML, Endpoint
from postal_service.web.idempotency import HEADER as IDEMPOTENCY_HEADER

Json = dict[str, Any]

_REF = "#/components/schemas/{model}"
_PATH_VARIABLE = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")
_FIRST_PROBLEM_STATUS = 400
_PRESENT = "bearer"
_DESCRIPTION = (
    "Postal pickup and delivery for online administrative requests. Times are RFC 3339 with offset, money is integer"
    " đồng in fields ending `_vnd`, phones are E.164. Refusals are `application/problem+json` with a stable `code`;"
    " their words follow `?lang=` or `Accept-Language` (vi, en)."
)


class FieldProblem(BaseModel):
    """One field that is wrong."""

    pointer: str = Field(description="JSON pointer into the body", examples=["/applicant/phone"])
    code: str = Field(examples=["required"])
    message: str = Field(examples=["Thông tin này là bắt buộc."])


class ProblemDocument(BaseModel):
    """A refusal (RFC 9457)."""

    type: str = Field(examples=["urn:postal:problem:not_found"])
    title: str = Field(examples=["Không tìm thấy."])
    status: int = Field(examples=[404])
    code: str = Field(description="Stable; programs decide by it", examples=["not_found"])
    errors: list[FieldProblem] = []


def build_document(endpoints: Sequence[Endpoint], *, title: str, version: str) -> Json:
    """Return the document that describes `endpoints`."""
    references, definitions = _schemas(endpoints)
    paths: dict[str, Json] = {}
    for endpoint in endpoints:
        operation = _operation(endpoint, references, definitions)
        paths.setdefault(document_path(endpoint.path), {})[endpoint.method.lower()] = operation
    for endpoint in endpoints:
        # Queries are written out as parameters; as schemas of their own they would stand there twice.
        if endpoint.query:
            definitions.pop(_name_of(references[endpoint.query, "validation"]), None)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {
                _PRESENT: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The key of an API client. Each operation names the scope it needs.",
                }
            },
        },
        "tags": [{"name": tag} for tag in dict.fromkeys(endpoint.tag for endpoint in endpoints)],
    }


def document_path(path: str) -> str:
    """Write a route's path as the document does, without the patterns of its variables."""
    return _PATH_VARIABLE.sub(r"{\1}", path)


def undescribed_routes(app: web.Application, document: Json) -> list[str]:
    """Return the served routes that the document lacks, as `GET /path`; HEAD goes with GET."""
    return [
        f"{route.method} {resource.canonical}"
        for resource in app.router.resources()
        for route in resource
        if route.method != "HEAD"
        and route.method.lower() not in document["paths"].get(document_path(resource.canonical), {})
    ]


_References = Mapping[tuple[Any, JsonSchemaMode], Json]


def _schemas(endpoints: Iterable[Endpoint]) -> tuple[_References, dict[str, Json]]:
    models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ProblemDocument, "serialization"): None}
    for endpoint in endpoints:
        for read in (endpoint.body, endpoint.query):
            if read:
                models[read, "validation"] = None
        for written in endpoint.answers.values():
            if written:
                models[written, "serialization"] = None
    references, schema = models_json_schema(list(models), ref_template=_REF)
    definitions: dict[str, Json] = schema["$defs"]
    return dict(references), definitions


def _operation(endpoint: Endpoint, references: _References, definitions: Mapping[str, Json]) -> Json:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_VARIABLE.findall(endpoint.path)
    ]
    if endpoint.query:
        parameters += _query_parameters(definitions[_name_of(references[endpoint.query, "validation"])])
    if endpoint.takes_idempotency_key:
        parameters.append(
            {
                "name": IDEMPOTENCY_HEADER,
                "in": "header",
                "required": False,
                "description": "Same key and body: the stored answer; another body: 422; still running: 409.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    operation: Json = {
        "operationId": _operation_id(endpoint),
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "parameters": parameters,
        "responses": _responses(endpoint, references),
        "security": [{_PRESENT: [str(endpoint.scope)]}] if endpoint.scope else [],
    }
    if endpoint.multipart:
        form = references[endpoint.body, "validation"] if endpoint.body else {"type": "object"}
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": form}}}
    elif endpoint.body:
        content = {"application/json": {"schema": references[endpoint.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _query_parameters(schema: Json) -> list[Json]:
    required = set(schema.get("required", ()))
    return [
        {"name": name, "in": "query", "required": name in required, "schema": properties}
        for name, properties in schema.get("properties", {}).items()
    ]


def _responses(endpoint: Endpoint, references: _References) -> Json:
    problem: Json = {
        "description": "Refused",
        "content": {PROBLEM_JSON: {"schema": references[ProblemDocument, "serialization"]}},
    }
    responses: Json = {}
    for status, model in sorted(endpoint.answers.items()):
        if model is None and status >= _FIRST_PROBLEM_STATUS:
            responses[str(int(status))] = {**problem, "description": HTTPStatus(status).phrase}
            continue
        content: Json = {"schema": references[model, "serialization"]} if model else {}
        responses[str(int(status))] = {
            "description": HTTPStatus(status).phrase,
            "content": {endpoint.media_type: content},
        }
    if endpoint.media_type == HTML:
        # Who reads a page is told in a page.
        problem = {**problem, "content": {**problem["content"], HTML: {}}}
    return {**responses, "default": problem}


def _operation_id(endpoint: Endpoint) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", document_path(endpoint.path)).strip("_")
    return f"{endpoint.method.lower()}_{words or 'home'}"


def _name_of(reference: Json) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[1]
