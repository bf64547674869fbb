import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import BaseTestServer, TestServer
from pydantic import SecretStr, ValidationError

from carriers.errors import CredentialsBad, TryLater
from carriers.registry import CarrierSettings, build_enabled
from carriers.simulator.bench import a_request
from carriers.simulator.server import make_app
from carriers.vnpost.adapter import VNPost
from carriers.vnpost.settings import VNPostSettings

Make = Callable[..., VNPost]


@pytest.fixture
def calls() -> Counter[tuple[str, str]]:
    return Counter()


@pytest.fixture
async def simulator() -> AsyncIterator[BaseTestServer]:
    async with TestServer(make_app("vnpost", credentials=("demo", "right"))) as server:
        yield server


@pytest.fixture
async def make(simulator: BaseTestServer, calls: Counter[tuple[str, str]]) -> AsyncIterator[Make]:
    made: list[VNPost] = []

    def observe(_carrier: str, call: str, outcome: str, _seconds: float) -> None:
        calls[call, outcome] += 1

    def make(**changes: object) -> VNPost:
        settings = {"base_url": str(simulator.make_url("")), "username": "demo", "password": "right", "customer_code": "T0"}
        made.append(VNPost(VNPostSettings.model_validate({**settings, **changes}), observe))
        return made[-1]

    yield make
    for carrier in made:
        await carrier.close()


async def test_many_calls_at_once_sign_in_once(make: Make, calls: Counter[tuple[str, str]]) -> None:
    carrier = make()
    await asyncio.gather(*(carrier.find_by_reference(f"LT-{i}") for i in range(20)))
    assert calls["GetAccessToken", "ok"] == 1


async def test_many_calls_with_an_expired_token_renew_it_once(
    make: Make, simulator: BaseTestServer, calls: Counter[tuple[str, str]]
) -> None:
    carrier = make(max_concurrency=50)
    await carrier.probe()
    async with ClientSession() as control, control.post(simulator.make_url("/_sim/expire-tokens")) as answer:
        assert answer.ok
    await asyncio.gather(*(carrier.find_by_reference(f"LT-{i}") for i in range(20)))
    assert calls["GetAccessToken", "ok"] == 2
    assert calls["getOrder", "ok"] == 20


async def test_wrong_credentials_are_said_plainly(make: Make, calls: Counter[tuple[str, str]]) -> None:
    carrier = make(password=SecretStr("wrong"))
    with pytest.raises(CredentialsBad):
        await carrier.probe()
    with pytest.raises(CredentialsBad):
        await carrier.create(a_request("LT-1"))
    assert calls["CreateOrder", "ok"] == 0


async def test_the_older_paths_are_a_setting(make: Make) -> None:
    carrier = make(path_prefix="customer-partner/")
    booking = await carrier.create(a_request("LT-1"))
    assert (await carrier.track(booking.item_number or ""))[0].code == "1"


async def test_a_carrier_that_is_down_did_nothing(make: Make) -> None:
    with pytest.raises(TryLater):
        await make(base_url="http://127.0.0.1:1").create(a_request("LT-1"))


async def test_money_collected_from_the_receiver_is_part_of_the_quote(make: Make) -> None:
    booking = await make().create(a_request("LT-1", collect_from_receiver_vnd=200_000))
    assert booking.postage_vnd == 27_000


async def test_only_enabled_carriers_are_built() -> None:
    assert build_enabled(CarrierSettings()) == {}
    built = build_enabled(CarrierSettings(vnpost=VNPostSettings(enabled=True)))
    assert list(built) == ["vnpost"]
    for carrier in built.values():
        await carrier.close()


@pytest.mark.parametrize(
    "wrong", [{"base_url": "connect-my.vnpost.vn"}, {"signature_scheme": "either"}, {"timeout_seconds": 0}, {"user": "x"}]
)
def test_settings_that_make_no_sense_are_not_taken(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        VNPostSettings.model_validate(wrong)


def test_the_password_is_not_shown() -> None:
    assert "hush" not in repr(VNPostSettings(password=SecretStr("hush")))
