"""The page of settings says what the program reads: every variable, with its real default, and no other."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from config.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "settings.md"
ROW = re.compile(r"^\| `(POSTAL_\w+)` \| (.*?) \|", re.MULTILINE)


def settings_of(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str]]:
    for name, field in model.model_fields.items():
        variable = f"{prefix}{name.upper()}"
        default = field.get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            yield from settings_of(type(default), f"{variable}__")
        else:
            yield variable, as_written(default)


def as_written(default: Any) -> str:
    match default:
        case SecretStr():
            return as_written(default.get_secret_value())
        case None | "":
            return "none"
        case bool() | tuple():
            return f"`{json.dumps(default)}`"
        case float():
            return f"`{default:g}`"
        case Path():
            return f"`{default.relative_to(ROOT)}`"
        case _:
            return f"`{default}`"


def test_every_setting_is_on_the_page_with_its_default_and_nothing_else_is() -> None:
    rows = ROW.findall(PAGE.read_text("utf-8"))
    assert sorted(rows) == sorted(settings_of(Settings, "POSTAL_"))
