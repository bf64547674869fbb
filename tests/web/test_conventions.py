import json
from typing import Any

import pytest

from tests.web.conftest import WRITER_KEY, Client, Serve, bearer
from tests.web.things import THINGS


@pytest.fixture
async def client(serve: Serve) -> Client:
    return await serve(*THINGS)


async def post(client: Client, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    response = await client.post("/api/v1/things", json=body, headers={**bearer(WRITER_KEY), **headers})
    return response.status, await response.json(content_type=None)


async def test_a_good_body_reaches_the_handler(client: Client) -> None:
    status, body = await post(client, {"title": "Phiếu lý lịch tư pháp"})
    assert status == 201
    assert body["title"] == "Phiếu lý lịch tư pháp"
    assert body["by"] == "client-writer"
    assert body["made_at"] == "2026-03-02T01:00:00Z"


@pytest.mark.parametrize("raw", [b"{", b"[1,", b"\xff\xfe", b'{"title": "x"} trailing', b"\x00"])
async def test_malformed_json_is_400(client: Client, raw: bytes) -> None:
    headers = {**bearer(WRITER_KEY), "Content-Type": "application/json"}
    response = await client.post("/api/v1/things", data=raw, headers=headers)
    assert response.status == 400
    assert response.content_type == "application/problem+json"
    problem = await response.json(content_type=None)
    assert problem["code"] == "malformed_json"
    assert problem["type"] == "urn:postal:problem:malformed_json"
    assert problem["status"] == 400


async def test_a_body_that_is_not_json_is_415(client: Client) -> None:
    headers = {**bearer(WRITER_KEY), "Content-Type": "text/plain"}
    response = await client.post("/api/v1/things", data=b'{"title": "x"}', headers=headers)
    assert response.status == 415
    assert (await response.json(content_type=None))["code"] == "unsupported_media_type"


async def test_numbers_and_nesting_beyond_reason_are_refusals_and_no_faults(client: Client) -> None:
    headers = {**bearer(WRITER_KEY), "Content-Type": "application/json"}
    for raw in (b'{"copies": 1' + b"0" * 5000 + b', "colour": 1}', b'{"places": ' + b"[" * 900 + b"]" * 900 + b"}"):
        assert (await client.post("/api/v1/things", data=raw, headers=headers)).status in {400, 422}


async def test_no_body_at_all_names_what_is_missing(client: Client) -> None:
    response = await client.post("/api/v1/things", headers=bearer(WRITER_KEY))
    assert response.status == 422
    assert (await response.json(content_type=None))["errors"][0]["pointer"] == "/title"


async def test_each_wrong_field_is_named_by_its_pointer(client: Client) -> None:
    status, problem = await post(
        client,
        {
            "copies": 10,
            "colour": "blue",
            "on": "31/01/2026",
            "at": "2026-01-31T08:00:00",
            "places": [{"ward": "Cửa"}, {"ward": "Hoàn Kiếm", "a/b~c": 1}],
            "code": "X1",
            "extra": True,
        },
    )
    assert status == 422
    assert problem["code"] == "invalid_body"
    assert {(error["pointer"], error["code"]) for error in problem["errors"]} == {
        ("/title", "required"),
        ("/copies", "too_large"),
        ("/colour", "not_allowed"),
        ("/on", "bad_date"),
        ("/at", "timezone_required"),
        ("/places/1/ward", "too_long"),
        ("/places/1/a~1b~0c", "unknown_field"),
        ("/code", "bad_code"),
        ("/extra", "unknown_field"),
    }


async def test_pointers_lead_into_the_body_and_not_into_our_unions(client: Client) -> None:
    _, problem = await post(client, {"title": "x", "pickup": {"ward": 7}})
    assert {error["pointer"] for error in problem["errors"]} <= {"/pickup/ward", "/pickup/post_office"}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ({}, "Thông tin này là bắt buộc."),
        ({"Accept-Language": "fr, vi;q=0.5, en;q=0.3"}, "Thông tin này là bắt buộc."),
        ({"Accept-Language": "en-GB,en;q=0.9"}, "This field is required."),
        ({"Accept-Language": "vi;q=0.1, en;q=0.9"}, "This field is required."),
        ({"Accept-Language": "en;q=junk"}, "Thông tin này là bắt buộc."),
    ],
)
async def test_words_follow_the_language_asked_for(client: Client, language: dict[str, str], words: str) -> None:
    _, problem = await post(client, {}, **language)
    assert problem["errors"][0]["message"] == words


