import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from postal_service.operations import postgres_copy, sqlite_copy
from postal_service.operations.backup import BackupError, back_up, restore
from postal_service.outbox.models import OutboxJob
from postal_service.storage import schema, sql
from postal_service.storage.database import read_url
from postal_service.tables import MODELS
from tests.operations.databases import lose, opened
from tests.operations.filling import MORNING, everything, file_request, filing_goes_on

FIRST = range(1, 21)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
async def filled_url(database_url: str) -> str:
    """A database with a few requests, closed again."""
    async with opened(database_url):
        for number in (1, 2, 3):
            await file_request(number)
    return database_url


async def test_a_lost_database_comes_back_as_it_was_at_the_moment_of_the_backup(
    database_url: str, empty_database_url: str, folder: Path
) -> None:
    async with opened(database_url) as database:
        for number in FIRST:
            await file_request(number)
        async with filing_goes_on(len(FIRST) + 1) as filed:
            before = len(FIRST) + len(filed)
            made = await back_up(database.target, folder, now=MORNING)
            after = len(FIRST) + len(filed) + 1
        written = await everything()
    await lose(database_url)

    restored = await restore(read_url(empty_database_url), folder)

    assert (restored.file, restored.made_at, restored.rows) == (made.file, MORNING, made.rows)
    async with opened(empty_database_url):
        found = await everything()
    requests = len(found["request"])
    assert before <= requests <= after
    # What was written in one transaction is there as a whole, or not at all.
    assert {len(rows) for rows in found.values()} == {requests}
    assert set(found["request"]) == {f"R{number}" for number in range(1, requests + 1)}
    for table, rows in found.items():
        assert rows == {key: written[table][key] for key in rows}


async def test_the_restored_database_guards_its_rows_and_takes_new_ones(
    filled_url: str, empty_database_url: str, folder: Path
) -> None:
    await back_up(read_url(filled_url), folder, now=MORNING)
    await restore(read_url(empty_database_url), folder)

    async with opened(empty_database_url) as database:
        assert await schema.pending(database.target, MODELS) == []
        for refused in (
            "UPDATE request_event SET kind = 'issued'",
            "DELETE FROM shipment_event",
            "DELETE FROM request",
            "UPDATE outbox_job SET state = 'lost'",
            "UPDATE shipment SET reference = 'R1-P1'",
        ):
            with pytest.raises((IntegrityError, OperationalError)):
                await sql.execute(refused)
        await file_request(4)
        assert [job.id for job in await OutboxJob.all().order_by("id")] == [1, 2, 3, 4]


async def test_a_backup_tells_what_it_is_and_is_for_its_owner_only(filled_url: str, folder: Path) -> None:
    made = await back_up(read_url(filled_url), folder, now=MORNING)

    manifest_file = made.file.with_name(made.file.name + ".json")
    manifest = json.loads(manifest_file.read_text())
    assert (manifest["format"], manifest["dialect"]) == (1, read_url(filled_url).dialect)
    assert manifest["schema_step"] == "0002_guards"
    assert manifest["rows"]["request"] == manifest["rows"]["shipment_event"] == 3
    assert made.file.name.startswith("postal-20260302T013000Z.")
    assert _modes(folder) == {made.file.name: 0o600, manifest_file.name: 0o600}


