"""What a start loads: libraries that few requests need are loaded by the first of these, not by every start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT

OF_MIGRATIONS = ("alembic", "mako")
OF_POSTGRESQL = ("sqlalchemy.ext.asyncio", "sqlalchemy.orm", "psycopg", "store.database.backends.postgresql")
OF_CLI = ("typer", "cli.main")
OF_API = ("fastapi", "starlette", "uvicorn", "api.app", "holidays", "icalendar")
OF_CONSOLE = ("rich", "pygments", "httpx._main")
OF_WORKER = ("temporalio.worker", "worker")
OF_ANALYTICS = ("store.analytics.summaries", "store.analytics.compliance")
# What few requests to the API are for, and the language of mappings: loaded with the first request for any of it.
LATER = ("api.rest", "api.v1.tickets", "api.v2.analytics", "sources", "yaml", "holidays")
OF_TESTS = ("temporalio.testing", "pytest", "hypothesis")
RARE = ("apprise", "icalendar", "dns", "requests")

NOT_AT_START = {
    "cli.parts.api": (
        *(*OF_MIGRATIONS, *OF_POSTGRESQL, *OF_CLI, *OF_CONSOLE, *OF_WORKER, *OF_ANALYTICS),
        *(*LATER, *OF_TESTS, *RARE),
    ),
    "cli.parts.worker": (
        *(*OF_MIGRATIONS, *OF_POSTGRESQL, *OF_CLI, *OF_CONSOLE, *OF_API, *OF_ANALYTICS),
        *(*OF_TESTS, *RARE),
    ),
    # While these are loaded, neither the API nor the worker nor the server is.
    "cli.up": (*OF_MIGRATIONS, *OF_API, *OF_WORKER, *OF_TESTS, *RARE, "temporalio", "sqlalchemy", "httpx", "jinja2"),
    # While these are, the server is not.
    "cli.engine.starting": (*OF_MIGRATIONS, *OF_API, *OF_WORKER, *OF_TESTS, *RARE, "sqlalchemy", "httpx", "jinja2"),
}
LOADED = """
import importlib, sys
from cli.engine import loading
with loading.quickly():
    importlib.import_module(sys.argv[1])
from settings import Settings
Settings.load()
print(*sys.modules, sep="\\n")
"""


@pytest.mark.parametrize("part", NOT_AT_START)
def test_a_start_loads_nothing_that_it_can_do_without(part: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", LOADED, part], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert sorted(set(NOT_AT_START[part]) & set(loaded)) == []
