"""The shape of each reference file. What a file says is checked here; what files say together, in `reference`."""

from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from postal_service.kit.fee_book import FeeClass, Leg, Zone
from postal_service.kit.reference import AuthorityKind, Needed, PaperState, Stage

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


# agencies.toml


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
