"""The sample tables of the demo must fit the reference data they are loaded beside."""

import csv
from datetime import date
from pathlib import Path

import pytest

import config
from config.reference import Reference, load_reference
from postal_service.kit.phone import is_mobile, read_phone
from postal_service.kit.units import Units

FOLDER = Path(config.__file__).parent
TODAY = date(2026, 11, 22)


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / "samples" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def reference() -> Reference:
    return load_reference(FOLDER)


@pytest.fixture(scope="module")
def units() -> Units:
    return Units.load()


def office_codes(reference: Reference) -> set[str]:
    return {office.post_office for office in reference.post_offices()} | {row["post_office"] for row in rows("offices")}


def test_sample_offices_are_new_and_lie_in_their_ward(reference: Reference, units: Units) -> None:
    for row in rows("offices"):
        assert reference.post_office(row["post_office"]) is None
        assert units.find_ward(row["province"], row["ward"]) is units.ward(row["ward_code"])
        assert read_phone(row["phone"]) == row["phone"]


def test_sample_workers_belong_to_an_office_and_can_be_called(reference: Reference) -> None:
    codes = [row["employee_code"] for row in rows("workers")]
    assert len(codes) == len(set(codes))
    assert all(row["post_office"] in office_codes(reference) for row in rows("workers"))
    assert all(read_phone(row["phone"]) == row["phone"] and is_mobile(row["phone"]) for row in rows("workers"))


def test_sample_rounds_name_a_worker_of_their_office(units: Units) -> None:
    office_of = {row["employee_code"]: row["post_office"] for row in rows("workers")}
    for row in rows("rounds"):
        assert units.find_ward(row["province"], row["ward"]) is units.ward(row["ward_code"])
        assert office_of[row["employee_code"]] == row["post_office"]
        assert set(row["weekdays"]) <= set("1234567")
        assert date.fromisoformat(row["valid_from"]) <= TODAY


def test_sample_rounds_cover_all_five_provinces(reference: Reference) -> None:
    served = [row["province"] for row in rows("rounds")]
    active = {agency.province for agency in reference.agencies(TODAY) if agency.active_with_post}
    assert set(served) == active
    assert served.count("01") >= 10
    wards = [row["ward_code"] for row in rows("rounds")]
    assert len(wards) == len(set(wards))


def test_sample_staff_work_for_active_agencies(reference: Reference) -> None:
    assert all(reference.is_active_with_post(row["agency"], TODAY) for row in rows("staff"))
