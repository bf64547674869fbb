"""Bringing the schema up to date, and refusing to serve on one that is not."""

from collections.abc import Sequence

from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from postal_service.storage.database import APP, Target, tortoise_config


def _executor(target: Target, models: Sequence[str]) -> MigrationExecutor:
    return MigrationExecutor(get_connection("default"), tortoise_config(target, models)["apps"])


async def pending(target: Target, models: Sequence[str]) -> list[str]:
    """Return the names of the steps that are not applied yet. The database must be open."""
    plan = await _executor(target, models).plan([MigrationTarget(app_label=APP, name="__latest__")])
    return [step.migration.name for step in plan]


async def migrate(target: Target, models: Sequence[str]) -> list[str]:
    """Apply every step that is missing and return their names. The database must be open."""
    steps = await pending(target, models)
    if steps:
        await _executor(target, models).migrate([MigrationTarget(app_label=APP, name="__latest__")])
    return steps
