from pathlib import Path

from postal_service.shipments import diagram

ROOT = Path(__file__).parents[2]


def test_the_page_of_the_lifecycle_is_made_from_the_table_as_it_is() -> None:
    written = (ROOT / diagram.TARGET).read_text(encoding="utf-8")
    assert written == diagram.page(), "run: python -m postal_service.shipments.diagram"
