import sys
from collections import Counter
from subprocess import run
from timeit import timeit

import pytest

from postal_service.kit.units import PlaceUnknown, UnitList, Units


@pytest.fixture(scope="module")
def units() -> Units:
    return Units.load()


def test_there_are_34_provinces_and_3321_wards_each_on_the_map_of_vietnam(units: Units) -> None:
    assert len(units.provinces) == 34
    assert len(units.wards) == 3321
    assert Counter(ward.kind for ward in units.wards) == {"Xã": 2621, "Phường": 687, "Đặc khu": 13}
    points = [(unit.lat, unit.lon) for unit in units.provinces] + [(unit.lat, unit.lon) for unit in units.wards]
    assert all(6 < lat < 24 and 102 < lon < 118 for lat, lon in points)
    assert {ward.province_code for ward in units.wards} == {province.code for province in units.provinces}


def test_every_ward_is_found_by_its_own_name_and_code(units: Units) -> None:
    for ward in units.wards:
        assert units.find_ward(ward.province_code, ward.name) is ward
        assert units.find_ward(ward.province_code, ward.code) is ward


@pytest.mark.parametrize(
    "typed",
    [
        "Phường Ba Đình",
        "phường ba đình",
        "PHƯỜNG BA ĐÌNH",
        "P. Ba Đình",
        "P.Ba Đình",
        "p ba dinh",
        "Ba Đình",
        "  Ba   Đình ",
        "ba dinh",
        "Ba \u0110i\u0300nh",
        "00004",
    ],
)
def test_a_ward_is_found_as_people_write_it(units: Units, typed: str) -> None:
    ward = units.find_ward("01", typed)
    assert ward is not None
    assert (ward.code, ward.name) == ("00004", "Phường Ba Đình")


def test_a_ward_code_of_another_province_is_not_taken(units: Units) -> None:
    assert units.find_ward("79", "00004") is None


def test_marks_and_kind_tell_wards_of_one_spelling_apart(units: Units) -> None:
    assert [ward.name for ward in units.wards_named("82", "my tho")] == ["Phường Mỹ Tho", "Xã Mỹ Thọ"]
    assert [ward.name for ward in units.wards_named("82", "Mỹ Thọ")] == ["Xã Mỹ Thọ"]
    assert [ward.name for ward in units.wards_named("82", "phuong my tho")] == ["Phường Mỹ Tho"]
    assert [ward.name for ward in units.wards_named("31", "Cẩm Giàng")] == ["Xã Cẩm Giàng"]


def test_a_slip_in_a_wards_name_brings_the_nearest_names(units: Units) -> None:
    with pytest.raises(PlaceUnknown) as caught:
        units.resolve("01", "Phường Ba Điình")
    assert (caught.value.field, caught.value.reason) == ("ward", "unknown")
    assert caught.value.candidates[0].name == "Phường Ba Đình"


def test_an_old_ward_without_its_district_brings_the_ward_of_today(units: Units) -> None:
    with pytest.raises(PlaceUnknown) as caught:
        units.resolve("01", "Phúc Xá")
    assert [unit.name for unit in caught.value.candidates] == ["Phường Hồng Hà"]


def test_wards_that_cannot_be_told_apart_are_all_named(units: Units) -> None:
    with pytest.raises(PlaceUnknown) as caught:
        units.resolve("82", "my tho")
    assert caught.value.reason == "ambiguous"
    assert [unit.code for unit in caught.value.candidates] == [ward.code for ward in units.wards_named("82", "my tho")]


def test_a_code_is_read_in_the_34_list_without_a_district_and_in_the_63_list_with_one(units: Units) -> None:
    today = units.resolve("24", "Võ Cường")
    assert (today.province.short_name, today.given_list) == ("Bắc Ninh", UnitList.THIRTY_FOUR)
    before = units.resolve("24", "P. Trần Phú", "TP. Bắc Giang")
    assert (before.province.short_name, before.given_code, before.given_list) == ("Bắc Ninh", "24", UnitList.SIXTY_THREE)
    assert before.ward.name == "Phường Bắc Giang"
    assert units.resolve("27", "Võ Cường", "Bắc Ninh").ward is today.ward


