"""What is wrong with the settings, in one line per variable and without the values."""

from typing import Self

from pydantic import ValidationError


class SettingsError(Exception):
    """The program cannot start with these settings."""

    @classmethod
    def from_validation(cls, error: ValueError) -> Self:
        """Name the variables; their values may be secrets and stay out."""
        if not isinstance(error, ValidationError):
            return cls(str(error))
        lines = []
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            name = "__".join(str(part) for part in item["loc"]).upper()
            prefix = f"POSTAL_{name}: " if name else ""
            lines.append(prefix + item["msg"].removeprefix("Value error, "))
        return cls("; ".join(lines))
