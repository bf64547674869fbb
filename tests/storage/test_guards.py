"""What the database itself refuses, on both engines: the written list is compared with the live schema."""

import pytest
from tortoise.exceptions import IntegrityError, OperationalError

from postal_service.storage import sql

pytestmark = pytest.mark.usefixtures("database")

CHECKS = {
    "outbox_job_state",
    "shipment_leg",
    "shipment_direction",
    "shipment_attempts",
    "request_copies",
    "message_channel",
    "tracking_lock_failures",
}
APPEND_ONLY = {"shipment_event_append_only", "request_event_append_only"}
UNIQUES = {
    ("api_client", "id"),
    ("outbox_job", "dedupe_key"),
    ("shipment", "reference"),
    ("shipment", "label_code"),
    ("shipment_event", "source, source_id"),
    ("request", "tracking_code"),
    ("request", "client_id, external_id"),
    ("message", "scope, event, attempt, channel"),
    ("message", "scope, fact, channel"),
    ("review_item", "key"),
    ("staff", "username"),
    ("postal_worker", "employee_code"),
    ("idempotency_record", "client_id, key"),
}


async def _guards_on_postgres() -> set[str]:
    rows = await sql.fetch("SELECT conname AS name FROM pg_constraint WHERE contype = 'c'")
    rows += await sql.fetch("SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal")
    return {row["name"] for row in rows}


async def _guards_on_sqlite() -> set[str]:
    rows = await sql.fetch("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    suffixes = ("_insert", "_update", "_delete")
    return {row["name"][: -len(suffix)] for row in rows for suffix in suffixes if row["name"].endswith(suffix)}


async def _uniques(engine: str) -> set[tuple[str, str]]:
    if engine == "postgres":
        rows = await sql.fetch(
            "SELECT t.relname AS tbl, string_agg(a.attname, ', ' ORDER BY k.place) AS cols FROM pg_index i"
            " JOIN pg_class t ON t.oid = i.indrelid"
            " CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k(attnum, place)"
            " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum"
            " WHERE i.indisunique GROUP BY t.relname, i.indexrelid"
        )
        return {(row["tbl"], row["cols"]) for row in rows}
    found = set()
    for table in await sql.fetch("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for index in await sql.fetch(f"PRAGMA index_list('{table['name']}')"):
            if index["unique"]:
                columns = await sql.fetch(f"PRAGMA index_info('{index['name']}')")
                found.add((table["name"], ", ".join(column["name"] for column in columns)))
    return found


async def test_every_written_guard_exists(engine: str) -> None:
    live = await _guards_on_postgres() if engine == "postgres" else await _guards_on_sqlite()
    assert live >= CHECKS | APPEND_ONLY


async def test_every_written_unique_exists(engine: str) -> None:
    assert await _uniques(engine) >= UNIQUES


async def test_an_impossible_state_is_refused() -> None:
    with pytest.raises((IntegrityError, OperationalError)):
        await sql.execute("INSERT INTO tracking_lock (code, failures) VALUES ($1, $2)", "X", -1)


async def test_what_happened_cannot_be_rewritten() -> None:
    await sql.execute(
        "INSERT INTO request (id, client_id, external_id, body_hash, tracking_code, channel, procedure, agency, copies,"
        " fee_class, foreign_or_many_residences, applicant, consent, status, fee_lines, rules_version,"
        " limit_working_days, filed_at, updated_at) VALUES ('R', 'C', 'E', 'h', 'T', 'counter', 'p', 'a', 1, 'standard',"
        " $1, '{}', '{}', 'filed', '[]', 'v', 10, $2, $2)",
        False,
        sql.read_time("2026-01-05T08:00:00+00:00"),
    )
    await sql.execute(
        "INSERT INTO request_event (id, request_id, kind, at, actor, detail) VALUES ('E', 'R', 'filed', $1, 'c', '{}')",
        sql.read_time("2026-01-05T08:00:00+00:00"),
    )
    with pytest.raises((IntegrityError, OperationalError)):
        await sql.execute("UPDATE request_event SET kind = 'issued' WHERE id = 'E'")
    with pytest.raises((IntegrityError, OperationalError)):
        await sql.execute("DELETE FROM request_event WHERE id = 'E'")
