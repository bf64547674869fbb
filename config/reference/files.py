"""The shapes of procedures.toml, fees.toml, calendar.toml and post_offices.toml."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from config.reference.base import (
    DatedModel,
    Dong,
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
from postal_service.kit.fee_book import FeeClass, Leg, Zone
from postal_service.kit.reference import Needed, PaperState

# procedures.toml


class DocumentModel(FileModel):
    """One paper."""

    name: WordsModel
    needed: Needed = "always"
    states: tuple[PaperState, ...] = Field(min_length=1)


class FormModel(FileModel):
    """One declaration form."""

    form: Text
    name: WordsModel
    valid_from: date | None = None
    valid_to: date | None = None


class AgentModel(FileModel):
    """Who may act for the applicant."""

    allowed: bool
    relations: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _no_relation_without_permission(self) -> Self:
        if self.relations and not self.allowed:
            raise ValueError("relations are named although nobody may act")
        return self


class ProcedureModel(DatedModel):
    """One procedure between two days."""

    procedure: Slug
    name: WordsModel
    documents: tuple[Identifier, ...] = Field(min_length=1)
    forms: tuple[FormModel, ...] = Field(min_length=1)
    limit_working_days: int = Field(ge=1)
    long_limit_working_days: int = Field(ge=1)
    agent: AgentModel
    minimum_age: int = Field(default=0, ge=0)
    source: Text


class ProceduresFile(FileModel):
    """procedures.toml."""

    documents: dict[Identifier, DocumentModel]
    procedures: tuple[ProcedureModel, ...] = Field(min_length=1)


# fees.toml


class StateFeeModel(DatedModel):
    """One State fee rule."""

    name: WordsModel
    procedures: tuple[Slug, ...] = Field(min_length=1)
    base_vnd: dict[FeeClass, Dong]
    copies_included: int = Field(ge=1)
    extra_copy_vnd: Dong
    exempt_pay_extra_copies: bool = False
    exceptions: tuple[Slug, ...] = ()
    source: Text

    @model_validator(mode="after")
    def _every_class(self) -> Self:
        missing = {"standard", "reduced", "exempt"} - set(self.base_vnd)
        if missing:
            raise ValueError(f"base_vnd has no amount for {', '.join(sorted(missing))}")
        if self.base_vnd["exempt"]:
            raise ValueError("the exempt pay no base")
        return self


class SubsidyModel(DatedModel):
    """One subsidy."""

    name: WordsModel
    agency: Slug
    channels: tuple[Identifier, ...] = Field(min_length=1)
    procedures: tuple[Slug, ...] = Field(min_length=1)
    percent: int = Field(ge=1, le=100, strict=True)
    source: Text


class PostageModel(DatedModel):
    """One row of the postage table."""

    leg: Leg
    zone: Zone
    agency: Slug | None = None
    amount_vnd: Dong
    source: Text


class FeesFile(FileModel):
    """fees.toml."""

    state_fees: tuple[StateFeeModel, ...] = Field(min_length=1)
    subsidies: tuple[SubsidyModel, ...] = ()
    postage: tuple[PostageModel, ...] = Field(min_length=1)


# calendar.toml


class HolidayModel(FileModel):
    """One day off."""

    day: date
    name: Text


class SwapModel(FileModel):
    """A working day given off and the rest day worked for it."""

    off: date
    worked: date


class YearModel(FileModel):
    """The holidays of one year."""

    year: int
    source: Text
    holidays: tuple[HolidayModel, ...] = Field(min_length=1)
    swaps: tuple[SwapModel, ...] = ()

    @model_validator(mode="after")
    def _days_of_this_year(self) -> Self:
        days = [holiday.day for holiday in self.holidays] + [swap.off for swap in self.swaps]
        foreign = [day for day in days if day.year != self.year]
        if foreign:
            raise ValueError(f"{foreign[0]} is not a day of {self.year}")
        twice = {day for day in days if days.count(day) > 1}
        if twice:
            raise ValueError(f"{min(twice)} stands here twice")
        return self


class CalendarFile(FileModel):
    """calendar.toml."""

    weekly_rest: tuple[Annotated[int, Field(ge=1, le=7)], ...]
    years: tuple[YearModel, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _swaps_are_swaps(self) -> Self:
        for swap in (swap for year in self.years for swap in year.swaps):
            if swap.off.isoweekday() in self.weekly_rest:
                raise ValueError(f"{swap.off} is no working day to give off")
            if swap.worked.isoweekday() not in self.weekly_rest:
                raise ValueError(f"{swap.worked} is no rest day to work on")
        return self


# post_offices.toml


class PostOfficeModel(FileModel):
    """One post office."""

    post_office: str = Field(pattern=r"^[0-9A-Za-z-]{1,32}$")
    name: Text
    province: ProvinceCode
    ward: Text
    ward_code: WardCode
    lat: Latitude
    lon: Longitude
    phone: Phone


class PostOfficesFile(FileModel):
    """post_offices.toml."""

    post_offices: tuple[PostOfficeModel, ...]
