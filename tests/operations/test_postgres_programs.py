import os
from pathlib import Path

import pytest

from postal_service.operations import postgres_programs as programs
from postal_service.operations.backup import BackupError, back_up, restore
from postal_service.storage import sql
from postal_service.storage.database import read_url
from tests.operations.databases import opened
from tests.operations.filling import MORNING

TARGET = read_url("postgres://keeper:s3cret@db.example:6543/post")


def a_program(folder: Path, script: str) -> Path:
    program = folder / "pg_dump"
    folder.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


async def test_the_password_goes_by_the_environment_and_never_by_the_command_line(tmp_path: Path) -> None:
    program = a_program(
        tmp_path, f'echo "$*" > {tmp_path}/line; echo "$PGPASSWORD $PGUSER $PGHOST $PGPORT" > {tmp_path}/env'
    )

    await programs.run(program, TARGET, "--format=custom")

    assert (tmp_path / "line").read_text().split() == ["--no-password", "--format=custom"]
    assert (tmp_path / "env").read_text().split() == ["s3cret", "keeper", "db.example", "6543"]
    assert "PGPASSWORD" not in os.environ


async def test_a_complaint_is_told_without_the_rows_that_follow_it(tmp_path: Path) -> None:
    program = a_program(tmp_path, "echo 'pg_dump: error: disk full'; echo 'DETAIL: Nguyễn Văn Thử' >&2; exit 1")

    with pytest.raises(BackupError) as refused:
        await programs.run(program, TARGET)
    assert str(refused.value) == "pg_dump: disk full"


async def test_the_program_nearest_to_the_server_is_taken_and_never_an_older_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {
        version: a_program(tmp_path / str(version), f"echo 'pg_dump (PostgreSQL) {version}.3 (Debian)'")
        for version in (15, 18, 16)
    }
    broken = tmp_path / "broken"
    broken.write_text("no program at all")
    monkeypatch.setattr(programs, "_candidates", lambda _name: iter([broken, *made.values()]))

    assert await programs.find("pg_dump", 15) == made[15]
    assert await programs.find("pg_dump", 17) == made[18]
    with pytest.raises(BackupError, match="no pg_dump of version 19 or later found"):
        await programs.find("pg_dump", 19)


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_a_database_with_tables_of_its_own_is_left_alone(
    database_url: str, empty_database_url: str, tmp_path: Path
) -> None:
    await back_up(read_url(database_url), tmp_path, now=MORNING)
    async with opened(empty_database_url):
        await sql.execute("CREATE TABLE somebody_elses (id int)")

    with pytest.raises(BackupError, match="tables unknown to the backup: somebody_elses"):
        await restore(read_url(empty_database_url), tmp_path, replace=True)
