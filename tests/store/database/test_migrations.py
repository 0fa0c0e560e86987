from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.schema import CreateIndex

from domain.errors import Conflict, StoreUnavailable
from store.database.urls import sync_url
from store.schema.migrate import MIGRATIONS, head, migration_config, upgrade
from store.schema.tables import metadata

UPGRADE = """
import sys
from sqlalchemy import create_engine
from store.database.urls import sync_url
from store.schema.migrate import head, upgrade
from tests.support.processes import part
head(), create_engine(sync_url(sys.argv[1]))  # imports what each of them needs
part(upgrade, sys.argv[1:])
"""


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(sync_url(url), poolclass=sa.NullPool)
    with engine.begin() as conn:
        yield conn


def contents(url: str) -> dict[str, list[sa.Row[tuple[object, ...]]]]:
    with connected(url) as conn:
        return {table.name: list(conn.execute(sa.select(table))) for table in metadata.sorted_tables}


DESCENDING = ("ix_instances_shown", "ix_instances_of_team_id", "ix_instances_of_assignee")
# SQLite finds the newest rows by their number.
OF_POSTGRESQL = ("ix_instance_records_newest",)
# PostgreSQL counts no faster by whole pages, so it need not know what is not shown.
OF_SQLITE = ("ix_instances_hidden",)


def comparison(conn: sa.Connection) -> MigrationContext:
    """Of indexes in descending order SQLAlchemy reads nothing back from SQLite."""
    options: dict[str, Any] = {"compare_type": True, "compare_server_default": True}
    unlike = {*DESCENDING, *OF_POSTGRESQL} if conn.dialect.name == "sqlite" else {*OF_SQLITE}
    options["include_object"] = lambda _object, name, *_: name not in unlike
    return MigrationContext.configure(conn, opts=options)


def test_the_migrated_schema_is_the_one_the_code_expects(database_url: str) -> None:
    with connected(database_url) as conn:
        context = comparison(conn)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == head()


@pytest.mark.parametrize("name", DESCENDING)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_index_in_descending_order_is_the_one_the_code_expects(database_url: str, name: str) -> None:
    (index,) = [index for index in metadata.tables["instances"].indexes if index.name == name]
    with connected(database_url) as conn:
        (made,) = conn.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).one()
        assert made == str(CreateIndex(index).compile(conn))


def test_the_comparison_would_notice_a_difference(database_url: str) -> None:
    with connected(database_url) as conn:
        conn.execute(sa.text("ALTER TABLE notices ADD COLUMN surplus TEXT"))
        conn.execute(sa.text("DROP INDEX ix_instances_organization_subject"))
        differences = compare_metadata(comparison(conn), metadata)
    assert {difference[0] for difference in differences} == {"remove_column", "add_index"}


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    before = contents(empty_url)
    assert [row.id for row in before["organizations"]] == ["default"]
    upgrade(empty_url)
    assert contents(empty_url) == before


def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    command = [sys.executable, "-c", UPGRADE, *[empty_url] * 4]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, cwd=root, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(contents(empty_url)["organizations"]) == 1


def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str, backend: str) -> None:
    if backend == "sqlite":
        Path(sync_url(empty_url).database or "").parent.mkdir(parents=True)
    with connected(empty_url) as conn:
        conn.execute(sa.text("CREATE TABLE deliveries (in_the_way TEXT)"))
    with pytest.raises((StoreUnavailable, ProgrammingError), match="deliveries"):
        upgrade(empty_url)
    with connected(empty_url) as conn:
        assert sa.inspect(conn).get_table_names() == ["deliveries"]


def test_a_database_from_the_future_is_refused(database_url: str) -> None:
    with connected(database_url) as conn:
        conn.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Conflict, match="9999"):
        upgrade(database_url)


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+pysqlite"])
def test_the_driver_in_a_url_does_not_matter(tmp_path: Path, scheme: str) -> None:
    upgrade(f"{scheme}:///{tmp_path / 'with 100% space' / 'slakeeper.db'}")
    assert (tmp_path / "with 100% space" / "slakeeper.db").is_file()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match=str(tmp_path / "file")):
        upgrade(f"sqlite:///{tmp_path / 'file' / 'slakeeper.db'}")


def test_the_migrations_are_one_line_and_only_add() -> None:
    revisions = list(ScriptDirectory.from_config(migration_config()).walk_revisions())
    assert len(revisions) == len(list((MIGRATIONS / "versions").glob("*.py")))
    assert not any(revision.is_branch_point or revision.is_merge_point for revision in revisions)
    for revision in revisions:
        assert "op.drop" not in Path(revision.path).read_text()
