import re
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

import config
from config.reference import Reference, ReferenceDataError, load_reference
from postal_service.fees.rules import quote
from postal_service.kit.phone import read_phone
from postal_service.kit.units import Units

FOLDER = Path(config.__file__).parent
FILES = ("agencies.toml", "procedures.toml", "fees.toml", "calendar.toml", "post_offices.toml")
TODAY = date(2026, 11, 22)
LETTER = date(2016, 5, 18)
ACTIVE = ("an-giang", "bac-ninh", "da-nang", "hanoi", "ho-chi-minh")
Broken = Callable[[str, str, str], Path]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference(FOLDER)


@pytest.fixture(scope="module")
def units() -> Units:
    return Units.load()


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    for file in FILES:
        shutil.copy(FOLDER / file, tmp_path / file)

    def put(file: str, old: str, new: str) -> Path:
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return tmp_path

    return put


def test_the_letter_of_2016_counts_29_34_and_7(reference: Reference) -> None:
    stages = Counter(agency.stage for agency in reference.agencies(LETTER))
    assert stages == {"none": 29, "online": 34 - 7, "online_with_post": 7}
    assert {agency.agency for agency in reference.agencies(LETTER) if agency.active_with_post} == {
        *ACTIVE,
        "long-an",
        "vinh-phuc",
    }


def test_today_34_provinces_have_one_agency_each_and_five_have_the_post(reference: Reference, units: Units) -> None:
    agencies = reference.agencies(TODAY)
    assert {(agency.province, agency.province_name) for agency in agencies} == {
        (province.code, province.short_name) for province in units.provinces
    }
    assert [agency.agency for agency in agencies if agency.active_with_post] == sorted(ACTIVE)


def test_both_lists_agree_with_the_units(reference: Reference, units: Units) -> None:
    for agency in reference.agencies(LETTER):
        old = units.old_province(agency.province)
        assert old is not None
        assert agency.province_name in (old.short_name, "Thừa Thiên Huế")


def test_every_old_province_was_merged_where_the_units_say(units: Units) -> None:
    text = (FOLDER / "agencies.toml").read_text(encoding="utf-8")
    merged = re.findall(r'code = "(\d\d)".*merged_from = \[(.*)\]', text)
    assert len(merged) == 34
    for today, codes in merged:
        for code in re.findall(r"\d\d", codes):
            old = units.old_province(code)
            assert old is not None
            assert old.today_code == today


@pytest.mark.parametrize("agency", ACTIVE)
def test_the_active_agencies_can_take_what_the_post_brings(reference: Reference, units: Units, agency: str) -> None:
    found = reference.agency(agency, TODAY)
    assert found is not None
    assert found.active_with_post
    assert found.carriers[0] == "vnpost"
    assert found.office is not None
    ward = units.ward(found.office.ward_code)
    assert ward is not None
    assert (ward.name, ward.province_code) == (found.office.ward, found.province)
    assert read_phone(found.office.phone) == found.office.phone
    assert "lý lịch" not in found.contents_note.casefold()


def test_ha_noi_tries_its_carriers_in_its_order(reference: Reference) -> None:
    assert reference.carriers_for("hanoi", TODAY) == ("vnpost", "viettelpost", "ghn", "ghtk")
    assert reference.carriers_for("nowhere", TODAY) == ()


def test_the_issuing_authority_changes_on_the_day_of_the_law(reference: Reference) -> None:
    before, after = reference.agency("hanoi", date(2025, 2, 28)), reference.agency("hanoi", date(2025, 3, 1))
    assert before is not None
    assert after is not None
    assert (before.kind, before.name.vi) == ("justice_department", "Sở Tư pháp thành phố Hà Nội")
    assert (after.kind, after.name.vi) == ("police", "Phòng Hồ sơ nghiệp vụ, Công an thành phố Hà Nội")


def test_a_merged_province_ends_and_leaves_its_stage_to_nobody(reference: Reference) -> None:
    last_day = date(2025, 6, 30)
    assert reference.is_active_with_post("long-an", last_day)
    assert reference.agency("long-an", last_day + timedelta(days=1)) is None
    assert not reference.is_active_with_post("tay-ninh", TODAY)


def test_an_agency_keeps_its_id_when_its_code_changes(reference: Reference) -> None:
    codes = [reference.agency("bac-ninh", day) for day in (date(2025, 6, 30), date(2025, 7, 1))]
    assert [agency.province if agency else None for agency in codes] == ["27", "24"]
    assert reference.agency("hue", LETTER) is not None


def test_nothing_is_known_before_the_letter(reference: Reference) -> None:
    assert reference.agency("hanoi", LETTER - timedelta(days=1)) is None


def test_a_later_stage_holds_from_its_day(broken: Broken) -> None:
    folder = broken(
        "agencies.toml",
        "[defaults]",
        '[[stages]]\nagency = "hue"\nstage = "online"\nsince = 2026-02-01\nsource = "Kế hoạch"\n\n[defaults]',
    )
    reference = load_reference(folder)
    stages = [reference.agency("hue", day) for day in (date(2026, 1, 31), date(2026, 2, 1))]
    assert [(each.stage, each.since) if each else None for each in stages] == [
        ("none", LETTER),
        ("online", date(2026, 2, 1)),
    ]


