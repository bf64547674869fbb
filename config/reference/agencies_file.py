"""The shape of agencies.toml."""

from datetime import date, timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from config.reference.base import (
    DatedModel,
    FileModel,
    Identifier,
    Latitude,
    Longitude,
    Phone,
    ProvinceCode,
    Slug,
    Text,
    WardCode,
    WordsModel,
)
from postal_service.kit.reference import AuthorityKind, Stage


class Annex(FileModel):
    """The letter that counted the roll-out, and the day it counted on."""

    source: Text
    counted_on: date


class OldProvince(FileModel):
    """A province of the 63-list with its row and stage in the annex."""

    code: ProvinceCode
    name: Text
    kind: Literal["province", "city"]
    agency: Slug
    no: int
    stage: Stage


class OldList(FileModel):
    """The provinces until the merger."""

    valid_to: date
    provinces: tuple[OldProvince, ...]


class NewProvince(FileModel):
    """A province of the 34-list and the codes of the 63-list it was made of."""

    code: ProvinceCode
    name: Text
    kind: Literal["province", "city"]
    agency: Slug
    merged_from: tuple[ProvinceCode, ...] = Field(min_length=1)


class NewList(FileModel):
    """The provinces since the merger."""

    valid_from: date
    provinces: tuple[NewProvince, ...]


class Authority(DatedModel):
    """Who issues, everywhere, between two days."""

    kind: AuthorityKind
    name: WordsModel
    source: Text


class CarrierOrder(DatedModel):
    """The carriers to try, in order."""

    order: tuple[Identifier, ...] = Field(min_length=1)


class StageChange(FileModel):
    """A later step of one agency."""

    agency: Slug
    stage: Stage
    since: date
    source: Text


class Defaults(FileModel):
    """What holds for every agency that says nothing else."""

    seal: Identifier
    contents_note: str = Field(min_length=1, max_length=60)


class Office(FileModel):
    """The agency's desk."""

    name: Text
    detail: Text
    ward: Text
    ward_code: WardCode
    phone: Phone
    lat: Latitude
    lon: Longitude


class AgencyDetails(FileModel):
    """What is known of one agency beyond its province."""

    agency: Slug
    level_1_code: str | None = Field(default=None, pattern=r"^[A-Z]\d{2}$")
    seal: Identifier | None = None
    contents_note: str | None = Field(default=None, min_length=1, max_length=60)
    carriers: tuple[CarrierOrder, ...] = ()
    office: Office | None = None


class AgenciesFile(FileModel):
    """agencies.toml."""

    annex_2016: Annex
    old_list: OldList
    new_list: NewList
    authorities: tuple[Authority, ...]
    carriers: tuple[CarrierOrder, ...]
    defaults: Defaults
    stages: tuple[StageChange, ...] = ()
    agencies: tuple[AgencyDetails, ...] = ()

    @model_validator(mode="after")
    def _lists_meet(self) -> Self:
        if self.new_list.valid_from != self.old_list.valid_to + timedelta(days=1):
            raise ValueError("new_list.valid_from must be the day after old_list.valid_to")
        return self
