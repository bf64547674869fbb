"""Rules the database itself keeps, said once for both engines and used by the schema steps.

PostgreSQL takes CHECK constraints. SQLite would have to rebuild the table for one and lose its indexes, so there a trigger
refuses instead.
"""

from collections.abc import Sequence
from typing import Any

_REFUSE = "SELECT RAISE(ABORT, '{name}')"


async def check(editor: Any, table: str, name: str, condition: str) -> None:
    """Refuse rows of `table` for which `condition` is false. In it, `{row}` stands before each column's name."""
    if editor.DIALECT == "postgres":
        await _run(editor, f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" CHECK ({condition.format(row="")})')
        return
    for event in ("INSERT", "UPDATE"):
        await _run(
            editor,
            f'CREATE TRIGGER "{name}_{event.lower()}" BEFORE {event} ON "{table}"'
            f" WHEN NOT ({condition.format(row='NEW.')}) BEGIN {_REFUSE.format(name=name)}; END",
        )


async def append_only(editor: Any, table: str, columns: Sequence[str]) -> None:
    """Refuse to delete rows of `table` or to change these columns of them."""
    names = ", ".join(f'"{column}"' for column in columns)
    name = f"{table}_append_only"
    if editor.DIALECT == "postgres":
        await _run(
            editor,
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
        )
        await _run(
            editor,
            f'CREATE TRIGGER "{name}" BEFORE DELETE OR UPDATE OF {names} ON "{table}"'
            f" FOR EACH ROW EXECUTE FUNCTION {name}()",
        )
        return
    for event in (f"UPDATE OF {names}", "DELETE"):
        suffix = event.split()[0].lower()
        await _run(
            editor,
            f'CREATE TRIGGER "{name}_{suffix}" BEFORE {event} ON "{table}" BEGIN {_REFUSE.format(name=name)}; END',
        )


async def _run(editor: Any, statement: str) -> None:
    await editor.client.execute_script(statement)
