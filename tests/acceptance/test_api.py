"""The API as other programs meet it: described, true to its description, and never at a loss for an answer."""

import ast
import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from postal_service.web.openapi import document_path, undescribed_routes
from tests.world import World

ROOT = Path(__file__).parents[2]
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
A_FEW = settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)

PROMISED = """
GET /api/v1/agencies
GET /api/v1/procedures
GET /api/v1/post-offices
POST /api/v1/requests
GET /api/v1/requests
GET /api/v1/requests/{id}
POST /api/v1/requests/{id}/accept
POST /api/v1/requests/{id}/refuse
POST /api/v1/requests/{id}/additions
POST /api/v1/requests/{id}/issue
POST /api/v1/requests/{id}/withdraw
GET /api/v1/shipments
GET /api/v1/shipments/{id}
POST /api/v1/shipments/{id}/events
POST /api/v1/shipments/{id}/assign
POST /api/v1/shipments/{id}/cancel
POST /api/v1/shipments/{id}/reschedule
GET /api/v1/shipments/{id}/label.pdf
GET /api/v1/shipments/{id}/custody
POST /hooks/carriers/{carrier}
POST /hooks/twilio/status
GET /t/{code}
GET /t/{code}/live
GET /api/v1/track/{code}
POST /api/v1/track/{code}/verify
GET /api/v1/fees/quote
GET /healthz
GET /readyz
GET /metrics
GET /api/openapi.json
GET /api/docs
"""


async def test_the_document_is_valid_and_describes_every_route_that_is_served(world: World) -> None:
    document = await world.get("/api/openapi.json")
    validate(document)
    assert undescribed_routes(world.program.web_app(), document) == []
    described = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert described >= set(PROMISED.strip().splitlines())
    served = {f"{endpoint.method} {document_path(endpoint.path)}" for endpoint in world.program.endpoints()}
    assert described >= served
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {path}"
            # Every refusal is a problem document.
            assert "application/problem+json" in operation["responses"]["default"]["content"]


async def test_every_endpoint_of_the_api_wants_a_key_unless_it_is_for_everyone(world: World) -> None:
    for_everyone = {
        "/api/v1/agencies",
        "/api/v1/procedures",
        "/api/v1/post-offices",
        "/api/v1/track/{code}",
        "/api/v1/track/{code}/verify",
    }
    for endpoint in world.program.endpoints():
        if not endpoint.path.startswith("/api/v1/"):
            continue
        assert (endpoint.scope is None) == (endpoint.path in for_everyone), endpoint.path
        if endpoint.scope:
            path = endpoint.path.replace("{id}", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
            async with world.api.request(endpoint.method, path) as answer:
                assert answer.status == HTTPStatus.UNAUTHORIZED, path
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")


# What SQLite takes as it comes, PostgreSQL refuses: the stricter engine is enough for this one.
@pytest.mark.parametrize("engine", ["postgres"])
async def test_whatever_is_sent_the_answers_are_those_the_document_tells(world: World) -> None:
    request = await world.file()
    await world.settle()
    shipment = await world.shipment(request["id"], "pickup")
    document = await world.get("/api/openapi.json")
    ids = {"/api/v1/requests/{id}": request["id"], "/api/v1/shipments/{id}": shipment["id"]}

    def call_everything() -> None:
        schema = schemathesis.openapi.from_dict(document)
        for found in schema.get_all_operations():
            assert isinstance(found, Ok)
            operation = found.ok()
            if not operation.path.startswith(("/api/v1/", "/hooks/")):
                continue
            known = next((value for start, value in ids.items() if operation.path.startswith(start)), None)
            for mode in GenerationMode:
                _call(operation, mode, {"id": known} if known else None)

    def _call(operation: Any, mode: GenerationMode, path_parameters: dict[str, str] | None) -> None:
        @A_FEW
        @given(case=operation.as_strategy(mode, path_parameters=path_parameters))
        def call(case: Any) -> None:
            case.call_and_validate(
                base_url=str(world.api.make_url("")),
                headers={"Authorization": f"Bearer {world.key}"},
                checks=CHECKS,
                timeout=10,
            )

        # What takes nothing can be sent nothing wrong.
        with suppress(Unsatisfiable):
            call()

    await asyncio.to_thread(call_everything)


def _problems() -> Iterator[tuple[str, str, str]]:
    """Every refusal written in the program: its code, Vietnamese and English words (constants only)."""
    for file in sorted((ROOT / "postal_service").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            words = {keyword.arg: keyword.value for keyword in node.keywords}
            if node.func.id == "Problem" and {"vi", "en"} <= words.keys():
                code, vi, en = node.args[1], words["vi"], words["en"]
            elif node.func.id == "FieldError" and len(node.args) == 4:
                _, code, vi, en = node.args
            else:
                continue
            yield tuple(ast.unparse(part).strip("f'\"") for part in (code, vi, en))  # type: ignore[misc]


def test_every_refusal_has_a_stable_code_and_words_in_both_languages() -> None:
    found = set(_problems())
    assert len(found) > 30
    for code, vi, en in found:
        if code.isidentifier():
            assert re.fullmatch(r"[a-z][a-z0-9_]+", code)
        assert vi, code
        assert en, code
        assert vi != en or not vi.isascii(), code


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/api/docs", "/"])
async def test_what_everybody_may_ask_is_answered(world: World, path: str) -> None:
    async with world.api.get(path) as answer:
        assert answer.status == HTTPStatus.OK