def test_the_four_procedures_have_their_papers_and_limits(reference: Reference) -> None:
    procedures = {procedure.procedure: procedure for procedure in reference.procedures(TODAY)}
    assert set(procedures) == {"criminal-record-1", "criminal-record-2", "birth-registration", "marital-status"}
    number_1, number_2 = procedures["criminal-record-1"], procedures["criminal-record-2"]
    assert (number_1.limit(foreign_or_many_residences=False), number_1.limit(foreign_or_many_residences=True)) == (10, 15)
    assert number_1.agent.relations == {"father", "mother", "wife", "husband", "child"}
    assert not number_1.needs_authorisation("mother")
    assert number_1.needs_authorisation("friend")
    assert not number_2.agent.allowed
    assert all(any(document.required for document in procedure.documents) for procedure in procedures.values())


def test_the_checklist_holds_what_this_dossier_needs(reference: Reference) -> None:
    procedure = reference.procedure("criminal-record-1", TODAY)
    assert procedure is not None
    plain = procedure.checklist(authorisation=False, fee_class="standard", postal_return=False)
    assert [document.document for document in plain] == ["declaration", "identity_copy"]
    full = procedure.checklist(authorisation=True, fee_class="exempt", postal_return=True)
    assert {document.document for document in full} == {document.document for document in procedure.documents}


def test_forms_and_the_minimum_age_change_with_the_law(reference: Reference) -> None:
    before, after = date(2024, 6, 30), date(2024, 7, 1)
    forms = []
    for day in (before, after):
        procedure = reference.procedure("criminal-record-2", day)
        assert procedure is not None
        forms.append([form.form for form in procedure.forms_on(day)])
    assert forms == [["03/2013/TT-LLTP"], ["03/2024/LLTP"]]
    ages = [reference.procedure("criminal-record-1", day) for day in (date(2026, 6, 30), date(2026, 7, 1))]
    assert [procedure.minimum_age if procedure else None for procedure in ages] == [0, 16]


def test_every_procedure_has_a_price_on_every_day_it_is_there(reference: Reference) -> None:
    for day in (LETTER, date(2017, 1, 1), date(2025, 3, 1), date(2026, 7, 1), TODAY):
        for procedure in reference.procedures(day):
            quoted = quote(
                reference.fee_book,
                procedure=procedure.procedure,
                fee_class="standard",
                copies=1,
                agency="hanoi",
                channel="counter",
                on=day,
                pickup_zone="same_province",
                delivery_zone="other_province",
            )
            assert quoted.total_vnd > 0
            assert quoted.rule_version == reference.version


def test_the_certificate_costs_what_the_circulars_say(reference: Reference) -> None:
    def fee(on: date, copies: int = 3) -> int:
        return quote(
            reference.fee_book,
            procedure="criminal-record-1",
            fee_class="standard",
            copies=copies,
            agency="hanoi",
            channel="counter",
            on=on,
        ).total_vnd

    assert (fee(date(2016, 12, 31)), fee(date(2017, 1, 1)), fee(TODAY)) == (203_000, 205_000, 205_000)
    assert fee(TODAY, copies=2) == 200_000


def test_the_calendar_knows_tet_national_day_and_the_swapped_days(reference: Reference) -> None:
    calendar = reference.calendar
    assert {2024, 2025, 2026, 2027} <= calendar.years
    for day in (date(2024, 2, 12), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 8), date(2026, 9, 1)):
        assert not calendar.is_working_day(day)
    assert not calendar.is_working_day(date(2026, 1, 2))
    assert calendar.is_working_day(date(2026, 1, 10))
    assert calendar.is_working_day(date(2026, 2, 23))
    assert calendar.add_working_days(date(2026, 2, 13), 1) == date(2026, 2, 23)


def test_post_offices_lie_in_wards_of_today_and_can_be_called(reference: Reference, units: Units) -> None:
    for office in reference.post_offices():
        ward = units.ward(office.ward_code)
        assert ward is not None
        assert (ward.name, ward.province_code) == (office.ward, office.province)
        assert read_phone(office.phone) == office.phone
        assert abs(office.lat - ward.lat) < 0.2
        assert abs(office.lon - ward.lon) < 0.2
        assert reference.post_office(office.post_office) is office
    for agency in ACTIVE:
        found = reference.agency(agency, TODAY)
        assert found is not None
        assert len(reference.post_offices(found.province)) >= 4


