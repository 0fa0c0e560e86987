"""Totals of lists that nothing narrows, and how they are counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from domain.ids import Kind
from domain.instants import HOUR, Instant
from store.instances import whole_lists
from store.instances.filters import Filters
from store.instances.whole_lists import LAST_KIND, WholeList
from store.store import Store
from tests.store.conftest import Filled
from tests.store.samples import OPENED, ORGANIZATION, a_step, an_opening

NUMBERS = {None: 7, Kind.SLA: 4, Kind.OLA: 3}


async def with_instances_of_several(store: Store) -> None:
    """Of each kind some, one that is not shown yet, and some of others, whose names come before and after."""
    for kind, number in ((Kind.SLA, 4), (Kind.OLA, 3)):
        for subject in range(number):
            await store.instances.apply(an_opening(str(subject), kind=kind, opened_at=Instant(OPENED + subject * HOUR)))
    await store.instances.apply(a_step(an_opening("early"), 2))
    for organization, number in (("aaa", 5), ("zzz", 6)):
        for subject in range(number):
            await store.instances.apply(an_opening(str(subject), organization=organization))


@pytest.fixture
async def filled(filled_by: Filled) -> Store:
    return await filled_by(with_instances_of_several)


@pytest.mark.parametrize("others", [whole_lists.FEW_OTHERS, 0], ids=["others are few", "others are many"])
@pytest.mark.parametrize(("kind", "number"), NUMBERS.items(), ids=str)
async def test_the_total_is_that_of_all_pages_however_it_is_counted(
    filled: Store, kind: Kind | None, number: int, others: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_lists, "FEW_OTHERS", others)
    whole_lists._left_by_others.cache_clear()
    for limit in (1, number - 1, number, 99):
        found, total = await filled.instances.list(ORGANIZATION, limit=limit, offset=0, kind=kind)
        assert (len(found), total) == (min(limit, number), number)
    whole_lists._left_by_others.cache_clear()


@pytest.mark.parametrize("kind", NUMBERS, ids=str)
async def test_a_page_that_follows_tells_the_same_total(filled: Store, kind: Kind | None) -> None:
    first = await filled.instances.page(ORGANIZATION, limit=1, kind=kind)
    second = await filled.instances.page(ORGANIZATION, limit=1, after=first.last, kind=kind)
    behind = await filled.instances.page(ORGANIZATION, limit=1, offset=99, kind=kind)
    assert first.rows[0].id != second.rows[0].id
    assert {first.total, second.total, behind.total} == {NUMBERS[kind]}


async def test_a_total_counts_anew_what_is_opened_meanwhile(filled: Store) -> None:
    for number in range(4, 7):
        assert (await filled.instances.list(ORGANIZATION, limit=1, offset=0, kind=Kind.SLA))[1] == number
        await filled.instances.apply(an_opening(str(number)))
    await filled.instances.apply(an_opening("early"))
    assert (await filled.instances.list(ORGANIZATION, limit=1, offset=0, kind=Kind.SLA))[1] == 8


def test_lists_of_all_kinds_and_of_one_are_whole() -> None:
    assert WholeList.of(Filters()) == WholeList.of(Filters(kind=None, status=None)) == WholeList(None)
    assert WholeList.of(Filters(kind=[Kind.OLA])) == WholeList.of(Filters(kind=Kind.OLA)) == WholeList(Kind.OLA)
    assert WholeList.of(Filters(kind=list(Kind))) == WholeList(None)
    assert WholeList.of(Filters(kind=Kind.OLA, team_id="a")) is None
    assert WholeList.of(Filters(kind=[])) is None


def test_no_kind_sorts_behind_the_last() -> None:
    assert all(kind.value <= LAST_KIND.value for kind in Kind)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", NUMBERS, ids=str)
async def test_every_row_is_counted_by_pages_and_those_of_others_are_looked_up(
    filled: Store, kind: Kind | None
) -> None:
    steps: list[list[str]] = []

    def heard(_conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "of_others" in statement:
            steps.append([row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)])

    event.listen(filled.database.engine, "before_cursor_execute", heard)
    await filled.instances.list(ORGANIZATION, limit=1, offset=0, kind=kind)
    ((*plan,),) = steps
    read = [step for step in plan if "instances" in step]
    assert all("COVERING INDEX" in step for step in read)
    (every,) = [step for step in read if step.startswith("SCAN")]
    (one_by_one,) = read[read.index(every) + 1 :]
    assert "ix_instances_counted (organization=?" in one_by_one
    assert any("ix_instances_hidden (organization=?" in step for step in read)
    assert any("(organization<?)" in step for step in read)
    assert any("(organization>?)" in step for step in read)


async def test_the_same_list_at_another_time_shows_what_is_due_then(store: Store) -> None:
    await store.instances.apply(replace(an_opening(), next_due_at=Instant(OPENED + HOUR)))
    for hours, status in ((0, "active"), (1, "breached")):
        found, _ = await store.instances.list(ORGANIZATION, limit=9, offset=0, as_of=Instant(OPENED + hours * HOUR))
        assert [one.status for one in found] == [status]
