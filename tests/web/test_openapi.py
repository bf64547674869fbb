from typing import Any

import pytest
from openapi_spec_validator import validate

from postal_service.web.openapi import document_path, undescribed_routes
from tests.web.conftest import Client, Serve, make_app
from tests.web.things import THINGS


@pytest.fixture
async def client(serve: Serve) -> Client:
    return await serve(*THINGS)


@pytest.fixture
async def document(client: Client) -> dict[str, Any]:
    response = await client.get("/api/openapi.json")
    found: dict[str, Any] = await response.json()
    return found


async def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


async def test_every_registered_route_is_in_the_document(document: dict[str, Any]) -> None:
    app = make_app(THINGS)
    assert undescribed_routes(app, document) == []
    del document["paths"]["/healthz"]
    assert undescribed_routes(app, document) == ["GET /healthz"]


async def test_an_operation_says_what_it_takes_needs_and_answers(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/v1/things"]["post"]
    assert operation["security"] == [{"bearer": ["things:write"]}]
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/Thing"}
    answer = operation["responses"]["201"]["content"]["application/json"]["schema"]
    assert answer == {"$ref": "#/components/schemas/StoredThing"}
    for status in ("409", "default"):
        assert "application/problem+json" in operation["responses"][status]["content"]
    assert [parameter["name"] for parameter in operation["parameters"]] == ["Idempotency-Key"]


async def test_a_query_is_written_out_as_parameters(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/api/v1/things"]["get"]["parameters"]
    assert [parameter["name"] for parameter in parameters] == ["limit", "cursor", "colour"]
    assert "ThingQuery" not in document["components"]["schemas"]
    assert document["paths"]["/api/v1/things/{id}"]["get"]["security"] == []


async def test_the_page_for_people_lists_fields_and_loads_nothing_from_elsewhere(client: Client) -> None:
    page = await (await client.get("/api/docs?lang=en")).text()
    assert "places.ward" in page
    assert "/api/v1/things/{id}" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert "<style" not in page
    assert 'style="' not in page


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/a/{id}", "/a/{id}"), (r"/a/{id:\d{2}}/b/{rest:.+}", "/a/{id}/b/{rest}"), ("/", "/")],
)
def test_patterns_of_path_variables_stay_out_of_the_document(path: str, shown: str) -> None:
    assert document_path(path) == shown
