import pytest

from config.reference import load_reference
from config.settings import HERE
from postal_service.kit.reference import Reference
from postal_service.kit.units import Units


@pytest.fixture(scope="session")
def reference() -> Reference:
    """The reference data the program is delivered with."""
    return load_reference(HERE)


@pytest.fixture(scope="session")
def units() -> Units:
    return Units.load()
