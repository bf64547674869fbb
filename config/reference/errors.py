"""What is wrong with the reference files, exactly enough to go and mend it."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the file, the key in it (`old_list.provinces[3].stage`), and the reason."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.key}" if self.key else self.file
        return f"{place}: {self.reason}"


class ReferenceDataError(Exception):
    """The reference files cannot be used. `findings` names every fault found at once."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))


def findings_of(file: str, error: ValidationError) -> list[Finding]:
    """Return the faults that pydantic found in one file."""
    return [
        Finding(file, _key(item["loc"]), item["msg"].removeprefix("Value error, "))
        for item in error.errors(include_url=False, include_input=False)
    ]


def _key(location: tuple[int | str, ...]) -> str:
    key = ""
    for part in location:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else part
    return key
