from pathlib import Path

from tests.faults.processes import Process
from tests.faults.town import settings


async def test_who_finds_the_schema_out_of_date_says_so_in_one_line_and_does_not_serve(
    empty_database_url: str, tmp_path: Path
) -> None:
    process = Process(["serve", "--port", "0"], settings(empty_database_url, "http://127.0.0.1"), tmp_path / "log")
    process.start()
    try:
        assert await process.ended() == 1
        (line,) = process.output.splitlines()
        assert "run.py migrate" in line
    finally:
        process.close()
