from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from aiohttp import web
from jinja2 import UndefinedError

from postal_service.kit.problems import not_found
from postal_service.web.answers import page
from postal_service.web.endpoints import Call, Endpoint
from postal_service.web.keys import PAGES
from postal_service.web.pages import Pages, StaticFiles, show_day, show_moment
from tests.web.conftest import Serve, make_app
from tests.web.things import THINGS


async def test_static_files_are_kept_for_ever_under_their_content_address(serve: Serve) -> None:
    client = await serve()
    address = client.app[PAGES].static.url("postal.css")
    response = await client.get(address)
    assert response.status == 200
    assert response.content_type == "text/css"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_an_address_from_before_a_release_gets_todays_file_uncached(serve: Serve) -> None:
    response = await (await serve()).get("/static/0123456789abcdef/postal.css")
    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["nothing.css", "../server.py", "%2e%2e/server.py", "..%2fserver.py"])
async def test_nothing_else_is_served(serve: Serve, name: str) -> None:
    client = await serve()
    digest = client.app[PAGES].static.digest
    assert (await client.get(f"/static/{digest}/{name}")).status == 404


def test_the_address_changes_with_the_content(tmp_path: Path) -> None:
    style = tmp_path / "room.css"
    style.write_text("a {}")
    before = StaticFiles({"room": tmp_path}).url("room/room.css")
    style.write_text("b {}")
    after = StaticFiles({"room": tmp_path}).url("room/room.css")
    assert before != after
    with pytest.raises(KeyError):
        StaticFiles({}).url("room/room.css")


async def test_a_refused_page_is_a_page_in_the_readers_language(serve: Serve) -> None:
    async def show(_call: Call) -> web.Response:
        raise not_found("Không có mã này.", "There is no such code.")

    client = await serve(Endpoint("GET", "/page", show, "Page", "pages", media_type="text/html"))
    vietnamese = await client.get("/page")
    assert vietnamese.status == 404
    assert vietnamese.content_type == "text/html"
    text = await vietnamese.text()
    assert '<html lang="vi">' in text
    assert "Không có mã này." in text
    assert vietnamese.headers["X-Request-Id"] in text
    assert "There is no such code." in await (await client.get("/page?lang=en")).text()


async def test_a_browser_gets_a_page_for_an_unknown_address_and_a_program_json(serve: Serve) -> None:
    client = await serve()
    assert (await client.get("/nowhere", headers={"Accept": "text/html,*/*;q=0.8"})).content_type == "text/html"
    assert (await client.get("/nowhere")).content_type == "application/problem+json"


async def test_pages_have_no_inline_script_or_style(serve: Serve) -> None:
    text = await (await (await serve(*THINGS)).get("/breaks")).text()
    assert "<script" not in text
    assert "<style" not in text
    assert "style=" not in text


async def test_what_people_typed_is_escaped(serve: Serve) -> None:
    async def show(call: Call) -> web.Response:
        return page(call, "error.html", problem=not_found("<script>alert(1)</script>"), request_id="r")

    client = await serve(Endpoint("GET", "/page", show, "Page", "pages", media_type="text/html"))
    assert "<script>" not in await (await client.get("/page")).text()


def test_a_value_that_was_forgotten_is_an_error_and_not_an_empty_place() -> None:
    app = make_app(())
    with pytest.raises(UndefinedError):
        app[PAGES].render("vi", "error.html")


def test_a_rooms_templates_stand_under_its_name() -> None:
    pages = Pages({"own": "postal_service.web"}, StaticFiles({}))
    assert "<!doctype html>" in pages.render("vi", "own/base.html")


def test_days_and_moments_are_written_as_in_vietnam() -> None:
    assert show_day(date(2026, 1, 31)) == "31/01/2026"
    assert show_moment(datetime(2026, 1, 31, 7, 5, tzinfo=UTC)) == "14:05, 31/01/2026"
