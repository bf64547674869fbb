"""The commands. Exit status 0 done, 1 failed with one clear line on stderr, 2 wrong usage."""

import json
import sys
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from tortoise.exceptions import DBConnectionError

from config.errors import SettingsError
from config.reference import ReferenceDataError
from config.settings import Environment, Settings, load_settings
from postal_service.accounts.permissions import Scope
from postal_service.app import Program, SchemaOutOfDateError, open_program, running
from postal_service.kit.clock import LOCAL, local_date
from postal_service.kit.problems import Problem
from postal_service.operations import imports, upkeep
from postal_service.operations.backup import BackupError
from postal_service.storage.database import DatabaseUrlError
from postal_service.web.logging import set_up_logging
from postal_service.web.server import until_told_to_stop

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
api_clients = typer.Typer(no_args_is_help=True, help="Programs that call the API.")
dead_letter_box = typer.Typer(no_args_is_help=True, help="Work that needs a person.")
cli.add_typer(api_clients, name="api-client")
cli.add_typer(dead_letter_box, name="dead-letters")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Result = TypeVar("Result")

_EXPECTED = (
    SettingsError,
    ReferenceDataError,
    SchemaOutOfDateError,
    DatabaseUrlError,
    BackupError,
    upkeep.CommandError,
    imports.ImportRefusedError,
)


def main() -> None:
    """Run a command; whatever is expected to go wrong ends in one line instead of a traceback."""
    try:
        cli()
    except _EXPECTED as error:
        fail(str(error))
    except Problem as problem:
        fail(problem.en)
    except (asyncpg.PostgresError, DBConnectionError) as error:
        fail(f"the database does not let us in: {type(error).__name__}")
    except OSError as error:
        fail(error.strerror or type(error).__name__)


def fail(line: str) -> None:
    """Print one line on stderr and leave with status 1."""
    sys.stderr.write(line.replace("\n", "; ") + "\n")
    raise SystemExit(1)


@cli.command()
def serve(
    role: Annotated[str, typer.Option(help="all, web or jobs")] = "all",
    host: Annotated[str | None, typer.Option()] = None,
    port: Annotated[int | None, typer.Option()] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes on one port; PostgreSQL only for more than one.")] = 1,
) -> None:
    """Run the service."""
    if role not in ("all", "web", "jobs"):
        raise typer.BadParameter("must be all, web or jobs", param_hint="--role")
    settings = load_settings()
    if workers > 1:
        if settings.database_url.get_secret_value().startswith("sqlite"):
            fail("several workers need PostgreSQL: SQLite serves one process")
        if settings.http.metrics_port is not None:
            fail(
                "several workers cannot share POSTAL_HTTP__METRICS_PORT: give each process its own, or ask with an admin key"
            )
        upkeep.run_workers(workers, role=role, host=host or settings.http.host, port=port or settings.http.port)
        return
    _run(_serve(settings, role, host or settings.http.host, settings.http.port if port is None else port))


async def _serve(settings: Settings, role: str, host: str, port: int) -> None:
    set_up_logging(readable=settings.environment is not Environment.PRODUCTION and sys.stderr.isatty())
    async with (
        open_program(settings) as program,
        running(program, role, host=host, port=port, reuse_port=upkeep.is_worker()) as opened,
    ):
        print(f"ready{'' if opened is None else f' on http://{host}:{opened}'}", flush=True)  # noqa: T201
        await until_told_to_stop()


@cli.command()
def demo(port: Annotated[int, typer.Option()] = 8080) -> None:
    """Show the program at work: sample agencies and shipments that keep moving, captured messages."""
    from postal_service.demo.show import show  # noqa: PLC0415 - brings the simulator along

    set_up_logging(readable=False, level=30)
    _run(show(Path("var/demo"), port))


@cli.command()
def migrate() -> None:
    """Bring the database up to date."""
    steps = _run(upkeep.migrate(load_settings()))
    typer.echo(f"applied {', '.join(steps)}" if steps else "the database is up to date")


@api_clients.command("create")
def create_api_client(
    name: Annotated[str, typer.Option()],
    scope: Annotated[list[Scope], typer.Option()],
    agency: Annotated[str | None, typer.Option()] = None,
    as_json: AsJson = False,
) -> None:
    """Make an API client; its key is shown once."""

    async def create(program: Program) -> dict[str, str]:
        if agency is not None and program.reference.agency(agency, local_date(program.clock())) is None:
            raise upkeep.CommandError(f"there is no agency {agency!r}")
        made = await program.accounts.create_api_client(name, scope, agency)
        return {"client_id": made.client_id, "key": made.key}

    made = _with_program(create)
    typer.echo(json.dumps(made) if as_json else f"client_id {made['client_id']}\nkey {made['key']}")


