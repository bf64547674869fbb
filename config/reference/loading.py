"""Reads the reference files of a folder into one checked `Reference`."""

import hashlib
import json
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from config.reference import checks
from config.reference.agencies import agency_periods
from config.reference.agencies_file import AgenciesFile
from config.reference.base import WordsModel
from config.reference.errors import Finding, ReferenceDataError, findings_of
from config.reference.files import (
    CalendarFile,
    FeesFile,
    PostOfficesFile,
    ProcedureModel,
    ProceduresFile,
)
from postal_service.kit.fee_book import FeeBook, PostageRule, StateFeeRule, Subsidy
from postal_service.kit.reference import AgentRule, Document, Form, PostOfficeEntry, Procedure, Reference
from postal_service.kit.words import Words
from postal_service.kit.working_days import WorkingCalendar

M = TypeVar("M", bound=BaseModel)

_VERSION_LENGTH = 12


def load_reference(folder: Path) -> Reference:
    """Read the five files of `folder`. Raises `ReferenceDataError` naming file, key and reason of every fault."""
    reader = _Reader(folder)
    agencies = reader.read(checks.AGENCIES, AgenciesFile)
    procedures = reader.read(checks.PROCEDURES, ProceduresFile)
    fees = reader.read(checks.FEES, FeesFile)
    calendar = reader.read(checks.CALENDAR, CalendarFile)
    offices = reader.read(checks.OFFICES, PostOfficesFile)
    if not (agencies and procedures and fees and calendar and offices):
        raise ReferenceDataError(reader.findings)
    findings = [
        *checks.check_agencies(agencies),
        *checks.check_procedures(procedures),
        *checks.check_fees(fees, agencies, procedures),
        *checks.check_calendar(calendar),
        *checks.check_offices(offices, agencies),
    ]
    if findings:
        raise ReferenceDataError(findings)
    version = reader.version()
    return Reference(
        version=version,
        agency_periods=agency_periods(agencies),
        procedure_versions=_procedure_versions(procedures),
        offices={office.post_office: PostOfficeEntry(**office.model_dump()) for office in offices.post_offices},
        fee_book=_fee_book(fees, version),
        calendar=_calendar(calendar),
    )


class _Reader:
    """Reads files one by one and remembers what was wrong, so that one run tells everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._content: dict[str, Any] = {}
        self.findings: list[Finding] = []

    def read(self, file: str, model: type[M]) -> M | None:
        """Return the file's content, or None with the faults noted."""
        try:
            content = tomllib.loads((self._folder / file).read_text(encoding="utf-8"))
            checked = model.model_validate(content)
        except ValidationError as error:
            self.findings += findings_of(file, error)
        except (OSError, ValueError) as error:
            self.findings.append(Finding(file, "", f"cannot be read: {error}"))
        else:
            self._content[file] = content
            return checked
        return None

    def version(self) -> str:
        """Return a short hash of what the files say; comments and layout do not count."""
        canonical = json.dumps(self._content, sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:_VERSION_LENGTH]


def _words(model: WordsModel) -> Words:
    return Words(model.vi, model.en)


def _procedure_versions(file: ProceduresFile) -> dict[str, tuple[Procedure, ...]]:
    documents = {
        document: Document(document=document, name=_words(model.name), needed=model.needed, states=model.states)
        for document, model in file.documents.items()
    }
    versions: defaultdict[str, list[Procedure]] = defaultdict(list)
    for model in file.procedures:
        versions[model.procedure].append(_procedure(model, documents))
    return {procedure: tuple(found) for procedure, found in versions.items()}


def _procedure(model: ProcedureModel, documents: dict[str, Document]) -> Procedure:
    return Procedure(
        procedure=model.procedure,
        name=_words(model.name),
        documents=tuple(documents[document] for document in model.documents),
        forms=tuple(
            Form(form=form.form, name=_words(form.name), valid_from=form.valid_from, valid_to=form.valid_to)
            for form in model.forms
        ),
        limit_working_days=model.limit_working_days,
        long_limit_working_days=model.long_limit_working_days,
        agent=AgentRule(allowed=model.agent.allowed, relations=frozenset(model.agent.relations)),
        minimum_age=model.minimum_age,
        source=model.source,
        valid_from=model.valid_from,
        valid_to=model.valid_to,
    )


def _fee_book(file: FeesFile, version: str) -> FeeBook:
    return FeeBook(
        version=version,
        state_fees=tuple(
            StateFeeRule(
                name=_words(fee.name),
                procedures=frozenset(fee.procedures),
                base_vnd=fee.base_vnd,
                copies_included=fee.copies_included,
                extra_copy_vnd=fee.extra_copy_vnd,
                exempt_pay_extra_copies=fee.exempt_pay_extra_copies,
                exceptions=frozenset(fee.exceptions),
                source=fee.source,
                valid_from=fee.valid_from,
                valid_to=fee.valid_to,
            )
            for fee in file.state_fees
        ),
        subsidies=tuple(
            Subsidy(
                name=_words(subsidy.name),
                agency=subsidy.agency,
                channels=frozenset(subsidy.channels),
                procedures=frozenset(subsidy.procedures),
                percent=subsidy.percent,
                source=subsidy.source,
                valid_from=subsidy.valid_from,
                valid_to=subsidy.valid_to,
            )
            for subsidy in file.subsidies
        ),
        postage=tuple(PostageRule(**rule.model_dump()) for rule in file.postage),
    )


def _calendar(file: CalendarFile) -> WorkingCalendar:
    swaps = [swap for year in file.years for swap in year.swaps]
    return WorkingCalendar(
        years=[year.year for year in file.years],
        days_off=[holiday.day for year in file.years for holiday in year.holidays] + [swap.off for swap in swaps],
        worked_rest_days=[swap.worked for swap in swaps],
        weekly_rest=file.weekly_rest,
    )
