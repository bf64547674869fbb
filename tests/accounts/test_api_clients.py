import pytest

from postal_service.accounts.models import ApiClient
from postal_service.accounts.permissions import Caller, Scope
from postal_service.accounts.service import Accounts
from postal_service.kit.problems import Problem
from tests.accounts.conftest import HandClock


async def test_a_new_client_is_known_by_its_key(accounts: Accounts) -> None:
    made = await accounts.create_api_client("Cổng Hà Nội", [Scope.REQUESTS_WRITE, Scope.REQUESTS_READ], "hanoi")
    caller = await accounts.authenticate(made.key)
    assert caller == Caller(made.client_id, frozenset({"requests:write", "requests:read"}), "hanoi")


async def test_the_key_is_stored_nowhere_and_never_printed(accounts: Accounts) -> None:
    made = await accounts.create_api_client("Cổng", [Scope.ADMIN])
    secret = made.key.partition(".")[2]
    (row,) = await ApiClient.all().values()
    assert secret not in str(row)
    assert secret not in repr(made)
    # 256 bits in url-safe base64.
    assert len(secret) >= 43


@pytest.mark.parametrize("bearer", ["", "x", ".", "01ARZ3NDEKTSV4RRFFQ69G5FAV.secret", "khoá", "\udcff", "a" * 5000])
async def test_what_is_no_key_of_ours_is_nobody(accounts: Accounts, bearer: str) -> None:
    assert await accounts.authenticate(bearer) is None


async def test_half_a_key_or_one_with_a_wrong_letter_is_nobody(accounts: Accounts) -> None:
    made = await accounts.create_api_client("Cổng", [Scope.ADMIN])
    other = await accounts.create_api_client("Khác", [Scope.REQUESTS_READ])
    mixed = made.client_id + "." + other.key.partition(".")[2]
    for wrong in (made.key[:-1], made.key + "A", made.client_id, mixed):
        assert await accounts.authenticate(wrong) is None


async def test_a_revoked_key_is_worthless_here_at_once(accounts: Accounts) -> None:
    made = await accounts.create_api_client("Cổng", [Scope.ADMIN])
    assert await accounts.authenticate(made.key)
    await accounts.revoke_api_client(made.client_id)
    assert await accounts.authenticate(made.key) is None
    with pytest.raises(Problem, match="not_found"):
        await accounts.revoke_api_client(made.client_id)


async def test_another_process_honours_a_revocation_within_half_a_minute(accounts: Accounts, clock: HandClock) -> None:
    elsewhere = Accounts(clock)
    made = await accounts.create_api_client("Cổng", [Scope.ADMIN])
    assert await elsewhere.authenticate(made.key)
    await accounts.revoke_api_client(made.client_id)
    clock.forward(seconds=30)
    assert await elsewhere.authenticate(made.key) is None


async def test_a_good_key_is_remembered_for_a_moment(accounts: Accounts, clock: HandClock) -> None:
    made = await accounts.create_api_client("Cổng", [Scope.ADMIN])
    await accounts.authenticate(made.key)
    await ApiClient.all().delete()
    clock.forward(seconds=29)
    assert await accounts.authenticate(made.key)
    clock.forward(seconds=1)
    assert await accounts.authenticate(made.key) is None


async def test_a_client_without_any_scope_is_not_made(accounts: Accounts) -> None:
    with pytest.raises(Problem, match="scope_required"):
        await accounts.create_api_client("Cổng", [])
    assert await ApiClient.all().count() == 0