@api_clients.command("revoke")
def revoke_api_client(client_id: Annotated[str, typer.Argument()]) -> None:
    """Make a client's key worthless, everywhere within half a minute."""

    async def revoke(program: Program) -> None:
        await program.accounts.revoke_api_client(client_id)

    _with_program(revoke)
    typer.echo(f"{client_id} revoked")


@cli.command("import")
def import_file(
    what: Annotated[imports.Kind, typer.Argument()],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring offices, rounds, workers or staff up to date with an XLSX or CSV file; who left is closed."""
    result = _with_program(lambda program: imports.import_file(program, what, file.read_bytes(), dry_run=dry_run))
    typer.echo(json.dumps(imports.as_json(result), ensure_ascii=False) if as_json else imports.as_text(result))


@cli.command("simulate-carrier")
def simulate_carrier(  # noqa: PLR0917 - a command's options are its arguments
    carrier: Annotated[str, typer.Option()],
    port: Annotated[int, typer.Option()],
    profile: Annotated[str, typer.Option(help="calm or rough")] = "calm",
    seed: Annotated[int, typer.Option()] = 1,
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    hook_url: Annotated[str | None, typer.Option(help="Where hooks are sent.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="Signs the hooks.")] = None,
    step_seconds: Annotated[float, typer.Option(help="0: orders move only by /_sim/advance.")] = 5.0,
) -> None:
    """Serve a carrier's wire format over real HTTP."""
    from carriers.simulator.journeys import PROFILES  # noqa: PLC0415 - only this command needs the simulator
    from carriers.simulator.server import FACES, serve  # noqa: PLC0415 - same

    if carrier not in FACES:
        raise typer.BadParameter(f"must be one of: {', '.join(FACES)}", param_hint="--carrier")
    if profile not in PROFILES:
        raise typer.BadParameter(f"must be one of: {', '.join(PROFILES)}", param_hint="--profile")
    serve(
        carrier,
        port=port,
        host=host,
        profile=profile,
        seed=seed,
        hook_url=hook_url,
        key_file=key_file,
        step_seconds=step_seconds,
    )


@cli.command()
def backup(folder: Annotated[Path, typer.Argument()]) -> None:
    """Write a consistent copy of the database, while the program goes on."""
    typer.echo(_run(upkeep.back_up(load_settings(), folder)))


@cli.command()
def restore(
    folder: Annotated[Path, typer.Argument(exists=True)],
    name: Annotated[str | None, typer.Option(help="Which copy; the newest when left out.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a database that holds data.")] = False,
) -> None:
    """Bring a copy back."""
    typer.echo(_run(upkeep.restore(load_settings(), folder, name=name, replace=replace)))


@cli.command()
def replay(
    inbox: Annotated[str | None, typer.Option(help="One stored carrier message.")] = None,
    since: Annotated[str | None, typer.Option(help="All stored since this time (RFC 3339 or a local day).")] = None,
) -> None:
    """Have stored carrier messages read again."""
    if (inbox is None) == (since is None):
        raise typer.BadParameter("give either --inbox or --since")
    moment = _read_time(since) if since else None
    count = _with_program(lambda program: upkeep.replay(program, inbox, moment))
    typer.echo(f"{count} messages will be read again")


@dead_letter_box.command("list")
def list_dead_letters(as_json: AsJson = False) -> None:
    """Show the work that needs a person."""
    letters = _with_program(lambda _program: upkeep.dead_letters())
    typer.echo(json.dumps(letters, ensure_ascii=False) if as_json else upkeep.as_table(letters))


@dead_letter_box.command("retry")
def retry_dead_letters(
    ids: Annotated[list[int] | None, typer.Argument(help="All of them when none is named.")] = None,
) -> None:
    """Put dead letters back to work."""
    typer.echo(f"{_with_program(lambda program: upkeep.retry(program, ids))} put back to work")


@cli.command("rebuild-projections")
def rebuild_projections() -> None:
    """Make shipment states and tracking views anew from what is stored."""
    typer.echo(_with_program(upkeep.rebuild))


@cli.command()
def doctor(as_json: AsJson = False) -> None:
    """Check settings, database, carriers, SMS, SMTP and clock; status 1 with what is wrong."""
    findings, healthy = _run(upkeep.examine(load_settings()))
    typer.echo(json.dumps(findings, ensure_ascii=False) if as_json else upkeep.as_table(findings))
    if not healthy:
        fail("something is wrong: see the errors above")


def _with_program(work: Callable[[Program], Awaitable[Result]]) -> Result:
    async def do() -> Result:
        async with open_program(load_settings()) as program:
            await program.require_schema()
            return await work(program)

    return _run(do())


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    import uvloop  # noqa: PLC0415 - not needed to show the help

    return uvloop.run(work)


def _read_time(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter("not a time like 2026-11-22T08:00:00+07:00", param_hint="--since") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)
