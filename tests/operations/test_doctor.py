import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from carriers.errors import CredentialsBad
from config.reference import load_reference
from config.settings import Environment, MessagingSettings, Settings
from notifications.channels.capture import Capture
from notifications.ports import Channel
from notifications.registry import Senders
from postal_service.kit.clock import system_clock
from postal_service.kit.reference import Reference
from postal_service.kit.working_days import WorkingCalendar
from postal_service.operations import doctor, postgres_programs
from postal_service.operations.findings import Finding, Level
from postal_service.outbox.models import OutboxJob
from postal_service.storage import sql
from postal_service.storage.database import Database
from tests.operations.databases import opened
from tests.operations.filling import MORNING

SECRET = "mật khẩu của chúng tôi"
FOLDER = Path(doctor.__file__).parents[2] / "config"
SETTINGS = Settings(
    secret_key=SecretStr("a-secret-of-its-own"),
    messaging=MessagingSettings(guest_list=("+84900001234",)),
    reference_folder=FOLDER,
)


@dataclass
class Outside:
    """A carrier, or a provider of messages, as far as `doctor` sees one."""

    probe: Callable[[], Awaitable[None]]
    provider: str = "somebody"


async def answers() -> None:
    """Nothing is wrong."""


async def never_answers() -> None:
    await asyncio.Event().wait()


async def refuses() -> None:
    raise CredentialsBad(f"unknown user keeper with {SECRET}", code="401")


async def breaks() -> None:
    raise RuntimeError(SECRET)


async def _keep(_message: object) -> None:
    """Nothing is sent in these tests."""


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference(FOLDER)


@dataclass
class Installation:
    """What `doctor` is given; each test spoils a part of it."""

    database: Database
    reference: Reference
    settings: Settings = SETTINGS
    carriers: tuple[tuple[str, Any], ...] = (("vnpost", Outside(answers)),)
    sms: Any = None
    email: Any = None

    async def examined(self, *, clock_ahead: timedelta = timedelta()) -> list[Finding]:
        captured = {channel: Capture(channel, _keep) for channel in Channel}
        real = {
            **captured,
            **({Channel.SMS: self.sms} if self.sms else {}),
            **({Channel.EMAIL: self.email} if self.email else {}),
        }
        return await doctor.examine(
            settings=self.settings,
            database=self.database,
            carriers=dict(self.carriers),
            senders=Senders(real, captured),
            reference=self.reference,
            clock=lambda: system_clock() + clock_ahead,
        )

    async def looked_at(self, area: str, **how: Any) -> Finding:
        (found,) = [finding for finding in await self.examined(**how) if finding.area == area]
        return found


@pytest.fixture
def installation(database: Database, reference: Reference) -> Installation:
    """An installation that lacks nothing: its calendar knows this year and the next."""
    year = system_clock().year
    calendar = WorkingCalendar(years=range(year - 1, year + 3), days_off=())
    return Installation(database, replace(reference, calendar=calendar))


async def test_a_sound_installation_has_no_finding_that_is_not_ok(installation: Installation, engine: str) -> None:
    found = await installation.examined()

    # How much room this machine has is not the test's to say.
    assert {finding.level for finding in found if finding.area != "disk"} == {Level.OK}
    of_engine = {"disk"} if engine == "sqlite" else {"backup"}
    assert {finding.area for finding in found} == {
        "settings", "database", "work", "clock", "carrier vnpost", "sms", "email", "agencies", "calendar", *of_engine,
    }  # fmt: skip
    assert found[0].to_json() == {"area": "settings", "level": "ok", "detail": "set for development"}


