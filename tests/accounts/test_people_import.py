from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import config
from postal_service.accounts import people
from postal_service.accounts.models import PostalWorker, Staff
from postal_service.kit.importing import ImportResult
from postal_service.kit.sheets import read_rows

pytestmark = pytest.mark.usefixtures("database")

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
SAMPLES = Path(config.__file__).parent / "samples"
AREAS = {"100001": "01", "100002": "01", "700001": "79"}
WORKERS = """Mã nhân viên;Họ và tên;SĐT;Bưu cục
BT-001;Trần  Văn Bưu;0912 345 678;100001
BT-002;Lê Thị Thư;912345679;100002
BT-003;Võ Thanh Tùng;+84912345680;700001
"""
STAFF = """Tên đăng nhập;Họ và tên;Cơ quan;Vai trò
lan.hanoi;Phạm Thị Lan;hanoi;clerk
mai.hanoi;Đỗ Thị Mai;hanoi;Clerk, accountant
tam.danang;Hồ Văn Tâm;da-nang;supervisor
"""


async def workers(text: str, *, dry_run: bool = False, now: datetime = NOW) -> ImportResult:
    rows = read_rows(text.encode(), people.WORKER_COLUMNS)
    return await people.import_workers(rows, AREAS, dry_run=dry_run, now=now)


async def staff(text: str, *, dry_run: bool = False, now: datetime = NOW) -> ImportResult:
    return await people.import_staff(
        read_rows(text.encode(), people.STAFF_COLUMNS),
        agencies={"hanoi", "da-nang"},
        roles={"clerk", "accountant", "supervisor", "admin"},
        kept={"admin"},
        dry_run=dry_run,
        now=now,
    )


def without(text: str, beginning: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(beginning))


async def test_a_list_of_workers_is_taken_in() -> None:
    result = await workers(WORKERS)
    assert (result.added, result.errors, result.written) == (("BT-001", "BT-002", "BT-003"), (), True)
    worker = await PostalWorker.get(employee_code="BT-001")
    assert (worker.full_name, worker.phone, worker.post_office) == ("Trần Văn Bưu", "+84912345678", "100001")
    assert (worker.active, worker.valid_from, worker.valid_to) == (True, TODAY, None)
    assert [w.employee_code for w in await people.workers_of_offices(["100001", "700001"])] == ["BT-001", "BT-003"]
    assert await people.workers_of_offices([]) == []


async def test_the_same_lists_again_change_nothing() -> None:
    await workers(WORKERS)
    await staff(STAFF)
    for take, text in ((workers, WORKERS), (staff, STAFF)):
        again = await take(text, now=NOW + timedelta(days=9))
        assert (again.added, again.changed, again.closed, len(again.unchanged)) == ((), (), (), 3)


async def test_a_preview_tells_the_same_and_writes_nothing() -> None:
    for take, text in ((workers, WORKERS), (staff, STAFF)):
        preview = await take(text, dry_run=True)
        assert await PostalWorker.all().count() + await Staff.all().count() in (0, 3)
        assert preview == replace(await take(text), written=False)


async def test_a_worker_who_left_is_closed_though_the_only_one_of_the_office() -> None:
    await workers(WORKERS)
    await PostalWorker.filter(employee_code="BT-002").update(pin_hash="kept")
    shorter = without(WORKERS, "BT-002")
    assert (await workers(shorter)).closed == ("BT-002",)
    gone = await PostalWorker.get(employee_code="BT-002")
    assert (gone.active, gone.valid_to) == (False, TODAY)
    assert await people.workers_of_offices(["100002"]) == []
    assert (await workers(shorter)).closed == ()


async def test_a_worker_who_comes_back_begins_anew() -> None:
    await workers(WORKERS)
    await workers(without(WORKERS, "BT-002"))
    back = NOW + timedelta(days=30)
    assert (await workers(WORKERS, now=back)).changed == ("BT-002 (active, valid_to)",)
    worker = await PostalWorker.get(employee_code="BT-002")
    assert (worker.active, worker.valid_from, worker.valid_to) == (True, back.date(), None)


async def test_a_list_of_one_province_closes_nobody_elsewhere() -> None:
    await workers(WORKERS)
    assert (await workers(without(WORKERS, "BT-003"))).closed == ()


async def test_a_worker_who_moved_is_changed() -> None:
    await workers(WORKERS)
    result = await workers(WORKERS.replace("912345679;100002", "912345679;100001"))
    assert result.changed == ("BT-002 (post_office)",)


async def test_every_mistake_of_a_workers_list_is_named_and_nothing_is_written() -> None:
    result = await workers(WORKERS + "BT-001;Trùng Mã;0912345681;100001\nBT-004;;12;\nBT-005;Sai Chỗ;0912345682;999999\n")
    assert [(error.row, error.column) for error in result.errors] == [
        (5, "employee_code"),
        (6, "post_office"),
        (6, "name"),
        (6, "phone"),
        (7, "post_office"),
    ]
    assert await PostalWorker.all().count() == 0


async def test_a_list_of_staff_is_taken_in_with_their_roles() -> None:
    assert (await staff(STAFF)).written
    member = await Staff.get(username="mai.hanoi")
    assert (member.agency, member.roles, member.active, member.password_hash) == (
        "hanoi",
        ["accountant", "clerk"],
        True,
        None,
    )


async def test_staff_who_left_are_closed_and_administrators_are_not_locked_out() -> None:
    await staff(STAFF + "chu.hanoi;Ngô Văn Chủ;hanoi;admin\n")
    await Staff.filter(username="mai.hanoi").update(password_hash="kept")
    result = await staff(without(without(STAFF, "mai"), "tam"))
    assert (result.closed, result.unchanged) == (("mai.hanoi",), ("lan.hanoi",))
    gone = await Staff.get(username="mai.hanoi")
    assert (gone.active, gone.closed_on) == (False, TODAY)
    assert (await staff(STAFF)).changed == ("mai.hanoi (active, closed_on)",)
    assert (await Staff.get(username="mai.hanoi")).password_hash == "kept"


async def test_every_mistake_of_a_staff_list_is_named_and_nothing_is_written() -> None:
    result = await staff(STAFF + "Có Dấu;Ai Đó;hanoi;clerk\nx.hue;Ai Đó;hue;king\ny.hanoi;;;\n")
    assert [(error.row, error.column) for error in result.errors] == [
        (5, "username"),
        (6, "agency"),
        (6, "role"),
        (7, "agency"),
        (7, "role"),
        (7, "name"),
    ]
    assert await Staff.all().count() == 0


async def test_the_sample_lists_load() -> None:
    rows = read_rows((SAMPLES / "workers.csv").read_bytes(), people.WORKER_COLUMNS)
    areas = {row.cells["post_office"]: row.cells["post_office"][:2] for row in rows}
    assert (await people.import_workers(rows, areas, dry_run=False, now=NOW)).written
    rows = read_rows((SAMPLES / "staff.csv").read_bytes(), people.STAFF_COLUMNS)
    agencies, roles = ({row.cells[column] for row in rows} for column in ("agency", "role"))
    result = await people.import_staff(rows, agencies=agencies, roles=roles, dry_run=False, now=NOW)
    assert result.written
