"""A carrier's rough days: returns, cancels, strange codes; hooks lost, late, doubled, forged; failing calls."""

from pathlib import Path

import pytest

from tests.rough import rough_days

SHIPMENTS = 100


@pytest.mark.timeout(1200)
async def test_every_shipment_ends_where_its_script_says_and_each_news_is_told_once(
    database_url: str, tmp_path: Path
) -> None:
    report = await rough_days(SHIPMENTS, database_url, tmp_path)
    assert report.wrong == ()
    assert report.shipments == SHIPMENTS
    assert all(report.hooks[kind] for kind in ("lost", "late", "doubled", "forged", "answered 200", "answered 401"))
