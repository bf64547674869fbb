"""The schema: built from nothing by its steps, the same as the tables say, and required before serving."""

from pathlib import Path

import pytest
from tortoise.migrations.autodetector import MigrationAutodetector

from config.settings import Settings
from postal_service.app import SchemaOutOfDateError, open_program, running
from postal_service.operations.upkeep import migrate
from postal_service.shipments.territory import post_offices
from postal_service.storage import schema
from postal_service.storage.database import APP, MIGRATIONS, Database, DatabaseUrlError, read_url, tortoise_config
from postal_service.tables import MODELS

STEPS = sorted(path.stem for path in (Path(__file__).parents[2] / MIGRATIONS.replace(".", "/")).glob("[0-9]*.py"))


def settings_for(url: str) -> Settings:
    return Settings.model_validate({"database_url": url})


async def test_an_empty_database_gets_every_step_once_in_order(empty_database_url: str) -> None:
    settings = settings_for(empty_database_url)
    assert await migrate(settings) == STEPS
    assert await migrate(settings) == []
    # The reference data is there after it, in every environment.
    async with open_program(settings) as program:
        await program.require_schema()
        assert await post_offices("01")


async def test_serving_on_an_out_of_date_schema_is_refused_with_what_to_do(empty_database_url: str) -> None:
    async with open_program(settings_for(empty_database_url)) as program:
        with pytest.raises(SchemaOutOfDateError, match=r"lacks 0001_initial.*run\.py migrate"):
            async with running(program, "all", host="127.0.0.1", port=0):
                pytest.fail("opened")


async def test_the_steps_lead_to_the_tables_as_they_are_written(database: Database) -> None:
    apps = tortoise_config(database.target, MODELS)["apps"]
    assert database.context.apps
    detector = MigrationAutodetector(database.context.apps, apps)
    forgotten = [operation for step in await detector.changes() for operation in step.operations]
    assert forgotten == [], "run: make migration NAME=what_changes"


async def test_nothing_is_pending_on_a_migrated_database(database: Database) -> None:
    assert await schema.pending(database.target, MODELS) == []
    assert {APP} == set(tortoise_config(database.target, MODELS)["apps"])


@pytest.mark.parametrize("url", ["", "mysql://localhost/postal", "sqlite:postal.db", "sqlite:///", "postgres://localhost"])
def test_a_database_url_that_cannot_be_read_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(DatabaseUrlError) as refused:
        read_url(url.replace("localhost", "user:geheim@localhost"))
    assert "geheim" not in str(refused.value)


def test_a_database_url_says_where_and_as_whom() -> None:
    assert read_url("sqlite:///var/postal.sqlite3").path == Path("var/postal.sqlite3")
    assert read_url("sqlite:////srv/postal.sqlite3").path == Path("/srv/postal.sqlite3")
    target = read_url("postgresql://po%40st:p%2Fw@db.example:6432/postal", pool=3)
    wanted = {"host": "db.example", "port": 6432, "user": "po@st", "password": "p/w", "database": "postal", "maxsize": 3}
    assert target.credentials.items() >= wanted.items()
