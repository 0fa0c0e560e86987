"""Full, read-only, damaged, gone: whatever ails the store, it is unavailable, says why, and keeps what it had."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from domain.errors import StoreUnavailable
from store.schema import soundness
from store.schema.migrate import upgrade
from store.schema.preparing import check
from store.store import Store
from tests.store.conftest import PostgresServer
from tests.store.samples import ORGANIZATION, an_opening
from tests.support.ailments import fill, full, read_only

PAGE = 4096
PAGES = range(0, 80, 2)
"""The first is the header, some hold rows, some indexes."""
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


async def held(store: Store) -> int:
    return (await store.instances.list(ORGANIZATION, limit=1, offset=0))[1]


@on_sqlite
@pytest.mark.parametrize(("ail", "word"), [(full, "full"), (read_only, "readonly")])
async def test_a_store_that_takes_no_writes_is_unavailable_keeps_what_it_had_and_goes_on_when_it_can(
    store: Store, ail: Any, word: str
) -> None:
    await store.instances.apply(an_opening("before"))
    with ail(store):
        kept, message = await fill(store)
        assert word in message
        assert await held(store) == 1 + kept
    await store.instances.apply(an_opening("after"))
    assert await held(store) == 2 + kept


@on_sqlite
async def test_a_full_store_keeps_nothing_of_what_did_not_fit(store: Store) -> None:
    with full(store):
        with pytest.raises(StoreUnavailable, match="full"):  # noqa: PT012 - it must come out of the open transaction
            async with store.database.transaction():
                _, message = await fill(store)
                raise StoreUnavailable(message)
        assert await held(store) == 0
    await store.instances.apply(an_opening())
    assert await held(store) == 1


@on_postgresql
async def test_a_server_that_takes_no_writes_is_unavailable_and_refused_at_the_start(
    store: Store, database_url: str, postgres: PostgresServer
) -> None:
    name = sa.make_url(database_url).database
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    with pytest.raises(StoreUnavailable, match="read-only"):
        await store.instances.apply(an_opening())
    with pytest.raises(StoreUnavailable, match="read-only"):
        upgrade(database_url)
    postgres.run(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    upgrade(database_url)


@pytest.fixture
def file(tmp_path: Path, sqlite_template: Path) -> Path:
    path = tmp_path / "slakeeper.db"
    shutil.copy(sqlite_template, path)
    return path


@pytest.fixture
async def filled(file: Path) -> Path:
    store = Store.open(url(file))
    for number in range(20):
        await store.instances.apply(an_opening(str(number)))
    await store.close()
    return file


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def garbage(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(20 * PAGE))


def a_text(path: Path) -> None:
    path.write_text("This was a database once.\n")


def half_of_it(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def write_over(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek(page * PAGE)
        file.write(random.Random(page).randbytes(PAGE))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [garbage, a_text, half_of_it, a_folder])
async def test_a_file_that_is_no_database_any_more_is_refused_at_the_start_and_unavailable_while_running(
    filled: Path, damage: Callable[[Path], None]
) -> None:
    damage(filled)
    for start in (upgrade, check):
        with pytest.raises(StoreUnavailable) as refusal:
            start(url(filled))
        assert str(filled) in refusal.value.message
        assert "\n" not in refusal.value.message
    store = Store.open(url(filled))
    for use in (held(store), store.instances.apply(an_opening("new"))):
        with pytest.raises(StoreUnavailable):
            await use
    await store.close()


async def test_a_page_written_over_is_found_at_the_start_and_unavailable_while_running(filled: Path) -> None:
    whole = filled.with_name("whole")
    shutil.move(filled, whole)
    damaged = 0
    for page in PAGES:
        shutil.copy(whole, filled)
        write_over(filled, page)
        with pytest.raises(StoreUnavailable):
            upgrade(url(filled))
        store = Store.open(url(filled))
        for use in (held(store), store.instances.load(ORGANIZATION, "inst_sla_ticket_7"), store.upkeep.write()):
            try:
                await use
            except StoreUnavailable:
                damaged += 1
        await store.close()
        for beside in filled.parent.glob("slakeeper.db-*"):
            beside.unlink()
    assert damaged > 10


async def test_a_document_that_is_none_makes_the_store_unavailable(filled: Path) -> None:
    store = Store.open(url(filled))
    await store.database.write(lambda conn: conn.execute(sa.text("""UPDATE instances SET plan = '{"targets": [' """)))
    with pytest.raises(StoreUnavailable, match="damaged"):
        await store.instances.load(ORGANIZATION, "inst_sla_ticket_7")
    await store.close()


async def test_a_folder_that_is_gone_makes_the_store_unavailable_and_a_start_makes_it_again(filled: Path) -> None:
    shutil.rmtree(filled.parent)
    store = Store.open(url(filled))
    with pytest.raises(StoreUnavailable, match="unable to open"):
        await held(store)
    with pytest.raises(StoreUnavailable, match="unable to open"):
        check(url(filled))
    upgrade(url(filled))
    assert await held(store) == 0
    await store.close()


def test_looking_at_a_large_file_ends_in_time(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies behind the point reached is found when it is read."""
    write_over(filled, PAGES[-1])
    assert soundness.fault_of_file(filled) is not None
    monkeypatch.setattr(soundness, "CHECK_SECONDS", -1)
    monkeypatch.setattr(soundness, "_STEPS_BETWEEN_LOOKS", 1)
    assert soundness.fault_of_file(filled) is None


def test_a_server_that_does_not_answer_is_no_reason_not_to_start() -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect("postgresql://127.0.0.1:1/sla")
    check("postgresql://127.0.0.1:1/sla")
