"""Plain SQL of the messaging room: holding a scope, and inserts that leave what was told before alone."""

from postal_service.storage import sql


async def hold(scope: str) -> None:
    """Let nobody else decide what to tell about this shipment or request until the transaction ends."""
    # SQLite's transactions already come one after another.
    if sql.dialect() == "postgres":
        await sql.fetch("SELECT pg_advisory_xact_lock(hashtext($1))", scope)
