"""`run.py import`: lists of the post and of an agency."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from postal_service.accounts import people
from postal_service.accounts.permissions import StaffRole
from postal_service.app import Program
from postal_service.kit.clock import local_date
from postal_service.kit.importing import ImportResult
from postal_service.kit.sheets import SheetError, read_rows
from postal_service.shipments import territory


class Kind(StrEnum):
    """What a file lists."""

    OFFICES = "offices"
    ROUNDS = "rounds"
    WORKERS = "workers"
    STAFF = "staff"


class ImportRefusedError(Exception):
    """Nothing was written: these cells are wrong."""


COLUMNS: Mapping[Kind, Any] = {
    Kind.OFFICES: territory.OFFICE_COLUMNS,
    Kind.ROUNDS: territory.ROUND_COLUMNS,
    Kind.WORKERS: people.WORKER_COLUMNS,
    Kind.STAFF: people.STAFF_COLUMNS,
}


async def import_file(program: Program, kind: Kind, content: bytes, *, dry_run: bool) -> ImportResult:
    """Import a file, or only look what it would change.

    Raises `ImportRefusedError` naming row, column and reason of every wrong cell.
    """
    now = program.clock()
    try:
        rows = read_rows(content, COLUMNS[kind])
    except SheetError as error:
        raise ImportRefusedError(error.en) from error
    match kind:
        case Kind.OFFICES:
            result = await territory.import_offices(
                rows, program.units, reference=program.reference.offices, dry_run=dry_run, now=now
            )
        case Kind.ROUNDS:
            result = await territory.import_rounds(rows, program.units, dry_run=dry_run, now=now)
        case Kind.WORKERS:
            areas = await territory.provinces_of_offices()
            result = await people.import_workers(rows, areas, dry_run=dry_run, now=now)
        case Kind.STAFF:
            agencies = [agency.agency for agency in program.reference.agencies(local_date(now))]
            result = await people.import_staff(
                rows, agencies=agencies, roles=list(StaffRole), kept=[StaffRole.ADMINISTRATOR], dry_run=dry_run, now=now
            )
    if result.errors:
        raise ImportRefusedError("; ".join(f"row {e.row}, {e.column}: {e.en}" for e in result.errors))
    return result


def as_json(result: ImportResult) -> dict[str, Any]:
    """Return the preview or the result for programs."""
    return {
        "added": list(result.added),
        "changed": list(result.changed),
        "closed": list(result.closed),
        "unchanged": list(result.unchanged),
        "written": result.written,
    }


def as_text(result: ImportResult) -> str:
    """Return the preview or the result for people."""
    lines = [
        f"{len(result.added)} added: {', '.join(result.added)}",
        f"{len(result.changed)} changed: {', '.join(result.changed)}",
        f"{len(result.closed)} closed: {', '.join(result.closed)}",
        f"{len(result.unchanged)} unchanged",
        "written" if result.written else "nothing was written (dry run)",
    ]
    return "\n".join(line.removesuffix(": ") for line in lines)
