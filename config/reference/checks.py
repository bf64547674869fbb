"""What the reference files must agree on with themselves and with each other."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date, timedelta
from operator import attrgetter
from typing import TypeVar, get_args

from config.reference.agencies_file import AgenciesFile
from config.reference.errors import Finding
from config.reference.files import CalendarFile, FeesFile, PostOfficesFile, ProceduresFile
from postal_service.kit.dated import Dated, first_in_force, holds
from postal_service.kit.fee_book import Leg, Zone
from postal_service.kit.reference import Stage

AGENCIES = "agencies.toml"
PROCEDURES = "procedures.toml"
FEES = "fees.toml"
CALENDAR = "calendar.toml"
OFFICES = "post_offices.toml"

D = TypeVar("D", bound=Dated)


def check_agencies(file: AgenciesFile) -> Iterator[Finding]:
    """Yield the faults of agencies.toml."""
    old, new = file.old_list.provinces, file.new_list.provinces
    yield from _repeated(AGENCIES, "old_list.provinces", [province.code for province in old])
    yield from _repeated(AGENCIES, "old_list.provinces", [province.agency for province in old])
    yield from _repeated(AGENCIES, "old_list.provinces", [province.no for province in old])
    yield from _repeated(AGENCIES, "new_list.provinces", [province.code for province in new])
    yield from _repeated(AGENCIES, "new_list.provinces", [province.agency for province in new])
    yield from _repeated(AGENCIES, "agencies", [details.agency for details in file.agencies])
    yield from _mergers(file)
    named = [(f"agencies[{i}].agency", details.agency) for i, details in enumerate(file.agencies)]
    named += [(f"stages[{i}].agency", change.agency) for i, change in enumerate(file.stages)]
    yield from _unknown(AGENCIES, "agency", named, _agencies(file))
    for index, details in enumerate(file.agencies):
        yield from _overlaps(AGENCIES, f"agencies[{index}].carriers", details.carriers, lambda _: ("",))
    yield from _one_every_day(AGENCIES, "authorities", file.authorities, file.annex_2016.counted_on)
    yield from _one_every_day(AGENCIES, "carriers", file.carriers, file.annex_2016.counted_on)
    yield from _posts_without_office(file)


def check_procedures(file: ProceduresFile) -> Iterator[Finding]:
    """Yield the faults of procedures.toml."""
    named = [
        (f"procedures[{i}].documents", document)
        for i, procedure in enumerate(file.procedures)
        for document in procedure.documents
    ]
    yield from _unknown(PROCEDURES, "document", named, file.documents)
    yield from _overlaps(PROCEDURES, "procedures", file.procedures, lambda procedure: (procedure.procedure,))


def check_fees(file: FeesFile, agencies: AgenciesFile, procedures: ProceduresFile) -> Iterator[Finding]:
    """Yield the faults of fees.toml."""
    asked = [(f"state_fees[{i}].procedures", each) for i, fee in enumerate(file.state_fees) for each in fee.procedures]
    asked += [(f"subsidies[{i}].procedures", each) for i, rule in enumerate(file.subsidies) for each in rule.procedures]
    yield from _unknown(FEES, "procedure", asked, {procedure.procedure for procedure in procedures.procedures})
    named = [(f"state_fees[{i}].exceptions", each) for i, fee in enumerate(file.state_fees) for each in fee.exceptions]
    named += [(f"subsidies[{i}].agency", subsidy.agency) for i, subsidy in enumerate(file.subsidies)]
    named += [(f"postage[{i}].agency", rule.agency) for i, rule in enumerate(file.postage) if rule.agency]
    yield from _unknown(FEES, "agency", named, _agencies(agencies))
    yield from _overlaps(FEES, "state_fees", file.state_fees, lambda fee: fee.procedures)
    yield from _overlaps(FEES, "postage", file.postage, lambda rule: ((rule.leg, rule.zone, rule.agency),))
    for procedure in procedures.procedures:
        rules = [fee for fee in file.state_fees if procedure.procedure in fee.procedures]
        if not any(holds(fee, procedure.valid_from) for fee in rules):
            yield Finding(FEES, "state_fees", f"no rule for {procedure.procedure} on {procedure.valid_from}")
    general = {(rule.leg, rule.zone) for rule in file.postage if rule.agency is None and rule.valid_to is None}
    for leg in get_args(Leg):
        for zone in get_args(Zone):
            if (leg, zone) not in general:
                yield Finding(FEES, "postage", f"no general rule without end for {leg}, {zone}")


def check_calendar(file: CalendarFile) -> Iterator[Finding]:
    """Yield the faults of calendar.toml."""
    yield from _repeated(CALENDAR, "years", [year.year for year in file.years])


def check_offices(file: PostOfficesFile, agencies: AgenciesFile) -> Iterator[Finding]:
    """Yield the faults of post_offices.toml."""
    yield from _repeated(OFFICES, "post_offices", [office.post_office for office in file.post_offices])
    named = [(f"post_offices[{i}].province", office.province) for i, office in enumerate(file.post_offices)]
    yield from _unknown(OFFICES, "province", named, {province.code for province in agencies.new_list.provinces})


def _agencies(file: AgenciesFile) -> set[str]:
    return {province.agency for province in file.old_list.provinces} | {
        province.agency for province in file.new_list.provinces
    }


def _mergers(file: AgenciesFile) -> Iterator[Finding]:
    merged = Counter(code for province in file.new_list.provinces for code in province.merged_from)
    for province in file.old_list.provinces:
        times = merged.pop(province.code, 0)
        if times != 1:
            reason = f"{province.name} ({province.code}) is merged {times} times, not once"
            yield Finding(AGENCIES, "new_list.provinces", reason)
    for code in merged:
        yield Finding(AGENCIES, "new_list.provinces", f"the old list has no province {code}")


def _posts_without_office(file: AgenciesFile) -> Iterator[Finding]:
    stages: dict[str, Stage] = {province.agency: province.stage for province in file.old_list.provinces}
    stages |= {change.agency: change.stage for change in sorted(file.stages, key=attrgetter("since"))}
    offices = {details.agency for details in file.agencies if details.office}
    for province in file.new_list.provinces:
        if stages.get(province.agency) == "online_with_post" and province.agency not in offices:
            yield Finding(AGENCIES, "agencies", f"{province.agency} has the post but no office to bring papers to")


def _repeated(file: str, key: str, values: Iterable[object]) -> Iterator[Finding]:
    for value, count in Counter(values).items():
        if count > 1:
            yield Finding(file, key, f"{value} stands here {count} times")


def _unknown(file: str, what: str, named: Iterable[tuple[str, str]], known: Iterable[str]) -> Iterator[Finding]:
    for key, name in named:
        if name not in known:
            yield Finding(file, key, f"there is no {what} {name}")


def _one_every_day(file: str, key: str, rules: tuple[D, ...], since: date) -> Iterator[Finding]:
    yield from _overlaps(file, key, rules, lambda _: ("",))
    for day in (since, *(rule.valid_to + timedelta(days=1) for rule in rules if rule.valid_to)):
        if first_in_force(rules, day) is None:
            yield Finding(file, key, f"nothing holds on {day}")


def _overlaps(file: str, key: str, rules: Iterable[D], subjects: Callable[[D], Iterable[Hashable]]) -> Iterator[Finding]:
    earlier: dict[Hashable, list[tuple[int, D]]] = {}
    for index, rule in enumerate(rules):
        for subject in subjects(rule):
            same = earlier.setdefault(subject, [])
            for other_index, other in same:
                # Two stretches meet exactly when one of them holds on the other's first day.
                if holds(rule, other.valid_from or date.min) or holds(other, rule.valid_from or date.min):
                    yield Finding(file, f"{key}[{index}]", f"holds at the same time as {key}[{other_index}]")
            same.append((index, rule))
