"""Reference data as plain values with dated look-ups: who issues, what is asked, what it costs, where offices are.

`config.reference` reads it from files. A request keeps `version`, its fee lines and its limit as they were on the day
it was filed, so a later change of the files never changes an old request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from postal_service.kit.dated import first_in_force, holds
from postal_service.kit.fee_book import FeeBook
from postal_service.kit.words import Words
from postal_service.kit.working_days import WorkingCalendar

Stage = Literal["none", "online", "online_with_post"]
AuthorityKind = Literal["justice_department", "police"]
PaperState = Literal["original", "certified_copy", "compared"]
Needed = Literal["always", "with_authorisation", "with_fee_class", "with_postal_return", "if_any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyOffice:
    """The agency's desk that takes what the post brings. `ward_code` is of July 2025, `phone` E.164."""

    name: str
    detail: str
    ward: str
    ward_code: str
    phone: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """The issuing agency of a province as it is on one day."""

    agency: str
    name: Words
    kind: AuthorityKind
    province: str
    """Two-digit code: of the 34-list since July 2025, of the 63-list before."""
    province_name: str
    stage: Stage
    since: date
    """The day since which the stage is known."""
    carriers: tuple[str, ...]
    """In the order to try, enabled or not."""
    level_1_code: str | None
    """First part of its dossier codes (`H26`), where known."""
    seal: str
    contents_note: str
    """What a label says is inside. It never says what the papers are about."""
    office: AgencyOffice | None

    @property
    def active_with_post(self) -> bool:
        """Tell whether the post may fetch and bring for this agency."""
        return self.stage == "online_with_post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper of a dossier's checklist, when it is needed, and in which states the worker may take it."""

    document: str
    name: Words
    needed: Needed
    states: tuple[PaperState, ...]

    @property
    def required(self) -> bool:
        """Tell whether every dossier has it."""
        return self.needed == "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A declaration form by its official number."""

    form: str
    name: Words
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRule:
    """Whether somebody may act for the applicant. `relations` need no written authorisation."""

    allowed: bool
    relations: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """An administrative procedure as the law has it between two days."""

    procedure: str
    name: Words
    documents: tuple[Document, ...]
    forms: tuple[Form, ...]
    limit_working_days: int
    long_limit_working_days: int
    """For foreigners and people of many residences."""
    agent: AgentRule
    minimum_age: int
    source: str
    valid_from: date
    valid_to: date | None

    def limit(self, *, foreign_or_many_residences: bool) -> int:
        """Return the legal limit in working days, counted from the agency's receipt of a valid dossier."""
        return self.long_limit_working_days if foreign_or_many_residences else self.limit_working_days

    def forms_on(self, on: date) -> tuple[Form, ...]:
        """Return the forms in use on that day."""
        return tuple(form for form in self.forms if holds(form, on))

    def needs_authorisation(self, relation: str) -> bool:
        """Tell whether an agent of this relation has to bring a written authorisation."""
        return relation not in self.agent.relations

    def checklist(self, *, authorisation: bool, fee_class: str, postal_return: bool) -> tuple[Document, ...]:
        """Return the papers this dossier must have."""
        wanted = {"always"}
        wanted |= {"with_authorisation"} if authorisation else set()
        wanted |= {"with_fee_class"} if fee_class != "standard" else set()
        wanted |= {"with_postal_return"} if postal_return else set()
        return tuple(document for document in self.documents if document.needed in wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOfficeEntry:
    """A post office. `province` is of the 34-list, `ward_code` of July 2025, `phone` E.164."""

    post_office: str
    name: str
    province: str
    ward: str
    ward_code: str
    lat: float
    lon: float
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyPeriod:
    """One agency between two days, during which nothing about it changes."""

    agency: Agency
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Everything of `config/` that the rooms ask. `version` is a short hash of the content."""

    version: str
    agency_periods: Mapping[str, tuple[AgencyPeriod, ...]]
    procedure_versions: Mapping[str, tuple[Procedure, ...]]
    offices: Mapping[str, PostOfficeEntry]
    fee_book: FeeBook
    calendar: WorkingCalendar

    def agency(self, agency: str, on: date) -> Agency | None:
        """Return the agency as it is on that day; None when there is none of this id then."""
        period = first_in_force(self.agency_periods.get(agency, ()), on)
        return period.agency if period else None

    def agencies(self, on: date) -> tuple[Agency, ...]:
        """Return the agencies there are on that day, by id."""
        found = (self.agency(agency, on) for agency in sorted(self.agency_periods))
        return tuple(agency for agency in found if agency)

    def is_active_with_post(self, agency: str, on: date) -> bool:
        """Tell whether the agency has the postal integration on that day."""
        found = self.agency(agency, on)
        return found is not None and found.active_with_post

    def carriers_for(self, agency: str, on: date) -> tuple[str, ...]:
        """Return the carriers of the agency in the order to try; none when there is no such agency then."""
        found = self.agency(agency, on)
        return found.carriers if found else ()

    def procedure(self, procedure: str, on: date) -> Procedure | None:
        """Return the procedure as the law has it on that day."""
        return first_in_force(self.procedure_versions.get(procedure, ()), on)

    def procedures(self, on: date) -> tuple[Procedure, ...]:
        """Return the procedures there are on that day, by id."""
        found = (self.procedure(procedure, on) for procedure in sorted(self.procedure_versions))
        return tuple(procedure for procedure in found if procedure)

    def post_office(self, code: str) -> PostOfficeEntry | None:
        """Return the post office of this code."""
        return self.offices.get(code)

    def post_offices(self, province: str | None = None) -> tuple[PostOfficeEntry, ...]:
        """Return the post offices of a province (34-list), or all of them."""
        return tuple(office for office in self.offices.values() if province in (None, office.province))
