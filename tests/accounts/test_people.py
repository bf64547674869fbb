from datetime import date

import pytest

from postal_service.accounts.models import PostalWorker, Staff
from postal_service.accounts.service import Accounts, Worker
from postal_service.kit.problems import Problem
from tests.accounts.conftest import HandClock


async def test_a_worker_is_found_by_code_with_the_phone_in_e164(accounts: Accounts) -> None:
    worker_id = await accounts.upsert_worker("BT-001", "  Trần  Văn Bưu ", "0912 345 678", "100000")
    assert await accounts.worker_by_code("BT-001") == Worker(
        worker_id, "BT-001", "Trần Văn Bưu", "+84912345678", "100000", active=True
    )
    assert await accounts.worker_by_code("BT-002") is None


async def test_loading_a_worker_again_changes_what_changed_and_nothing_else(accounts: Accounts, clock: HandClock) -> None:
    first = await accounts.upsert_worker("BT-001", "Trần Văn Bưu", "0912345678", "100000")
    clock.forward(days=3)
    again = await accounts.upsert_worker("BT-001", "Trần Văn Bưu", "0987654321", "100100")
    assert first == again
    row = await PostalWorker.get(id=first)
    assert (row.phone, row.post_office, row.valid_from) == ("+84987654321", "100100", date(2026, 3, 2))


async def test_who_leaves_is_closed_and_stays_known(accounts: Accounts, clock: HandClock) -> None:
    await accounts.upsert_worker("BT-001", "Trần Văn Bưu", "0912345678", "100000")
    await accounts.close_worker("BT-001", date(2026, 3, 31))
    gone = await accounts.worker_by_code("BT-001")
    assert gone is not None
    assert not gone.active
    with pytest.raises(Problem, match="not_found"):
        await accounts.close_worker("BT-001", date(2026, 4, 1))
    clock.forward(days=60)
    await accounts.upsert_worker("BT-001", "Trần Văn Bưu", "0912345678", "100000")
    row = await PostalWorker.get(employee_code="BT-001")
    assert (row.active, row.valid_from, row.valid_to) == (True, date(2026, 5, 1), None)


async def test_a_worker_without_a_phone_that_can_ring_is_refused(accounts: Accounts) -> None:
    with pytest.raises(Problem) as refusal:
        await accounts.upsert_worker("BT-001", "Trần Văn Bưu", "123", "100000")
    assert [error.pointer for error in refusal.value.errors] == ["/phone"]
    assert await PostalWorker.all().count() == 0


async def test_staff_are_taken_in_changed_and_closed(accounts: Accounts) -> None:
    first = await accounts.upsert_staff("lan.hanoi", "Phạm Thị Lan", "hanoi", {"clerk", "auditor"})
    again = await accounts.upsert_staff("lan.hanoi", "Phạm Thị Lan", "hanoi", {"clerk"})
    assert first == again
    (member,) = await Staff.all()
    assert (member.id, member.roles, member.agency, member.active) == (first, ["clerk"], "hanoi", True)
    await accounts.close_staff("lan.hanoi", date(2026, 3, 31))
    member = await Staff.get(id=first)
    assert (member.active, member.closed_on) == (False, date(2026, 3, 31))
    with pytest.raises(Problem, match="not_found"):
        await accounts.close_staff("lan.hanoi", date(2026, 3, 31))
