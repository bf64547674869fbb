"""The commands as a shell sees them: 0 done, 1 failed with one clear line, 2 wrong usage."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from postal_service import cli

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "config" / "samples"


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as `run.py` does, but for the logging, which would outlive the test."""
    monkeypatch.setattr(cli, "set_up_logging", lambda **_: None)

    def run_it(*arguments: str | Path) -> Result:
        monkeypatch.setattr(sys, "argv", ["run.py", *(str(argument) for argument in arguments)])
        status: Any = 0
        try:
            cli.main()
        except SystemExit as leaving:
            status = leaving.code or 0
        out, err = capsys.readouterr()
        return Result(status, out, err)

    return run_it


@pytest.fixture
def _migrated(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTAL_DATABASE_URL", database_url)


def assert_failed(result: Result, words: str) -> None:
    """Assert that a command failed with one clear line and nothing else."""
    assert result.status == 1
    assert words in result.err
    assert result.err.count("\n") == 1
    assert "Traceback" not in result.err


def test_migrate_brings_up_to_date_and_may_be_repeated(
    run: Run, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTAL_DATABASE_URL", empty_database_url)
    assert_failed(run("dead-letters", "list"), "run.py migrate")
    assert_failed(run("serve", "--port", "0"), "run.py migrate")
    first, second = run("migrate"), run("migrate")
    assert (first.status, second.status) == (0, 0)
    assert "0001_initial" in first.out
    assert "up to date" in second.out


@pytest.mark.usefixtures("_migrated")
def test_an_api_client_gets_its_key_once(run: Run) -> None:
    made = run("api-client", "create", "--name", "cổng", "--scope", "requests:write", "--scope", "requests:read", "--json")
    assert made.status == 0
    assert set(made.json) == {"client_id", "key"}
    assert run("api-client", "create", "--name", "cổng", "--scope", "everything").status == 2
    assert run("api-client", "create", "--name", "cổng").status == 2


@pytest.mark.usefixtures("_migrated")
def test_files_are_shown_before_they_are_taken_in(run: Run, tmp_path: Path) -> None:
    run("migrate")  # brings the offices of the reference data
    preview = run("import", "offices", SAMPLES / "offices.csv", "--dry-run", "--json")
    assert preview.status == 0
    taken = run("import", "offices", SAMPLES / "offices.csv", "--json")
    assert (taken.status, taken.json) == (0, preview.json | {"written": True})
    assert preview.json["added"]
    assert run("import", "workers", SAMPLES / "workers.csv").status == 0
    assert run("import", "rounds", SAMPLES / "rounds.csv").status == 0
    again = run("import", "workers", SAMPLES / "workers.csv", "--dry-run", "--json")
    assert again.json != []
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("name,phone\nAn,12\n", encoding="utf-8")
    refused = run("import", "workers", wrong)
    assert refused.status == 1
    assert "Traceback" not in refused.err
    assert run("import", "workers", tmp_path / "missing.csv").status == 2
    assert run("import", "letters", wrong).status == 2


@pytest.mark.usefixtures("_migrated")
def test_dead_letters_replay_and_projections_work_on_an_idle_installation(run: Run) -> None:
    listed = run("dead-letters", "list", "--json")
    assert (listed.status, listed.json) == (0, [])
    assert (run("dead-letters", "list").out, run("dead-letters", "retry").status) == ("nothing\n", 0)
    assert run("rebuild-projections").status == 0
    assert run("replay", "--since", "2026-11-22").out == "0 messages will be read again\n"
    assert_failed(run("replay", "--inbox", "nothing"), "no stored message")
    assert run("replay").status == 2
    assert run("replay", "--since", "gestern").status == 2


@pytest.mark.usefixtures("_migrated")
def test_a_copy_is_made_and_brought_back(run: Run, tmp_path: Path) -> None:
    assert run("backup", tmp_path / "copies").status == 0
    back = run("restore", tmp_path / "copies")
    assert (back.status, back.err) == (0, "")
    (tmp_path / "nothing").mkdir()
    assert_failed(run("restore", tmp_path / "nothing"), "")
    assert run("restore", tmp_path / "missing").status == 2


def test_what_is_wrong_with_the_settings_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POSTAL_HTTP__PORT", "many")
    assert_failed(run("serve"), "POSTAL_HTTP__PORT")
    monkeypatch.delenv("POSTAL_HTTP__PORT")
    monkeypatch.setenv("POSTAL_DATABASE_URL", "mysql://user:geheim@localhost/x")
    refused = run("migrate")
    assert_failed(refused, "sqlite:///")
    assert "geheim" not in refused.err
    monkeypatch.setenv("POSTAL_DATABASE_URL", "postgres://nobody:geheim@127.0.0.1:1/postal")
    refused = run("migrate")
    assert_failed(refused, "")
    assert "geheim" not in refused.err
    monkeypatch.setenv("POSTAL_DATABASE_URL", f"sqlite:///{tmp_path}/x.sqlite3")
    assert_failed(run("serve", "--workers", "2"), "PostgreSQL")


def test_wrong_usage_is_told_apart_from_failure(run: Run) -> None:
    for wrong in (
        ["dance"],
        ["serve", "--role", "cook"],
        ["serve", "--workers", "0"],
        ["simulate-carrier", "--carrier", "pigeon", "--port", "0"],
        ["simulate-carrier", "--carrier", "vnpost", "--port", "0", "--profile", "stormy"],
        ["backup"],
    ):
        result = run(*wrong)
        assert result.status == 2, wrong
        assert "Traceback" not in result.err
    assert run("--help").status == 0


def test_doctor_names_what_is_wrong_and_fails(run: Run, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTAL_DATABASE_URL", database_url)
    findings = run("doctor", "--json")
    levels = {finding["level"] for finding in findings.json}
    assert findings.status == (1 if "error" in levels else 0)
    monkeypatch.setenv("POSTAL_CARRIERS__VNPOST__ENABLED", "true")
    monkeypatch.setenv("POSTAL_CARRIERS__VNPOST__BASE_URL", "http://127.0.0.1:1")
    broken = run("doctor", "--json")
    assert broken.status == 1
    assert "vnpost" in json.dumps([finding for finding in broken.json if finding["level"] == "error"])


def test_the_program_itself_leaves_with_these_statuses(tmp_path: Path) -> None:
    environment = {**os.environ, "POSTAL_DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3"}
    command = [sys.executable, str(ROOT / "run.py"), "serve", "--port", "0"]
    refused = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert_failed(Result(refused.returncode, refused.stdout, refused.stderr), "run.py migrate")
