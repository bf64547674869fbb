import asyncio
from http.cookies import SimpleCookie
from typing import Any

import pytest
from aiohttp import ClientResponse

from postal_service.intake.story import RequestStatus, Story
from postal_service.kit.ids import new_tracking_code
from postal_service.tracking.access import COOKIE
from postal_service.tracking.second_factor import Passes, matches
from tests.tracking.conftest import Client, HandClock, House
from tests.tracking.telling import NAME, STREET, story

OF_THE_PHONE, OF_THE_ID, WRONG = "4321", "4567", "0000"


async def verify(client: Client, code: str, last_four: Any) -> ClientResponse:
    return await client.post(f"/api/v1/track/{code}/verify", json={"last_four": last_four})


async def code_of(response: ClientResponse) -> str:
    return str((await response.json())["code"])


@pytest.mark.parametrize("last_four", [OF_THE_PHONE, OF_THE_ID])
async def test_the_last_four_of_phone_or_id_open_the_rest(house: House, client: Client, last_four: str) -> None:
    told = house.desk.put(story())
    opened = await (await verify(client, told.tracking_code, last_four)).json()
    assert opened["status"] == "filed"
    assert opened["receiver"] == {"name": NAME, "phone": "09*****321"}
    assert opened["addresses"]["delivery"]["detail"] == STREET
    assert opened["fees"]["total_vnd"] == 230_000
    assert [line["kind"] for line in opened["fees"]["lines"]] == ["state_fee", "postage_pickup"]
    assert opened["choices"] == []


async def test_what_the_agency_still_needs_is_opened_too(house: House, client: Client) -> None:
    told = house.desk.put(story(RequestStatus.ADDITIONS_REQUESTED, missing=["Bản sao CCCD"]))
    opened = await (await verify(client, told.tracking_code, OF_THE_ID)).json()
    assert opened["additions"] == {"missing": ["Bản sao CCCD"], "due_on": None}


async def test_a_wrong_answer_opens_nothing(house: House, client: Client) -> None:
    told = house.desk.put(story())
    response = await verify(client, told.tracking_code, WRONG)
    assert response.status == 403
    assert await code_of(response) == "wrong_last_four"
    assert "Set-Cookie" not in response.headers
    assert NAME not in await response.text()


@pytest.mark.parametrize("last_four", ["432", "43210", "abcd", "", 4321, None])
async def test_what_is_not_four_digits_is_a_bad_field_and_no_try(house: House, client: Client, last_four: object) -> None:
    told = house.desk.put(story())
    for _ in range(6):
        assert (await verify(client, told.tracking_code, last_four)).status == 422
    assert (await verify(client, told.tracking_code, OF_THE_ID)).status == 200


async def test_a_code_nobody_has_has_no_second_factor(client: Client) -> None:
    assert (await verify(client, new_tracking_code(), WRONG)).status == 404
    assert (await verify(client, "0000-0000-0001", WRONG)).status == 404


async def test_after_five_wrong_answers_the_code_is_locked_for_fifteen_minutes(house: House, client: Client) -> None:
    told = house.desk.put(story())
    other = house.desk.put(story())
    assert [(await verify(client, told.tracking_code, WRONG)).status for _ in range(5)] == [403] * 5
    house.clock.forward(minutes=5)
    locked = await verify(client, told.tracking_code, OF_THE_ID)
    assert locked.status == 429
    assert await code_of(locked) == "locked"
    assert locked.headers["Retry-After"] == "600"
    assert (await verify(client, other.tracking_code, OF_THE_ID)).status == 200
    house.clock.forward(minutes=10)
    assert (await verify(client, told.tracking_code, OF_THE_ID)).status == 200


async def test_after_the_lock_there_are_five_tries_again(house: House, client: Client) -> None:
    told = house.desk.put(story())
    for _ in range(5):
        await verify(client, told.tracking_code, WRONG)
    house.clock.forward(minutes=15)
    statuses = [(await verify(client, told.tracking_code, WRONG)).status for _ in range(6)]
    assert statuses == [403] * 5 + [429]


async def test_a_right_answer_forgives_the_wrong_ones(house: House, client: Client) -> None:
    told = house.desk.put(story())
    for _ in range(3):
        assert [(await verify(client, told.tracking_code, WRONG)).status for _ in range(4)] == [403] * 4
        assert (await verify(client, told.tracking_code, OF_THE_PHONE)).status == 200


async def test_guesses_sent_all_at_once_are_no_more_than_five(house: House, client: Client) -> None:
    told = house.desk.put(story())
    answers = await asyncio.gather(*(verify(client, told.tracking_code, WRONG) for _ in range(25)))
    assert sorted(answer.status for answer in answers) == [403] * 5 + [429] * 20


async def test_the_cookie_opens_the_page_of_this_code_only_and_not_for_long(house: House, client: Client) -> None:
    told, other = house.desk.put(story()), house.desk.put(story())
    response = await verify(client, told.tracking_code, OF_THE_ID)
    cookie = SimpleCookie(response.headers["Set-Cookie"])[COOKIE]
    assert cookie["path"] == f"/t/{told.tracking_code}"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == "900"
    assert not cookie["secure"]

    async def page_shows_name(told: Story) -> bool:
        headers = {"Cookie": f"{COOKIE}={cookie.value}"}
        return NAME in await (await client.get(f"/t/{told.tracking_code}", headers=headers)).text()

    assert await page_shows_name(told)
    assert not await page_shows_name(other)
    house.clock.forward(minutes=15)
    assert not await page_shows_name(told)


async def test_over_https_the_cookie_is_secure(house: House) -> None:
    access = type(house.access)(house.desk, Passes(b"key", house.clock), house.clock, secure=True)
    assert access.cookie("7K2M-9QXA-4T1C").endswith("; Secure")


def test_a_pass_of_another_key_or_code_or_altered_opens_nothing() -> None:
    clock = HandClock()
    passes = Passes(b"key", clock)
    code, other = new_tracking_code(), new_tracking_code()
    good = passes.issue(code)
    until, signature = good.split(".")
    assert passes.opens(code, good)
    forged = [
        None, "", ".", "x", "\udcff.\udcff", signature, f"{int(until) + 60}.{signature}", f"{until}.{signature[:-1]}",
        Passes(b"another", clock).issue(code), passes.issue(other),
    ]  # fmt: skip
    assert [attempt for attempt in forged if passes.opens(code, attempt)] == []


def test_a_value_that_is_missing_or_short_matches_nothing() -> None:
    told = story(applicant={"phone": "12", "national_id": None})
    assert not matches(told, "0012")
    assert not matches(told, "")
