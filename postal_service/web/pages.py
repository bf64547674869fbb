"""HTML: one jinja2 environment over the rooms' templates, static files under an address that changes with their content."""

import hashlib
import mimetypes
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined

from postal_service.kit.clock import LOCAL
from postal_service.kit.money import format_vnd
from postal_service.web.language import Language

STATIC_PATH = "/static"
OWN_STATIC = Path(__file__).parent / "static"
_DIGEST_LENGTH = 16


class StaticFiles:
    """Every file of the given folders, found once at start.

    One digest stands for all of them. So a style sheet or a module may name its neighbours by relative addresses, and
    everything can still be kept by browsers for ever.
    """

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._files: dict[str, Path] = {}
        for prefix, folder in {"": OWN_STATIC, **folders}.items():
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    self._files["/".join(filter(None, (prefix, path.relative_to(folder).as_posix())))] = path
        digest = hashlib.sha256()
        for name, path in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        self.digest = digest.hexdigest()[:_DIGEST_LENGTH]

    def url(self, name: str) -> str:
        """Return the address of a file; raises KeyError for one that is not there, so that a test finds it."""
        if name not in self._files:
            raise KeyError(name)
        return f"{STATIC_PATH}/{self.digest}/{name}"

    def find(self, name: str) -> tuple[Path, str] | None:
        """Return the file of that name and its media type. Only names found at start exist; nothing is traversed."""
        path = self._files.get(name)
        if path is None:
            return None
        return path, mimetypes.guess_type(path.name)[0] or "application/octet-stream"


class Pages:
    """Renders templates. A room's template is named with its room in front: `tracking/page.html`."""

    def __init__(self, templates: Mapping[str, str], static: StaticFiles) -> None:
        """Take room → package (`{"tracking": "postal_service.tracking"}`), each with a folder `templates`."""
        self.static = static
        self.environment = Environment(
            loader=ChoiceLoader(
                [
                    PackageLoader("postal_service.web"),
                    PrefixLoader({room: PackageLoader(package) for room, package in templates.items()}),
                ]
            ),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals["static"] = static.url
        self.environment.filters.update(vnd=format_vnd, day=show_day, moment=show_moment)

    def render(self, language: Language, template: str, /, **values: Any) -> str:
        """Return the page in `language`. Templates have both texts side by side: `{{ t("Tra cứu", "Track") }}`."""

        def t(vi: str, en: str) -> str:
            return en if language == "en" else vi

        return self.environment.get_template(template).render(language=language, t=t, **values)


def show_day(day: date) -> str:
    """Write a day as people in Vietnam do: `31/01/2026`."""
    return f"{day:%d/%m/%Y}"


def show_moment(moment: datetime) -> str:
    """Write a moment in local time: `14:05, 31/01/2026`."""
    return f"{moment.astimezone(LOCAL):%H:%M, %d/%m/%Y}"
