"""Views are ready-made copies: sent while current, made anew when not, never wrongly current."""

import asyncio
import sqlite3

import asyncpg
import pytest

from carriers.status import Leg, Status
from postal_service.kit.ids import CROCKFORD, new_tracking_code
from postal_service.storage import sql
from postal_service.storage.listening import RESYNC
from postal_service.tracking import queries, readers
from postal_service.tracking.queries import View
from tests.tracking.conftest import Client, House
from tests.tracking.telling import event, leg, story

PICKED_UP = leg(Leg.PICKUP, event(Status.PICKED_UP, 1))


async def status_of(client: Client, code: str) -> str:
    response = await client.get(f"/api/v1/track/{code}")
    assert response.status == 200, await response.text()
    return str((await response.json())["status"])


async def test_a_code_shows_its_request_however_it_is_typed(house: House, client: Client) -> None:
    told = house.desk.put(story())
    for typed in (told.tracking_code, told.tracking_code.lower(), told.tracking_code.replace("-", "")):
        response = await client.get(f"/api/v1/track/{typed}")
        assert response.status == 200
        assert response.content_type == "application/json"
        assert (await response.json())["tracking_code"] == told.tracking_code


async def test_the_words_follow_the_reader(house: House, client: Client) -> None:
    told = house.desk.put(story())
    vietnamese = await (await client.get(f"/api/v1/track/{told.tracking_code}")).json()
    english = await (
        await client.get(f"/api/v1/track/{told.tracking_code}", headers={"Accept-Language": "en-GB,en;q=0.9"})
    ).json()
    assert vietnamese["status_text"] == "Đã nhận hồ sơ nộp trực tuyến"
    assert english["status_text"] == "Your online request has been filed"


async def test_a_view_once_made_is_read_without_telling_the_story_again(house: House, client: Client) -> None:
    told = house.desk.put(story())
    await house.tracking.refresh(told.request_id)
    house.desk.asked = 0
    for _ in range(3):
        await status_of(client, told.tracking_code)
    assert house.desk.asked == 0


async def test_a_change_is_seen_by_the_next_look(house: House, client: Client) -> None:
    told = house.desk.put(story())
    assert await status_of(client, told.tracking_code) == "filed"
    house.desk.put(told, PICKED_UP)
    await house.touch(told.request_id)
    assert await status_of(client, told.tracking_code) == "picked_up"


async def test_a_mistyped_code_is_refused_without_a_look(house: House, client: Client) -> None:
    code = new_tracking_code()
    wrong = code[:-1] + next(letter for letter in CROCKFORD if letter != code[-1])
    response = await client.get(f"/api/v1/track/{wrong}")
    assert response.status == 404
    assert response.content_type == "application/problem+json"
    assert house.desk.asked == 0


async def test_a_code_nobody_has_gets_the_same_answer_as_a_mistyped_one(client: Client) -> None:
    unknown = await client.get(f"/api/v1/track/{new_tracking_code()}")
    mistyped = await client.get("/api/v1/track/0000-0000-0001")
    assert unknown.status == mistyped.status == 404
    assert await unknown.json() == await mistyped.json()


async def test_many_who_look_at_an_outdated_view_share_the_making(house: House) -> None:
    told = house.desk.put(story())
    await house.tracking.refresh(told.request_id)
    await house.touch(told.request_id)
    house.desk.asked = 0
    views = await asyncio.gather(*(house.tracking.view(told.tracking_code, "vi") for _ in range(20)))
    assert {view.version for view in views if view} == {1}
    assert house.desk.asked <= 2


async def test_a_change_while_a_view_is_made_is_not_missed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told = house.desk.put(story())
    await house.touch(told.request_id)
    reading, go_on = asyncio.Event(), asyncio.Event()
    tell = house.desk.story

    async def tell_slowly(request_id: str) -> object:
        before = await tell(request_id)
        reading.set()
        await go_on.wait()
        return before

    monkeypatch.setattr(house.desk, "story", tell_slowly)
    making = asyncio.create_task(house.tracking.refresh(told.request_id))
    await reading.wait()
    house.desk.put(told, PICKED_UP)
    await house.touch(told.request_id)
    go_on.set()
    outdated = await making
    assert outdated is not None
    assert outdated["vi"].version == 1
    view = await house.tracking.view(told.tracking_code, "vi")
    assert view is not None
    assert view.version == 2
    assert b"picked_up" in view.document


async def test_an_older_view_never_replaces_a_newer_one(house: House) -> None:
    told = house.desk.put(story())
    code, request_id = told.tracking_code, told.request_id
    for version, words in ((2, b"new"), (1, b"old")):
        view = View(code, request_id, version, version, words)
        await queries.store(view, view)
    stored = await house.reader.read(code, "vi")
    assert stored is not None
    assert stored.document == b"new"


async def test_views_thrown_away_or_spoilt_are_made_anew(house: House, client: Client) -> None:
    several = [house.desk.put(story(), PICKED_UP) for _ in range(5)]
    for told in several:
        spoilt = View(told.tracking_code, told.request_id, 0, 0, b"{}")
        await queries.store(spoilt, spoilt)
    assert await house.tracking.rebuild_all() == 5
    assert {await status_of(client, told.tracking_code) for told in several} == {"picked_up"}
    await sql.execute("DELETE FROM tracking_view")
    assert await status_of(client, several[0].tracking_code) == "picked_up"


async def test_a_change_committed_by_another_process_is_seen(house: House, client: Client, database_url: str) -> None:
    told = house.desk.put(story())
    assert await status_of(client, told.tracking_code) == "filed"
    house.desk.put(told, PICKED_UP)
    heard = asyncio.Event()
    with house.hub.subscribed(told.request_id) as subscription:
        subscription.wake = heard.set  # type: ignore[method-assign] # to see the very moment it is heard
        await commit_elsewhere(database_url, told.request_id)
        await heard.wait()
    assert await status_of(client, told.tracking_code) == "picked_up"


async def commit_elsewhere(url: str, request_id: str) -> None:
    """Commit a change over a connection that is not ours, as another process would."""
    insert = f"INSERT INTO change_head (subject, version) VALUES ('{request_id}', 1)"
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        with connection:
            connection.execute(insert)
        connection.close()
        return
    other = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute(insert)
        await other.execute(f"SELECT pg_notify('postal', 'change:{request_id}')")
    await other.close()


async def test_whoever_comes_while_others_are_answered_is_answered_too(house: House) -> None:
    several = [house.desk.put(story()) for _ in range(20)]
    for told in several:
        await house.tracking.refresh(told.request_id)

    async def look_again_and_again(code: str) -> None:
        for _ in range(25):
            house.reader.heard(RESYNC, "")
            view = await house.tracking.view(code, "vi")
            assert view is not None
            assert view.code == code

    async with asyncio.timeout(60):
        await asyncio.gather(*(look_again_and_again(told.tracking_code) for told in several))


async def test_a_look_that_fails_fails_for_those_who_waited_and_nobody_else(
    house: House, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = house.desk.put(story())
    await house.tracking.refresh(told.request_id)
    broken = {"vi": "SELECT nothing", "en": "SELECT nothing"}
    with monkeypatch.context() as spoilt:
        spoilt.setattr(readers, "_ONE" if engine == "sqlite" else "_MANY", broken)
        looks = await asyncio.gather(
            *(house.tracking.view(told.tracking_code, "vi") for _ in range(3)), return_exceptions=True
        )
    assert all(isinstance(look, Exception) for look in looks)
    assert await house.tracking.view(told.tracking_code, "vi") is not None
