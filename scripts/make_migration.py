"""Write the next schema step from what the tables look like now: `make migration NAME=what_changes`."""

import asyncio
import sys

from tortoise.cli.cli import run_cli_async

from postal_service.storage.database import read_url, tortoise_config
from postal_service.tables import MODELS

CONFIG = tortoise_config(read_url("sqlite:///var/make-migration.sqlite3"), MODELS)


def main() -> int:
    """Run Tortoise's own command with our configuration.

    A table's docstring becomes its comment in the database; on SQLite a semicolon in it cuts the statement in two.
    """
    name = ["--name", sys.argv[1]] if len(sys.argv) > 1 else []
    return asyncio.run(run_cli_async(["-c", "scripts.make_migration.CONFIG", "makemigrations", *name]))


if __name__ == "__main__":
    sys.exit(main())
