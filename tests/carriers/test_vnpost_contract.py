from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from carriers.contract import CarrierContract
from carriers.simulator.bench import Bench, running_bench
from carriers.simulator.keys import KeyFiles
from carriers.vnpost.adapter import VNPost
from carriers.vnpost.settings import SignatureScheme, VNPostSettings


@pytest.fixture(params=["rsa_decrypt", "rsa_verify"])
def scheme(request: pytest.FixtureRequest) -> SignatureScheme:
    chosen: SignatureScheme = request.param
    return chosen


@pytest.fixture
async def bench(scheme: SignatureScheme, keys: KeyFiles) -> AsyncIterator[Bench]:
    ours, theirs = (keys.private, keys.public) if scheme == "rsa_decrypt" else (keys.public, keys.private)

    def make(base_url: str) -> VNPost:
        return VNPost(
            VNPostSettings(
                enabled=True,
                base_url=base_url,
                username="demo",
                password=SecretStr("demo"),
                customer_code="T000000001",
                signature_scheme=scheme,
                signature_key_file=ours,
                timeout_seconds=0.3,
            )
        )

    async with running_bench("vnpost", make, key_file=theirs) as bench:
        yield bench


class TestVNPost(CarrierContract):
    create_call = "CreateOrder"
    track_call = "GetStatusHistoryOrder"
