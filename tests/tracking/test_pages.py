import re
from typing import Any

import pytest
from aiohttp import ClientResponse

from carriers.status import Leg, Status
from postal_service.intake.story import RequestStatus
from postal_service.kit.ids import new_tracking_code
from postal_service.tracking.pages import read_typed
from tests.tracking.conftest import Client, House
from tests.tracking.telling import COUNTER, NAME, STREET, WORKER, at, event, leg, step, story

ON_THE_WAY = leg(Leg.PICKUP, event(Status.PICKUP_ASSIGNED, 1), worker=WORKER, window=(at(24), at(28)))


async def text_of(client: Client, path: str, **values: Any) -> str:
    response = await client.get(path, **values)
    assert response.status == 200, await response.text()
    assert response.content_type == "text/html"
    return await response.text()


async def answer(client: Client, code: str, last_four: str) -> ClientResponse:
    return await client.post(f"/t/{code}", data={"last_four": last_four}, allow_redirects=False)


async def test_the_page_says_where_the_papers_are_and_who_has_them(house: House, client: Client) -> None:
    told = house.desk.put(story(), ON_THE_WAY)
    page = await text_of(client, f"/t/{told.tracking_code}")
    assert '<html lang="vi">' in page
    for words in ("Đã có nhân viên bưu chính", "16/03/2026", "buổi sáng ngày 03/03/2026", WORKER.name, "HNI-0042"):
        assert words in page
    assert "02438250000" in page
    assert WORKER.phone is not None
    assert WORKER.phone[3:] not in page
    assert NAME not in page
    assert STREET not in page


async def test_the_page_speaks_english_when_asked(house: House, client: Client) -> None:
    told = house.desk.put(story(), ON_THE_WAY)
    page = await text_of(client, f"/t/{told.tracking_code}?lang=en")
    assert '<html lang="en">' in page
    assert "A postal worker has been named" in page
    assert "in the morning of 03/03/2026" in page


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_every_state_makes_a_page(house: House, client: Client, language: str) -> None:
    for number, status in enumerate(Status):
        kind = Leg.PICKUP if number % 2 else Leg.DELIVERY
        request_status = RequestStatus.FILED if kind is Leg.PICKUP else RequestStatus.ISSUED
        told = house.desk.put(story(request_status), leg(kind, event(status, 1, reason="absent"), worker=WORKER))
        page = await text_of(client, f"/t/{told.tracking_code}?lang={language}")
        assert page.count('aria-current="step"') <= 1


async def test_a_late_request_says_sorry_and_when(house: House, client: Client) -> None:
    late = story(RequestStatus.ACCEPTED, step("late", 400), late=True, expected_on=at(480).date())
    house.desk.put(late)
    page = await text_of(client, f"/t/{late.tracking_code}")
    assert "Trễ hẹn" in page
    assert "22/03/2026" in page
    assert "xin lỗi" in page


async def test_no_script_stands_in_the_page_and_nothing_is_loaded_from_elsewhere(house: House, client: Client) -> None:
    told = house.desk.put(story(), ON_THE_WAY)
    page = await text_of(client, f"/t/{told.tracking_code}")
    assert re.findall(r"<script(?![^>]* src=)", page) == []
    assert re.findall(r"(?:src|href|action)=\"(?:https?:)?//", page) == []
    assert re.findall(r"\son[a-z]+=|style=", page) == []
    for address in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", page):
        assert (await client.get(address)).status == 200


async def test_the_form_works_without_a_script(house: House, client: Client) -> None:
    told = house.desk.put(story(pickup=COUNTER))
    wrong = await answer(client, told.tracking_code, "0000")
    assert wrong.status == 403
    assert "Bốn số cuối chưa đúng" in await wrong.text()
    right = await answer(client, told.tracking_code, "4567")
    assert right.status == 303
    assert right.headers["Location"] == f"/t/{told.tracking_code}"
    cookie = right.headers["Set-Cookie"].split(";")[0]
    page = await text_of(client, f"/t/{told.tracking_code}", headers={"Cookie": cookie})
    for words in (NAME, STREET, "Công an Thành phố Hà Nội", "230.000 đ", "tại bưu cục BCP Hoàn Kiếm"):
        assert words in page


async def test_the_form_says_when_the_code_is_locked(house: House, client: Client) -> None:
    told = house.desk.put(story())
    for _ in range(5):
        assert (await answer(client, told.tracking_code, "0000")).status == 403
    locked = await answer(client, told.tracking_code, "4567")
    assert locked.status == 429
    assert locked.headers["Retry-After"] == "900"
    assert "15 phút" in await locked.text()


async def test_what_is_not_four_digits_costs_no_try(house: House, client: Client) -> None:
    told = house.desk.put(story())
    for _ in range(6):
        assert (await answer(client, told.tracking_code, "12")).status == 403
    assert (await answer(client, told.tracking_code, "4567")).status == 303


async def test_an_unknown_code_gets_help(client: Client) -> None:
    for code in (new_tracking_code(), "0000-0000-0001", "<script>"):
        for response in (await client.get(f"/t/{code}"), await answer(client, code, "1234")):
            assert response.status == 404
            page = await response.text()
            assert "Không có hồ sơ nào" in page
            assert "<script>" not in page


async def test_each_page_has_one_address(house: House, client: Client) -> None:
    told = house.desk.put(story())
    typed = told.tracking_code.replace("-", "").lower()
    response = await client.get(f"/t/{typed}?lang=en", allow_redirects=False)
    assert response.status == 303
    assert response.headers["Location"] == f"/t/{told.tracking_code}?lang=en"


async def test_the_first_page_takes_a_code(house: House, client: Client) -> None:
    told = house.desk.put(story())
    assert "Mã tra cứu" in await text_of(client, "/")
    response = await client.get("/", params={"code": f" {told.tracking_code.lower()} "}, allow_redirects=False)
    assert response.headers["Location"] == f"/t/{told.tracking_code}"
    mistyped = await client.get("/", params={"code": "0000-0000-0001"}, allow_redirects=False)
    assert mistyped.status == 404
    assert "0000-0000-0001" in await mistyped.text()


def test_a_pasted_link_is_read_as_its_code() -> None:
    code = new_tracking_code()
    for typed in (code, f"https://tra-cuu.example.vn/t/{code}", f"http://x/t/{code.lower()}/?lang=en#top", f" {code} "):
        assert read_typed(typed) == code
    assert read_typed("https://tra-cuu.example.vn/") is None
