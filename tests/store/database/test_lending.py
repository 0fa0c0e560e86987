"""The databases of PostgreSQL that store tests hand on to each other are as the migrations made them."""

from __future__ import annotations

import psycopg
import pytest

from tests.store.conftest import TEMPLATE, Connection, PostgresServer

FIRST = "INSERT INTO upkeep (id, written_at) VALUES ('other', now())"
# Too much to be deleted row by row, in a table that others name.
MANY = """
INSERT INTO organizations
  SELECT (jsonb_populate_record(o, jsonb_build_object('id', concat('o', n)))).* FROM organizations o,
    generate_series(1, 2000) n
"""
READ_ONLY = """
DO $$ BEGIN
  EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
END $$
"""


@pytest.fixture
def lent(postgres: PostgresServer) -> str:
    return postgres.lend()


def connected(postgres: PostgresServer, name: str) -> Connection:
    return psycopg.connect(postgres.url_of(name), autocommit=True)


def rows(conn: Connection) -> dict[str, list[str]]:
    names = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    tables = sorted(name for (name,) in conn.execute(names))
    return {table: [row for (row,) in conn.execute(f"SELECT t::text FROM {table} t".encode())] for table in tables}


@pytest.mark.parametrize(
    "change",
    [
        FIRST,
        "UPDATE organizations SET name = 'Acme'",
        "DELETE FROM calendar_versions; DELETE FROM upkeep",
        MANY,
    ],
)
def test_rows_that_were_made_changed_or_deleted_are_put_right(postgres: PostgresServer, lent: str, change: str) -> None:
    with connected(postgres, TEMPLATE) as conn:
        made = rows(conn)
    with connected(postgres, lent) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute(change.encode())
        assert rows(conn) != made
    postgres.give_back(lent)
    again = postgres.lend()
    with connected(postgres, again) as conn:
        assert (again, rows(conn)) == (lent, made)
    postgres.give_back(again)


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE deliveries",
        "ALTER TABLE notices ADD COLUMN surplus TEXT",
        "DROP INDEX ix_instances_organization_subject",
        "CREATE TABLE surplus ()",
        "CREATE FUNCTION surplus() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        READ_ONLY,
    ],
)
def test_a_database_that_is_otherwise_than_migrated_is_not_lent_again(
    postgres: PostgresServer, lent: str, change: str
) -> None:
    with connected(postgres, lent) as conn:
        conn.execute(change.encode())
    postgres.give_back(lent)
    again = postgres.lend()
    assert again != lent
    postgres.give_back(again)


def test_whoever_is_still_connected_is_sent_away(postgres: PostgresServer, lent: str) -> None:
    with connected(postgres, lent) as left:
        left.execute("BEGIN")
        left.execute(FIRST)
        postgres.give_back(lent)
        with pytest.raises(psycopg.OperationalError):
            left.execute("COMMIT")
    again = postgres.lend()
    assert again == lent
    postgres.give_back(again)


def test_a_database_is_filled_with_the_rows_of_another(postgres: PostgresServer, lent: str) -> None:
    with connected(postgres, lent) as conn:
        conn.execute(f"SET session_replication_role = replica; {FIRST}; {MANY}; DELETE FROM calendar_versions".encode())
        made = rows(conn)
    filled = postgres.lend()
    postgres.fill(filled, postgres.content_of(lent))
    with connected(postgres, filled) as conn:
        assert rows(conn) == made
    for name in (filled, lent):
        postgres.give_back(name)
