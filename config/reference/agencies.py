"""Turns agencies.toml into one row per agency and stretch of days on which nothing about it changes."""

from collections.abc import Iterator
from datetime import date, timedelta
from operator import attrgetter

from config.reference.agencies_file import AgenciesFile, AgencyDetails, NewProvince, OldProvince
from postal_service.kit.dated import first_in_force
from postal_service.kit.reference import Agency, AgencyOffice, AgencyPeriod, Stage
from postal_service.kit.words import Words

_DAY = timedelta(days=1)
_KIND_VI = {"province": "tỉnh", "city": "thành phố"}


def agency_periods(file: AgenciesFile) -> dict[str, tuple[AgencyPeriod, ...]]:
    """Return every agency's stretches, oldest first, from the day the annex counted on; the file must be checked."""
    old = {province.agency: province for province in file.old_list.provinces}
    new = {province.agency: province for province in file.new_list.provinces}
    details = {details.agency: details for details in file.agencies}
    return {
        agency: tuple(
            _stretches(file, details.get(agency) or AgencyDetails(agency=agency), old.get(agency), new.get(agency))
        )
        for agency in old.keys() | new.keys()
    }


def _stretches(
    file: AgenciesFile, details: AgencyDetails, old: OldProvince | None, new: NewProvince | None
) -> Iterator[AgencyPeriod]:
    first = file.annex_2016.counted_on if old else file.new_list.valid_from
    last = None if new else file.old_list.valid_to
    changes = {first, file.new_list.valid_from}
    changes |= {rule.valid_from for rule in (*file.authorities, *file.carriers, *details.carriers)}
    changes |= {rule.valid_to + _DAY for rule in details.carriers if rule.valid_to}
    changes |= {change.since for change in file.stages if change.agency == details.agency}
    starts = sorted(day for day in changes if first <= day <= (last or date.max))
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        province = new if new and start >= file.new_list.valid_from else old
        if province is not None:
            end = following - _DAY if following else last
            yield AgencyPeriod(agency=_agency(file, details, province, old, start), valid_from=start, valid_to=end)


def _agency(
    file: AgenciesFile, details: AgencyDetails, province: OldProvince | NewProvince, old: OldProvince | None, on: date
) -> Agency:
    authority = first_in_force(file.authorities, on)
    carriers = first_in_force(details.carriers, on) or first_in_force(file.carriers, on)
    assert authority is not None
    assert carriers is not None
    stage, since = _stage(file, details.agency, old, on)
    name = authority.name
    full = f"{_KIND_VI[province.kind]} {province.name}"
    return Agency(
        agency=details.agency,
        name=Words(name.vi.format(province=full, name=province.name), name.en.format(province=full, name=province.name)),
        kind=authority.kind,
        province=province.code,
        province_name=province.name,
        stage=stage,
        since=since,
        carriers=carriers.order,
        level_1_code=details.level_1_code,
        seal=details.seal or file.defaults.seal,
        contents_note=details.contents_note or file.defaults.contents_note,
        office=AgencyOffice(**details.office.model_dump()) if details.office else None,
    )


def _stage(file: AgenciesFile, agency: str, old: OldProvince | None, on: date) -> tuple[Stage, date]:
    stage: tuple[Stage, date] = (old.stage, file.annex_2016.counted_on) if old else ("none", file.new_list.valid_from)
    for change in sorted(file.stages, key=attrgetter("since")):
        if change.agency == agency and change.since <= on:
            stage = (change.stage, change.since)
    return stage
