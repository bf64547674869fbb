from postal_service.web.endpoints import Answer, Call, Endpoint
from postal_service.web.forwarded import remote_address
from tests.web.conftest import ADMIN_KEY, READER_KEY, WRITER_KEY, Serve, bearer
from tests.web.things import THINGS


async def test_no_key_or_a_wrong_one_is_401_and_says_how(serve: Serve) -> None:
    client = await serve(*THINGS)
    for headers in ({}, bearer("wrong"), {"Authorization": "Basic d3JpdGVyLWtleTo="}, {"Authorization": "Bearer"}):
        response = await client.get("/api/v1/things", headers=headers)
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="postal"'
        assert (await response.json(content_type=None))["code"] == "unauthorized"


async def test_a_key_without_the_scope_is_403(serve: Serve) -> None:
    client = await serve(*THINGS)
    response = await client.post("/api/v1/things", json={"title": "x"}, headers=bearer(READER_KEY))
    assert response.status == 403
    assert (await response.json(content_type=None))["code"] == "forbidden_scope"
    assert 'scope="things:write"' in response.headers["WWW-Authenticate"]


async def test_the_word_bearer_is_read_in_any_case(serve: Serve) -> None:
    client = await serve(*THINGS)
    assert (await client.get("/api/v1/things", headers={"Authorization": f"bearer {READER_KEY}"})).status == 200


async def test_who_may_not_call_is_told_before_the_body_is_looked_at(serve: Serve) -> None:
    client = await serve(*THINGS)
    assert (await client.post("/api/v1/things", data=b"{")).status == 401


async def test_public_paths_ignore_authorization(serve: Serve) -> None:
    client = await serve(*THINGS)
    assert (await client.get("/api/v1/things/1", headers=bearer("wrong"))).status == 200


async def test_forwarding_headers_are_believed_only_from_our_proxies(serve: Serve) -> None:
    async def who(call: Call) -> Answer:
        return Answer(body=remote_address(call.request))

    endpoint = Endpoint("GET", "/who", who, "Who", "things")
    claimed = {"X-Forwarded-For": "198.51.100.9, 203.0.113.7, 10.0.0.2", "X-Forwarded-Proto": "https"}
    stranger = await (await serve(endpoint)).get("/who", headers=claimed)
    assert await stranger.json() == "127.0.0.1"
    assert "Strict-Transport-Security" not in stranger.headers
    proxy = await (await serve(endpoint, trusted_proxies=["127.0.0.1", "10.0.0.2"])).get("/who", headers=claimed)
    assert await proxy.json() == "203.0.113.7"
    assert proxy.headers["Strict-Transport-Security"] == "max-age=31536000"


async def test_metrics_need_an_admin_key(serve: Serve) -> None:
    client = await serve(*THINGS)
    assert (await client.get("/metrics")).status == 401
    assert (await client.get("/metrics", headers=bearer(WRITER_KEY))).status == 403
    assert (await client.get("/metrics", headers=bearer(ADMIN_KEY))).status == 200