async def test_the_address_decides_the_language_before_the_browser(client: Client) -> None:
    response = await client.get("/api/v1/things/1?lang=en", headers={"Accept-Language": "vi"})
    assert (await response.json())["language"] == "en"


async def test_what_was_typed_is_never_repeated(client: Client) -> None:
    _, problem = await post(client, {"title": 12345678, "copies": "bí mật 001090012345", "colour": "001090012345"})
    assert "001090012345" not in json.dumps(problem, ensure_ascii=False)


async def test_a_nul_character_is_refused_before_any_database_sees_it(client: Client) -> None:
    status, problem = await post(client, {"title": "a\x00b"})
    assert status == 422
    assert problem["errors"] == [
        {"pointer": "/title", "code": "not_allowed_character", "message": "Có ký tự không được phép."}
    ]
    assert (await client.get("/api/v1/things/a%00b")).status == 400


async def test_a_backslash_that_only_looks_like_nul_is_fine(client: Client) -> None:
    assert (await post(client, {"title": "a\\u0000b"}))[0] == 201


async def test_a_body_that_is_too_large_is_413(client: Client) -> None:
    status, problem = await post(client, {"title": "x" * 20_000})
    assert status == 413
    assert problem["code"] == "too_large"


async def test_an_unknown_address_is_404(client: Client) -> None:
    response = await client.get("/api/v1/nothing")
    assert response.status == 404
    assert (await response.json(content_type=None))["code"] == "not_found"


async def test_a_wrong_method_is_405_and_says_which_are_right(client: Client) -> None:
    response = await client.delete("/api/v1/things")
    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD, POST"
    assert (await response.json(content_type=None))["code"] == "method_not_allowed"


async def test_a_refusal_takes_its_headers_along(client: Client) -> None:
    response = await client.get("/api/v1/things/taken")
    assert response.status == 409
    assert response.headers["Retry-After"] == "7"


async def test_query_is_checked_like_a_body(client: Client) -> None:
    response = await client.get("/api/v1/things?limit=201&colour=blue&other=1", headers=bearer(WRITER_KEY))
    assert response.status == 422
    problem = await response.json(content_type=None)
    assert problem["code"] == "invalid_query"
    assert [error["pointer"] for error in problem["errors"]] == ["/limit", "/colour"]
    response = await client.get("/api/v1/things?limit=200&colour=gold&lang=en", headers=bearer(WRITER_KEY))
    assert (await response.json())["limit"] == 200


async def test_a_fault_is_a_500_that_tells_only_the_request_id(client: Client) -> None:
    response = await client.get("/api/v1/breaks", headers={"X-Request-Id": "abc-123"})
    assert response.status == 500
    problem = await response.json(content_type=None)
    assert problem["code"] == "internal_error"
    assert problem["request_id"] == response.headers["X-Request-Id"] == "abc-123"
    assert "+84912345678" not in json.dumps(problem)


@pytest.mark.parametrize("given", ["x" * 65, "a b", "né", "<script>"])
async def test_a_request_id_that_could_do_harm_is_replaced(client: Client, given: str) -> None:
    response = await client.get("/api/v1/things/1", headers={"X-Request-Id": given})
    assert response.headers["X-Request-Id"] != given


async def test_every_answer_carries_the_safety_headers(client: Client) -> None:
    for address in ("/api/v1/things/1", "/api/v1/nothing", "/healthz", "/breaks"):
        headers = (await client.get(address)).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "X-Robots-Tag" not in headers
        assert "Strict-Transport-Security" not in headers


async def test_tracking_pages_stay_out_of_search_engines(client: Client) -> None:
    assert (await client.get("/t/7K2M-9QXA-4T1C")).headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"


async def test_head_answers_like_get_without_a_body(client: Client) -> None:
    response = await client.head("/api/v1/things/1")
    assert response.status == 200
    assert await response.read() == b""