async def test_a_damaged_backup_is_refused(filled_url: str, empty_database_url: str, folder: Path) -> None:
    made = await back_up(read_url(filled_url), folder, now=MORNING)
    data = bytearray(made.file.read_bytes())
    data[len(data) // 2] ^= 1
    made.file.write_bytes(data)

    with pytest.raises(BackupError, match="is damaged: its checksum"):
        await restore(read_url(empty_database_url), folder)
    assert await _tables(empty_database_url) == {}


async def test_a_damaged_manifest_is_refused_rather_than_passed_over_for_an_older_backup(
    filled_url: str, empty_database_url: str, folder: Path
) -> None:
    await back_up(read_url(filled_url), folder, now=MORNING)
    newest = await back_up(read_url(filled_url), folder, now=MORNING + timedelta(days=1))
    newest.file.with_name(newest.file.name + ".json").write_text('{"format": 1')

    with pytest.raises(BackupError, match="json is damaged"):
        await restore(read_url(empty_database_url), folder)


async def test_a_backup_that_broke_off_is_never_taken_for_a_good_one(
    filled_url: str, empty_database_url: str, folder: Path
) -> None:
    good = await back_up(read_url(filled_url), folder, now=MORNING)
    # Cut off while it was written, and cut off between the data and its manifest.
    good.file.with_name(good.file.name.replace("0302", "0303") + ".part").write_bytes(b"half")
    good.file.with_name(good.file.name.replace("0302", "0304")).write_bytes(b"whole, as far as one knows")

    assert (await restore(read_url(empty_database_url), folder)).file == good.file


async def test_a_backup_that_fails_leaves_nothing_behind(engine: str, tmp_path: Path, folder: Path) -> None:
    missing = f"sqlite:///{tmp_path / 'missing.sqlite3'}" if engine == "sqlite" else "postgres://nobody@127.0.0.1:1/none"

    with pytest.raises(BackupError, match="the database cannot be"):
        await back_up(read_url(missing), folder, now=MORNING)
    assert _modes(folder) == {}


async def test_a_backup_never_overwrites_another(filled_url: str, folder: Path) -> None:
    made = await back_up(read_url(filled_url), folder, now=MORNING)
    before = made.file.read_bytes()

    with pytest.raises(BackupError, match="exists already"):
        await back_up(read_url(filled_url), folder, now=MORNING)
    assert made.file.read_bytes() == before


async def test_a_database_with_data_is_only_replaced_when_told(filled_url: str, folder: Path) -> None:
    target = read_url(filled_url)
    await back_up(target, folder, now=MORNING)
    async with opened(filled_url):
        await file_request(4)

    with pytest.raises(BackupError, match="holds data already"):
        await restore(target, folder)
    assert (await _tables(filled_url))["request"] == 4

    await restore(target, folder, replace=True)
    assert (await _tables(filled_url))["request"] == 3
    async with opened(filled_url) as database:
        assert await schema.pending(database.target, MODELS) == []


async def test_a_restore_that_breaks_off_leaves_the_database_as_it_was(filled_url: str, folder: Path) -> None:
    target = read_url(filled_url)
    made = await back_up(target, folder, now=MORNING)
    half = made.file.read_bytes()[: made.file.stat().st_size // 2]
    made.file.write_bytes(half)
    # Its manifest vouches for it, so that only the engine itself can notice, in the middle of its work.
    vouched = made.manifest.model_copy(update={"sha256": hashlib.sha256(half).hexdigest()})
    made.file.with_name(made.file.name + ".json").write_text(vouched.model_dump_json())
    async with opened(filled_url):
        await file_request(4)
        before = await everything()

    with pytest.raises(BackupError):
        await restore(target, folder, replace=True)
    async with opened(filled_url):
        assert await everything() == before


async def test_a_database_that_is_only_migrated_may_be_restored_to(
    database_url: str, empty_database_url: str, folder: Path
) -> None:
    await back_up(read_url(database_url), folder, now=MORNING)
    async with opened(empty_database_url) as database:
        await schema.migrate(database.target, MODELS)

    await restore(read_url(empty_database_url), folder)


async def test_the_newest_backup_is_taken_unless_an_older_one_is_named(
    filled_url: str, empty_database_url: str, folder: Path
) -> None:
    older = await back_up(read_url(filled_url), folder, now=MORNING)
    async with opened(filled_url):
        await file_request(4)
    newer = await back_up(read_url(filled_url), folder, now=MORNING + timedelta(hours=1))

    assert (await restore(read_url(empty_database_url), folder)).file == newer.file
    await restore(read_url(empty_database_url), folder, name=older.file.name, replace=True)
    assert (await _tables(empty_database_url))["request"] == 3


async def test_what_is_not_there_is_said(empty_database_url: str, folder: Path) -> None:
    target = read_url(empty_database_url)
    with pytest.raises(BackupError, match="the folder holds no finished"):
        await restore(target, folder)
    suffix = ".sqlite3" if target.dialect == "sqlite" else ".dump"
    with pytest.raises(BackupError, match="no backup of this name was finished"):
        await restore(target, folder, name=f"postal-20260101T000000Z{suffix}")
    with pytest.raises(BackupError, match="is not the name of a"):
        await restore(target, folder, name="notes.txt")


async def _tables(url: str) -> dict[str, int]:
    target = read_url(url)
    held = await sqlite_copy.contents(target) if target.dialect == "sqlite" else await postgres_copy.contents(target)
    return held.rows


def _modes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
