"""Plain SQL of the messaging room: holding a scope, and inserts that leave what was told before alone."""

from postal_service.storage import sql


async def hold(scope: str) -> None:
    """Let nobody else decide what to tell about this shipment or request until the transaction ends."""
    # SQLite's transactions already come one after another.
    if sql.dialect() == "postgres":
        await sql.fetch("SELECT pg_advisory_xact_lock(hashtext($1))", scope)


async def doubt_waiting() -> int:
    """Have every waiting message asked for at its provider before it is sent; returns how many. For a restored database.

    It may have been sent after the copy was made.
    """
    return await sql.execute("UPDATE message SET trying_since = created_at WHERE state = 'queued' AND trying_since IS NULL")
