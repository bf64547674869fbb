"""Settings: from the environment over the documented defaults, refused by name and never by value."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from config.errors import SettingsError
from config.settings import Environment, Settings, load_settings

REAL: dict[str, str] = {
    "POSTAL_ENVIRONMENT": "production",
    "POSTAL_SECRET_KEY": "a-secret-of-our-own-that-is-long-enough",
    "POSTAL_PUBLIC_URL": "https://tra-cuu.example.vn/",
    "POSTAL_TWILIO__ACCOUNT_SID": "AC0",
    "POSTAL_TWILIO__AUTH_TOKEN": "made-up-token",
    "POSTAL_TWILIO__FROM_NUMBER": "BuuChinh",
    "POSTAL_SMTP__HOST": "mail.example.vn",
    "POSTAL_SMTP__FROM_ADDRESS": "khong-tra-loi@example.vn",
}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in REAL:
        monkeypatch.delenv(name, raising=False)


def with_environment(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return load_settings()


def test_the_defaults_are_those_of_the_documented_file(monkeypatch: pytest.MonkeyPatch) -> None:
    found = with_environment(monkeypatch, {})
    assert found.environment is Environment.DEVELOPMENT
    assert (found.http.host, found.http.port, found.carriers.poll_seconds) == ("127.0.0.1", 8080, 300)
    assert (found.messaging.quiet_hours, found.messaging.guest_list) == ("22:00-07:00", ())
    assert not found.carriers.vnpost.enabled


def test_any_of_them_is_set_by_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    found = with_environment(
        monkeypatch,
        {
            "POSTAL_DATABASE_URL": "postgres://u:p@db/postal",
            "POSTAL_HTTP__PORT": "9000",
            "POSTAL_PUBLIC_URL": "https://tra-cuu.example.vn/",
            "POSTAL_CARRIERS__POLL_SECONDS": "60",
            "POSTAL_CARRIERS__VNPOST__ENABLED": "true",
            "POSTAL_CARRIERS__VNPOST__CUSTOMER_CODE": "T1",
            "POSTAL_CARRIERS__VNPOST__SIGNATURE_SCHEME": "rsa_verify",
            "POSTAL_MESSAGING__QUIET_HOURS": "",
            "POSTAL_MESSAGING__SMS_PROVIDERS": '["twilio"]',
            "POSTAL_MESSAGING__GUEST_LIST": '["*"]',
        },
    )
    assert found.database_url.get_secret_value() == "postgres://u:p@db/postal"
    assert found.http.port == 9000
    assert found.http.host == "127.0.0.1"  # what is not set beside it stays
    assert found.public_url == "https://tra-cuu.example.vn"
    assert (found.carriers.poll_seconds, found.carriers.vnpost.enabled) == (60, True)
    assert (found.carriers.vnpost.customer_code, found.carriers.vnpost.service_code) == ("T1", "ETN011")
    assert found.carriers.vnpost.signature_scheme == "rsa_verify"
    assert (found.messaging.quiet_hours, found.messaging.guest_list) == ("", ("*",))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTAL_ENVIRONMENT", "playground"),
        ("POSTAL_HTTP__PORT", "70000"),
        ("POSTAL_PUBLIC_URL", "tra-cuu.example.vn"),
        ("POSTAL_MESSAGING__QUIET_HOURS", "22-07"),
        ("POSTAL_MESSAGING__QUIET_HOURS", "25:00-07:00"),
        ("POSTAL_CARRIERS__POLL_SECONDS", "-17"),
        ("POSTAL_CARRIERS__VNPOST__SIGNATURE_SCHEME", "none"),
        ("POSTAL_CARRIERS__VNPOST__PASWORD", "misspelt-secret"),
        ("POSTAL_TWILIO__FROM_NUMBER", "0912345678"),
    ],
)
def test_what_cannot_be_read_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        with_environment(monkeypatch, {name: value})
    assert name in str(refused.value)
    assert value not in str(refused.value).replace("like 22:00-07:00", "")
    assert "\n" not in str(refused.value)


def test_secrets_never_print(monkeypatch: pytest.MonkeyPatch) -> None:
    found = with_environment(
        monkeypatch, REAL | {"POSTAL_DATABASE_URL": "postgres://u:p@db/postal", "POSTAL_SMTP__PASSWORD": "made-up-password"}
    )
    shown = repr(found) + str(found) + found.model_dump_json()
    for secret in ("a-secret-of-our-own", "made-up-token", "made-up-password", "u:p@db"):
        assert secret not in shown


def test_settings_are_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Any = with_environment(monkeypatch, {})
    with pytest.raises(ValueError, match="frozen"):
        found.public_url = "http://elsewhere.example"
    with pytest.raises(ValueError, match="frozen"):
        found.http.port = 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"POSTAL_SECRET_KEY": "change-me"}, "POSTAL_SECRET_KEY"),
        ({"POSTAL_SECRET_KEY": ""}, "POSTAL_SECRET_KEY"),
        ({"POSTAL_MESSAGING__SMS_PROVIDERS": '["esms"]'}, "POSTAL_MESSAGING__SMS_PROVIDERS"),
        ({"POSTAL_TWILIO__AUTH_TOKEN": ""}, "POSTAL_TWILIO"),
        ({"POSTAL_SMTP__HOST": ""}, "POSTAL_SMTP"),
        (
            {"POSTAL_CARRIERS__VNPOST__ENABLED": "true", "POSTAL_CARRIERS__VNPOST__BASE_URL": "http://127.0.0.1:9101"},
            "POSTAL_CARRIERS__VNPOST__BASE_URL",
        ),
    ],
)
def test_production_refuses_what_would_only_pretend(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, str], why: str
) -> None:
    assert with_environment(monkeypatch, REAL).environment is Environment.PRODUCTION
    with pytest.raises(SettingsError, match=why):
        with_environment(monkeypatch, change)


def test_every_default_in_the_file_is_a_setting_there_is() -> None:
    written = tomllib.loads((Path(__file__).parents[2] / "config" / "postal.toml").read_text(encoding="utf-8"))
    known = Settings().model_dump()

    def assert_known(part: dict[str, Any], there: dict[str, Any]) -> None:
        assert part.keys() <= there.keys()
        for name, value in part.items():
            if isinstance(value, dict):
                assert_known(value, there[name])

    assert_known(written, known)
