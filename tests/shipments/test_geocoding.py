import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from geopy.location import Location

from postal_service.kit.units import Units
from postal_service.shipments.geocoding import GazetteerGeocoder, Locator, make_locator

Answer = Callable[[web.Request], web.Response]


@pytest.fixture(scope="module")
def units() -> Units:
    return Units.load()


class FakeNominatim:
    """Answers searches as it is told and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answer: Answer = lambda _: web.json_response([])

    async def search(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        return self.answer(request)


@pytest.fixture
async def nominatim() -> FakeNominatim:
    return FakeNominatim()


@pytest.fixture
async def locator(nominatim: FakeNominatim, units: Units) -> AsyncIterator[Locator]:
    app = web.Application()
    app.router.add_get("/search", nominatim.search)
    async with TestServer(app) as server:
        locator = make_locator(
            units, nominatim_domain=f"127.0.0.1:{server.port}", nominatim_scheme="http", timeout_seconds=0.5
        )
        yield locator
        await locator.close()


def found_at(lat: float, lon: float) -> Answer:
    hit: dict[str, Any] = {"lat": str(lat), "lon": str(lon), "display_name": "một nơi"}
    return lambda _: web.json_response([hit])


@pytest.mark.parametrize(
    ("query", "name", "level"),
    [
        ({"province": "01", "ward": "ba dinh"}, "Phường Ba Đình", "ward"),
        ({"province": "01", "ward": "00004"}, "Phường Ba Đình", "ward"),
        ({"province": "01", "ward": "nowhere"}, "Thành phố Hà Nội", "province"),
        ("Số 1 phố X, P. Ba Đình, Hà Nội", "Phường Ba Đình", "ward"),
        ("TP. Huế", "Thành phố Huế", "province"),
    ],
)
def test_the_gazetteer_answers_as_a_geopy_geocoder(units: Units, query: Any, name: str, level: str) -> None:
    location = GazetteerGeocoder(units).geocode(query)
    assert isinstance(location, Location)
    assert (location.address, location.raw["level"]) == (name, level)
    assert GazetteerGeocoder(units).geocode(query, exactly_one=False) == [location]


def test_the_gazetteer_says_none_for_what_is_not_in_vietnam(units: Units) -> None:
    assert GazetteerGeocoder(units).geocode("10 Downing Street, London") is None
    assert GazetteerGeocoder(units).geocode({"province": "99", "ward": "x"}) is None


async def test_without_a_service_the_middle_of_the_ward_is_the_answer(units: Units) -> None:
    locator = make_locator(units)
    located = await locator.locate(province="01", ward="Ba Đình", detail="Số 1 phố X")
    assert located is not None
    assert (located.lat, located.lon, located.source, located.precision) == (21.0386, 105.838, "gazetteer", "ward")
    province = await locator.locate(province="01", ward="?")
    assert province is not None
    assert province.precision == "province"
    assert await locator.locate(province="99", ward="x") is None
    await locator.close()


async def test_a_service_of_our_own_is_asked_for_the_exact_place(locator: Locator, nominatim: FakeNominatim) -> None:
    nominatim.answer = found_at(21.04, 105.84)
    located = await locator.locate(province="01", ward="Ba Đình", detail="Số 1 phố X")
    assert located is not None
    assert (located.lat, located.lon, located.source, located.precision) == (21.04, 105.84, "nominatim", "address")
    assert nominatim.asked[0]["q"] == "Số 1 phố X, Phường Ba Đình, Hà Nội"
    assert nominatim.asked[0]["countrycodes"] == "vn"


async def test_a_street_of_the_same_name_far_away_is_not_taken(locator: Locator, nominatim: FakeNominatim) -> None:
    nominatim.answer = found_at(10.77, 106.7)
    located = await locator.locate(province="01", ward="Ba Đình", detail="Số 1 phố X")
    assert located is not None
    assert located.source == "gazetteer"


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: web.json_response([]),
        lambda _: web.Response(status=500, text="broken"),
        lambda _: web.Response(status=429),
        lambda _: web.Response(text="<html>"),
    ],
)
async def test_the_gazetteer_answers_when_the_service_does_not(
    locator: Locator, nominatim: FakeNominatim, answer: Answer
) -> None:
    nominatim.answer = answer
    located = await locator.locate(province="01", ward="Ba Đình", detail="Số 1 phố X")
    assert located is not None
    assert (located.source, located.precision) == ("gazetteer", "ward")
    assert len(nominatim.asked) == 1


async def test_a_service_that_is_gone_is_no_failure(units: Units, unused_tcp_port: int) -> None:
    locator = make_locator(units, nominatim_domain=f"127.0.0.1:{unused_tcp_port}", nominatim_scheme="http")
    located = await locator.locate(province="01", ward="Ba Đình", detail="Số 1 phố X")
    assert located is not None
    assert located.source == "gazetteer"
    await locator.close()


async def test_no_address_reaches_a_log(
    locator: Locator, nominatim: FakeNominatim, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    nominatim.answer = lambda _: web.Response(status=500, text="Số 1 phố X")
    with caplog.at_level(logging.INFO):
        await locator.locate(province="01", ward="Ba Đình", detail="Số 1 phố X")
    assert "phố X" not in caplog.text + capsys.readouterr().out
