from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters."""

    OK = "ok"
    WARNING = "warning"
    """The program works; somebody should look."""
    ERROR = "error"
    """The program does not do its work like this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing `doctor` looked at: where, how it is, and one line that names no secret and no person."""

    area: str
    level: Level
    detail: str

    @property
    def ok(self) -> bool:
        """Tell whether the program can work with it."""
        return self.level is not Level.ERROR

    def to_json(self) -> dict[str, str]:
        """Return it as JSON shows it."""
        return {"area": self.area, "level": self.level.value, "detail": self.detail}


def fine(area: str, detail: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(area, Level.OK, detail)


def warning(area: str, detail: str) -> Finding:
    """Return a finding that somebody should look."""
    return Finding(area, Level.WARNING, detail)


def error(area: str, detail: str) -> Finding:
    """Return a finding that the program does not work like this."""
    return Finding(area, Level.ERROR, detail)
