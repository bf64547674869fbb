"""Plain SQL of the shipments room, where the ORM cannot say it or is too slow: locks, claims, hooks, reading facts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from postal_service.storage import sql


async def lock(shipment_id: str) -> bool:
    """Hold the shipment until the transaction ends, so that its facts are folded by one at a time. False when unknown."""
    # SQLite's transactions already come one after another.
    suffix = " FOR UPDATE" if sql.dialect() == "postgres" else ""
    return bool(await sql.fetch(f"SELECT id FROM shipment WHERE id = $1{suffix}", shipment_id))  # noqa: S608


async def claim_due_pulls(now: datetime, until: datetime, carriers: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """Claim shipments that are due to be read by moving their time to `until`; whoever dies leaves them due then."""
    marks = ", ".join(f"${number}" for number in range(4, 4 + len(carriers)))
    lock_clause = "FOR UPDATE SKIP LOCKED" if sql.dialect() == "postgres" else ""
    return await sql.fetch(
        f"UPDATE shipment SET next_pull_at = $1 WHERE id IN ("  # noqa: S608
        f"SELECT id FROM shipment WHERE next_pull_at <= $2 AND carrier IN ({marks})"
        f" ORDER BY next_pull_at LIMIT $3 {lock_clause}) RETURNING id, reference, item_number, pull_failures, created_at",
        until,
        now,
        limit,
        *carriers,
    )


async def schedule_pull(
    shipment_id: str,
    *,
    claimed_until: datetime,
    due: datetime,
    due_closed: datetime | None,
    failures: int,
    pulled_at: datetime,
) -> None:
    """Write when to read next, unless a hook asked for an earlier look while we were reading.

    A closed shipment is read again at `due_closed`: only where its last look, which may be all that tells what came with its
    end or after it, had no answer.
    """
    await sql.execute(
        "UPDATE shipment SET pull_failures = $4, last_pull_at = $5, next_pull_at ="
        " CASE WHEN next_pull_at <> $1 THEN next_pull_at WHEN closed THEN $3 ELSE $2 END WHERE id = $6",
        claimed_until,
        due,
        due_closed,
        failures,
        pulled_at,
        shipment_id,
    )


async def pull_now(carrier: str, numbers: Sequence[str], references: Sequence[str], now: datetime) -> int:
    """Make the shipments with these item numbers or references due at once, closed ones too; returns how many there are."""
    known_by = {"item_number": numbers, "reference": references}
    conditions: list[str] = []
    values: list[str] = []
    for column, wanted in known_by.items():
        if wanted:
            first = 3 + len(values)
            marks = ", ".join(f"${number}" for number in range(first, first + len(wanted)))
            conditions.append(f"{column} IN ({marks})")
            values += wanted
    return await sql.execute(
        f"UPDATE shipment SET next_pull_at = $1 WHERE carrier = $2 AND ({' OR '.join(conditions)})",  # noqa: S608
        now,
        carrier,
        *values,
    )


async def insert_messages(rows: Sequence[tuple[str, str, datetime, bytes, str, str]]) -> None:
    """Store carriers' messages: (id, carrier, received_at, body, headers as JSON text, fingerprint)."""
    await sql.execute_many(
        "INSERT INTO carrier_message (id, carrier, received_at, body, headers, fingerprint) VALUES ($1, $2, $3, $4, $5, $6)",
        rows,
    )


async def doubt_drafts() -> int:
    """Have every order that is not booked yet looked up before it is booked; returns how many. For a restored database.

    It may have been booked after the copy was made.
    """
    return await sql.execute(
        "UPDATE shipment SET booking = 'submit_unknown', booking_tried_at = created_at"
        " WHERE booking = 'draft' AND NOT closed"
    )


async def load_events(shipment_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the stored facts of these shipments. Asked at every step of each: the ORM takes several times as long."""
    marks = ", ".join(f"${number}" for number in range(1, 1 + len(shipment_ids)))
    return await sql.fetch(f"SELECT * FROM shipment_event WHERE shipment_id IN ({marks})", *shipment_ids)  # noqa: S608


async def office_phones(codes: Sequence[str]) -> dict[str, str]:
    """Return the telephone numbers of these post offices, of those that have one."""
    marks = ", ".join(f"${number}" for number in range(1, 1 + len(codes)))
    rows = await sql.fetch(f"SELECT code, phone FROM post_office WHERE code IN ({marks})", *codes)  # noqa: S608
    return {row["code"]: row["phone"] for row in rows if row["phone"]}
