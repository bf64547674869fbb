from pathlib import Path

import pytest

from carriers.simulator.keys import KeyFiles, make_key_pair

pytest.register_assert_rewrite("carriers.contract")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return make_key_pair(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory: pytest.TempPathFactory) -> KeyFiles:
    return make_key_pair(tmp_path_factory.mktemp("other-keys"))


@pytest.fixture
def data() -> Path:
    return Path(__file__).parent / "data"
