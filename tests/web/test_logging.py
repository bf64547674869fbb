import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from postal_service.web.logging import CURRENT_REQUEST_ID, REDACTED, is_hidden, set_up_logging
from tests.web.conftest import READER_KEY, Serve, bearer
from tests.web.things import THINGS


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged, as JSON lines; logging is as it was afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging(readable=False, stream=stream)
    yield stream
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def written(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_and_request_id(lines: io.StringIO) -> None:
    token = CURRENT_REQUEST_ID.set("r-1")
    structlog.get_logger().info("picked_up", shipment_id="01J")
    CURRENT_REQUEST_ID.reset(token)
    (line,) = written(lines)
    assert line["event"] == "picked_up"
    assert line["level"] == "info"
    assert line["request_id"] == "r-1"
    assert line["timestamp"].endswith("Z")


def test_personal_fields_and_secrets_are_covered_at_any_depth(lines: io.StringIO) -> None:
    structlog.get_logger().info(
        "x",
        phone="+84912345678",
        applicant={"full_name": "Nguyễn Văn A", "province": "01", "contacts": [{"email": "a@example.vn"}]},
        api_key="k",
        route="/t/{code}",
    )
    (line,) = written(lines)
    assert line["phone"] == line["api_key"] == REDACTED
    assert line["applicant"] == {"full_name": REDACTED, "province": "01", "contacts": [{"email": REDACTED}]}
    assert line["route"] == "/t/{code}"


@pytest.mark.parametrize("name", ["phone", "email", "full_name", "national_id", "address", "body", "text", "token"])
def test_known_personal_names_are_hidden_with_any_prefix(name: str) -> None:
    assert is_hidden(name)
    assert is_hidden(f"applicant_{name}")


def test_an_exception_leaves_its_type_and_way_but_not_its_words(lines: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError("Nguyễn Văn A, +84912345678")

    for logger in (structlog.get_logger(), logging.getLogger("some.library")):
        try:
            fail()
        except ValueError:
            logger.exception("failed")
    assert "84912345678" not in lines.getvalue()
    for line in written(lines):
        assert line["error"] == "ValueError"
        assert line["trace"][-1].endswith(" fail")


def test_a_readable_form_is_for_terminals() -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging(readable=True, stream=stream)
    structlog.get_logger().info("started", port=8080)
    root.handlers[:], root.level = before
    structlog.reset_defaults()
    assert "started" in stream.getvalue()
    assert "8080" in stream.getvalue()


async def test_the_access_log_names_the_route_and_never_the_address(serve: Serve) -> None:
    client = await serve(*THINGS)
    with capture_logs() as logs:
        await client.get("/t/7K2M-9QXA-4T1C")
        await client.get("/api/v1/things", headers=bearer(READER_KEY))
        await client.get("/healthz")
    assert [(line["route"], line["status"], line["client_id"]) for line in logs] == [
        ("/t/{code}", 200, None),
        ("/api/v1/things", 200, "client-reader"),
    ]
    assert "7K2M" not in str(logs)
    assert all(isinstance(line["ms"], float) for line in logs)


async def test_a_fault_is_logged_once_with_its_route(serve: Serve) -> None:
    client = await serve(*THINGS)
    with capture_logs() as logs:
        await client.get("/api/v1/breaks")
    assert [line["event"] for line in logs] == ["request_failed", "request"]
    assert logs[0]["route"] == "/api/v1/breaks"