@pytest.mark.parametrize(
    ("code", "before", "today"),
    [
        ("15", "Yên Bái", "Lào Cai"),
        ("24", "Bắc Giang", "Bắc Ninh"),
        ("44", "Quảng Bình", "Quảng Trị"),
        ("52", "Bình Định", "Gia Lai"),
        ("80", "Long An", "Tây Ninh"),
        ("82", "Tiền Giang", "Đồng Tháp"),
        ("91", "Kiên Giang", "An Giang"),
    ],
)
def test_the_codes_that_changed_their_meaning(units: Units, code: str, before: str, today: str) -> None:
    old, new = units.old_province(code), units.province(code)
    assert old is not None
    assert new is not None
    assert (old.short_name, new.short_name) == (before, today)
    assert old.today_code == code


def test_every_other_shared_code_names_the_same_province(units: Units) -> None:
    changed = {"15", "24", "44", "52", "80", "82", "91"}
    for province in units.provinces:
        old = units.old_province(province.code)
        assert old is not None
        assert (old.short_name == province.short_name) is (province.code not in changed)


@pytest.mark.parametrize(
    ("province", "district", "ward", "today"),
    [
        ("79", "Q1", "Bến Nghé", "Phường Sài Gòn"),
        ("79", "Quận 3", "P.5", "Phường Bàn Cờ"),
        ("79", "Q.3", "Phường 05", "Phường Bàn Cờ"),
        ("80", "TP Tân An", "Phường 1", "Phường Long An"),
        ("46", "Quận Thuận Hóa", "Phường Đúc", "Phường Thuận Hóa"),
        ("48", "Huyện Hoàng Sa", "Hoàng Sa", "Đặc khu Hoàng Sa"),
    ],
)
def test_an_old_address_leads_to_the_ward_that_took_it_over(
    units: Units, province: str, district: str, ward: str, today: str
) -> None:
    assert units.resolve(province, ward, district).ward.name == today


def test_a_new_ward_beside_its_old_district_is_taken(units: Units) -> None:
    assert units.resolve("01", "Phường Ba Đình", "Quận Ba Đình").ward.code == "00004"
    with pytest.raises(PlaceUnknown):
        units.resolve("01", "Phường Ba Đình", "Huyện Đông Anh")


def test_a_ward_that_was_split_has_to_be_named_anew(units: Units) -> None:
    with pytest.raises(PlaceUnknown) as caught:
        units.resolve("92", "Xã Tân Thạnh", "Huyện Thới Lai")
    assert (caught.value.field, caught.value.reason) == ("ward", "split")
    assert {unit.name for unit in caught.value.candidates} == {"Xã Trường Thành", "Xã Tân Thạnh"}


def test_every_old_ward_leads_somewhere(units: Units) -> None:
    today = {ward.code for ward in units.wards}
    outcomes: Counter[str] = Counter()
    for number in range(1, 97):
        code = f"{number:02d}"
        if units.old_province(code) is None:
            continue
        for district in units._old_districts(code).units:
            for heirs in district.wards.units:
                assert set(heirs) <= today
                outcomes["split" if len(heirs) > 1 else "whole"] += 1
    assert outcomes == {"whole": 9569, "split": 471}


def test_unknown_provinces_and_districts_are_named_as_such(units: Units) -> None:
    for province, district, field in (("99", None, "province"), ("99", "x", "province"), ("01", "nowhere", "district")):
        with pytest.raises(PlaceUnknown) as caught:
            units.resolve(province, "x", district)
        assert (caught.value.field, caught.value.reason) == (field, "unknown")


def test_a_province_that_ended_brings_the_one_it_is_part_of(units: Units) -> None:
    with pytest.raises(PlaceUnknown) as caught:
        units.resolve("26", "Đồng Tâm")
    assert [unit.name for unit in caught.value.candidates] == ["Tỉnh Phú Thọ"]


def test_a_province_is_found_by_name(units: Units) -> None:
    for typed in ("Hà Nội", "TP. Hà Nội", "thanh pho ha noi"):
        province = units.province_named(typed)
        assert province is not None
        assert province.code == "01"
    assert units.province_named("Atlantis") is None


def test_a_look_up_takes_microseconds(units: Units) -> None:
    rounds = 2000
    assert timeit(lambda: units.find_ward("01", "P. Ba Đình"), number=rounds) / rounds < 200e-6


def test_the_data_package_is_read_but_never_imported() -> None:
    program = (
        "import sys; from postal_service.kit.units import Units; Units.load().resolve('01', 'Phúc Xá', 'Ba Đình');"
        "sys.exit('vietnamadminunits' in sys.modules or 'geopy' in sys.modules)"
    )
    assert run([sys.executable, "-c", program], check=False).returncode == 0