@pytest.mark.parametrize(
    ("probe", "detail"),
    [
        (refuses, "cannot be signed in to: CredentialsBad (401)"),
        (breaks, "cannot be signed in to: RuntimeError"),
        (never_answers, "no answer in time"),
    ],
)
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_an_outside_service_that_fails_is_an_error_that_repeats_none_of_its_words(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, probe: Callable[[], Awaitable[None]], detail: str
) -> None:
    monkeypatch.setattr(doctor, "PROBE_SECONDS", 0.01)
    installation.carriers = (("vnpost", Outside(probe)),)
    installation.sms = installation.email = Outside(probe)

    found = await installation.examined()

    for area in ("carrier vnpost", "sms", "email"):
        assert Finding(area, Level.ERROR, detail) in found
    assert not any(SECRET in finding.detail for finding in found)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_provider_that_answers_is_fine(installation: Installation) -> None:
    installation.sms = Outside(answers)

    assert (await installation.looked_at("sms")).detail == "answers and knows us"
    assert "captured" in (await installation.looked_at("email")).detail


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_without_a_carrier_production_is_in_error_and_others_are_warned(installation: Installation) -> None:
    installation.carriers = ()
    assert (await installation.looked_at("carriers")).level is Level.WARNING
    agencies = await installation.looked_at("agencies")
    assert agencies.level is Level.WARNING
    assert "hanoi" in agencies.detail

    installation.settings = SETTINGS.model_copy(update={"environment": Environment.PRODUCTION})
    assert (await installation.looked_at("carriers")).level is Level.ERROR


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_settings_that_are_careless_are_told(installation: Installation) -> None:
    careless = Settings(messaging=MessagingSettings(quiet_hours=""))
    installation.settings = careless
    assert [f.level for f in await installation.examined() if f.area == "settings"] == [Level.WARNING] * 3

    # Loading refuses such settings in production; what was put together otherwise is still found.
    installation.settings = careless.model_copy(update={"environment": Environment.PRODUCTION})
    in_production = [f for f in await installation.examined() if f.area == "settings"]
    assert [f.level for f in in_production] == [Level.ERROR, Level.ERROR, Level.WARNING]
    assert not in_production[0].ok


async def test_a_clock_that_is_wrong_is_an_error(installation: Installation) -> None:
    assert (await installation.looked_at("clock", clock_ahead=timedelta(hours=-1))).level is Level.ERROR


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_a_clock_that_drifts_is_a_warning_beside_a_server(installation: Installation) -> None:
    found = await installation.looked_at("clock", clock_ahead=timedelta(seconds=10))

    assert found.level is Level.WARNING
    assert found.detail.endswith("s from the database server's")


async def test_a_schema_that_is_not_up_to_date_is_an_error(empty_database_url: str, reference: Reference) -> None:
    async with opened(empty_database_url) as database:
        found = await Installation(database, reference).looked_at("database")

    assert found == Finding("database", Level.ERROR, "lacks 0001_initial, 0002_guards: run `run.py migrate`")


async def test_work_that_nobody_can_do_is_a_warning(installation: Installation) -> None:
    await OutboxJob.create(topic="book", payload={}, state="dead", not_before=MORNING, created_at=MORNING)

    found = await installation.looked_at("work")
    assert (found.level, found.detail[:5]) == (Level.WARNING, "1 not")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_holidays_that_are_not_known_yet_are_a_warning(installation: Installation) -> None:
    this_year = system_clock().year - 1
    installation.reference = replace(
        installation.reference, calendar=WorkingCalendar(years=range(this_year, this_year + 2), days_off=())
    )

    found = await installation.looked_at("calendar")
    assert found.level is Level.WARNING
    assert str(this_year + 2) in found.detail


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_missing_programs_for_backups_are_a_warning(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_programs, "_candidates", lambda _name: iter(()))

    found = await installation.looked_at("backup")
    assert found.level is Level.WARNING
    assert "no pg_dump" in found.detail


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
async def test_a_server_that_takes_no_writes_is_an_error(database_url: str, reference: Reference) -> None:
    async with opened(database_url):
        name = database_url.rpartition("/")[2]
        await sql.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with opened(database_url) as database:
        found = await Installation(database, reference).looked_at("database")
    assert (found.level, found.detail[:26]) == (Level.ERROR, "the server takes no writes")


async def test_before_opening_a_database_that_is_there_is_found(database_url: str) -> None:
    settings = SETTINGS.model_copy(update={"database_url": SecretStr(database_url)})

    assert {finding.level for finding in await doctor.examine_ground(settings)} == {Level.OK}


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("postgres://keeper:s3cret@127.0.0.1:1/post", "the database cannot be reached: ConnectionRefusedError"),
        ("mysql://keeper:s3cret@127.0.0.1/post", "the database URL must begin with sqlite:/// or postgres://"),
    ],
)
async def test_before_opening_a_database_that_does_not_answer_is_an_error(url: str, detail: str) -> None:
    settings = SETTINGS.model_copy(update={"database_url": SecretStr(url)})

    assert Finding("database", Level.ERROR, detail) in await doctor.examine_ground(settings)


async def test_before_opening_a_missing_file_is_an_error_and_stays_missing(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"database_url": SecretStr(f"sqlite:///{tmp_path}/none.sqlite3")})

    assert any("no database file" in finding.detail for finding in await doctor.examine_ground(settings))
    assert _names(tmp_path) == []


def _names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
