import tomllib
from pathlib import Path

import pytest

import carriers
from carriers.registry import FACTORIES

FOLDER = Path(carriers.__file__).parent


@pytest.mark.parametrize("carrier", FACTORIES)
def test_every_adapter_says_what_it_keeps_and_why_not_what_it_does_not(carrier: str) -> None:
    rules = tomllib.loads((FOLDER / carrier / "quality_scale.toml").read_text("utf-8"))["rules"]
    assert {rule["state"] for rule in rules.values()} <= {"done", "exempt", "open"}
    assert [name for name, rule in rules.items() if rule["state"] != "done" and not rule.get("reason")] == []
    assert (FOLDER / carrier / "README.md").is_file()
