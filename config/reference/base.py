"""What the models of all reference files share."""

from datetime import date
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ProvinceCode = Annotated[str, Field(pattern=r"^\d{2}$")]
WardCode = Annotated[str, Field(pattern=r"^\d{5}$")]
Phone = Annotated[str, Field(pattern=r"^\+84\d{9,10}$")]
Latitude = Annotated[float, Field(ge=6, le=24)]
Longitude = Annotated[float, Field(ge=102, le=118)]
Text = Annotated[str, Field(min_length=1)]
Dong = Annotated[int, Field(ge=0, strict=True)]


class FileModel(BaseModel):
    """A table of a file: nothing unknown in it, nothing changed after."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WordsModel(FileModel):
    """Words in both languages."""

    vi: Text
    en: Text


class DatedModel(FileModel):
    """A rule with days of validity, both included; no `valid_to` is until further notice."""

    valid_from: date
    valid_to: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self