def test_the_version_follows_the_content_and_not_the_comments(broken: Broken, reference: Reference) -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", reference.version)
    folder = broken("fees.toml", "# What a request costs", "# Another remark\n# What a request costs")
    assert load_reference(folder).version == reference.version
    folder = broken("fees.toml", "amount_vnd = 30000", "amount_vnd = 31000")
    assert load_reference(folder).version != reference.version


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "reason"),
    [
        ("agencies.toml", 'stage = "online_with_post" }', 'stage = "by_pigeon" }', "old_list.provinces[0].stage", "Input"),
        ("agencies.toml", "[defaults]", "[default]", "defaults", "Field required"),
        ("agencies.toml", "valid_from = 2025-07-01", "valid_from = 2025-07-02", "", "the day after"),
        ("agencies.toml", '"02", "08"', '"08"', "new_list.provinces", "Hà Giang (02) is merged 0 times"),
        ("agencies.toml", '"02", "08"', '"02", "08", "05"', "new_list.provinces", "no province 05"),
        (
            "agencies.toml",
            'agency = "cao-bang", no',
            'agency = "hanoi", no',
            "old_list.provinces",
            "hanoi stands here 2 times",
        ),
        ("agencies.toml", "valid_to = 2025-02-28", "valid_to = 2025-02-27", "authorities", "nothing holds on 2025-02-28"),
        ("agencies.toml", "valid_to = 2025-02-28", "valid_to = 2025-03-28", "authorities[1]", "at the same time"),
        ("agencies.toml", 'agency = "hanoi"\nlevel', 'agency = "ha-noi"\nlevel', "agencies[0].agency", "no agency ha-noi"),
        (
            "agencies.toml",
            'agency = "hanoi"\nlevel',
            'agency = "hue"\nlevel',
            "agencies",
            "hanoi has the post but no office",
        ),
        (
            "procedures.toml",
            "limit_working_days = 10",
            "limit_working_days = 0",
            "procedures[0].limit_working_days",
            "greater",
        ),
        (
            "procedures.toml",
            '"identity_copy", "authorisation"',
            '"passport"',
            "procedures[0].documents",
            "no document passport",
        ),
        (
            "procedures.toml",
            "valid_to = 2026-06-30",
            "valid_to = 2026-07-01",
            "procedures[2]",
            "at the same time as procedures[0]",
        ),
        (
            "procedures.toml",
            "agent = { allowed = true",
            "agent = { allowed = false",
            "procedures[0].agent",
            "nobody may act",
        ),
        ("fees.toml", "standard = 200000", "standard = 200000.5", "state_fees[0].base_vnd.standard", "integer"),
        ("fees.toml", "reduced = 100000, ", "", "state_fees[0]", "no amount for reduced"),
        (
            "fees.toml",
            "valid_from = 2017-01-01",
            "valid_from = 2016-12-31",
            "state_fees[1]",
            "at the same time as state_fees[0]",
        ),
        ("fees.toml", 'agency = "hanoi"', 'agency = "hanoy"', "subsidies[0].agency", "no agency hanoy"),
        ("fees.toml", '["marital-status"]', '["marriage"]', "state_fees[4].procedures", "no procedure marriage"),
        ("fees.toml", "percent = 100", "percent = 101", "subsidies[0].percent", "less than or equal to 100"),
        ("fees.toml", 'zone = "other_province"', 'zone = "same_province"', "postage", "pickup, other_province"),
        ("fees.toml", "valid_to = 2016-12-31", "valid_to = 2009-12-31", "state_fees[0]", "valid_to lies before valid_from"),
        ("calendar.toml", "2024-01-01", "2025-01-01", "years[0]", "2025-01-01 is not a day of 2024"),
        ("calendar.toml", "worked = 2026-01-10", "worked = 2026-01-12", "", "2026-01-12 is no rest day"),
        ("calendar.toml", "year = 2025", "year = 2024", "years[1]", "not a day of 2024"),
        ("post_offices.toml", 'province = "01"', 'province = "02"', "post_offices[0].province", "no province 02"),
        ("post_offices.toml", 'phone = "+84', 'phone = "84', "post_offices[0].phone", "pattern"),
        ("post_offices.toml", "lat = 21", "lat = 121", "post_offices[0].lat", "less than or equal"),
        ("post_offices.toml", '"100002"', '"100001"', "post_offices", "100001 stands here 2 times"),
    ],
)
def test_a_fault_is_named_by_file_key_and_reason(
    broken: Broken, *, file: str, old: str, new: str, key: str, reason: str
) -> None:
    folder = broken(file, old, new)
    with pytest.raises(ReferenceDataError) as caught:
        load_reference(folder)
    assert any(each.file == file and each.key == key and reason in each.reason for each in caught.value.findings), str(
        caught.value
    )


def test_all_faults_are_told_at_once(broken: Broken) -> None:
    broken("fees.toml", "percent = 100", "percent = 0")
    folder = broken("calendar.toml", "weekly_rest = [6, 7]", "weekly_rest = [0]")
    with pytest.raises(ReferenceDataError) as caught:
        load_reference(folder)
    assert {finding.file for finding in caught.value.findings} == {"fees.toml", "calendar.toml"}
    assert "fees.toml: subsidies[0].percent: " in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(broken: Broken) -> None:
    folder = broken("fees.toml", "[[state_fees]]", "[[state_fees]")
    (folder / "calendar.toml").unlink()
    with pytest.raises(ReferenceDataError) as caught:
        load_reference(folder)
    assert [finding.file for finding in caught.value.findings] == ["fees.toml", "calendar.toml"]
