"""The ready-made views, in plain SQL: keeping one is a single statement that never puts an older one over a newer."""

from typing import NamedTuple

from postal_service.storage import sql


class View(NamedTuple):
    """What a code shows in one language, ready to be sent, and the version it was made of."""

    code: str
    request_id: str
    version: int
    head: int
    """The version there is."""
    document: bytes
    """JSON."""

    @property
    def current(self) -> bool:
        """Tell whether nothing has changed since the view was made."""
        return self.version >= self.head


async def store(vi: View, en: View) -> None:
    """Keep a view in both languages, unless a newer one is there."""
    await sql.execute(
        "INSERT INTO tracking_view (code, request_id, version, vi, en) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (code) DO UPDATE SET version = excluded.version, vi = excluded.vi, en = excluded.en"
        " WHERE tracking_view.version <= excluded.version",
        vi.code,
        vi.request_id,
        vi.version,
        vi.document.decode(),
        en.document.decode(),
    )


async def requests_after(code: str, limit: int) -> list[tuple[str, str]]:
    """Return (code, request id) of the stored views that follow `code`, in the order of codes."""
    rows = await sql.fetch("SELECT code, request_id FROM tracking_view WHERE code > $1 ORDER BY code LIMIT $2", code, limit)
    return [(row["code"], row["request_id"]) for row in rows]


async def open_lock(code: str) -> None:
    """See that the code has a row to count wrong answers in."""
    await sql.execute("INSERT INTO tracking_lock (code, failures) VALUES ($1, 0) ON CONFLICT (code) DO NOTHING", code)
