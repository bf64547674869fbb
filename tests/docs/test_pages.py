"""The documentation keeps up with the program: every command is described, every link leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from postal_service.cli import cli

ROOT = Path(__file__).parents[2]
COMMANDS = ROOT / "docs" / "reference" / "commands.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
SOURCE = re.compile(r"`((?:postal_service|carriers|notifications|config|tests|scripts|docs)/[\w./*-]+)`")


def commands(command: Any, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield each command that does something, with its options."""
    if hasattr(command, "commands"):
        for part, inner in command.commands.items():
            yield from commands(inner, f"{name} {part}".strip())
        return
    yield name, {option for parameter in command.params for option in parameter.opts if option.startswith("--")}


def test_every_command_is_on_the_page_with_its_options_and_nothing_else_is() -> None:
    sections = re.split(r"^## `(.+)`$", COMMANDS.read_text("utf-8"), flags=re.MULTILINE)
    written = {
        name: set(re.findall(r"`(--[a-z-]+)`", text)) for name, text in zip(sections[1::2], sections[2::2], strict=True)
    }
    real = {name: options - {"--help"} for name, options in commands(typer.main.get_command(cli))}
    assert written == real


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_and_file_named_on_a_page_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    links = [target for target in LINK.findall(text) if "://" not in target]
    assert [target for target in links if not (page.parent / target).exists()] == []
    assert [path for path in SOURCE.findall(text) if not list(ROOT.glob(path.rstrip("/")))] == []
