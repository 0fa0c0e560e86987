from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from domain.ids import Kind, SubjectType
from domain.instants import HOUR, Instant, render
from domain.plan.status import InstanceStatus
from domain.record.records import Record
from store.instances.filters import Filters, shown
from store.instances.order import NEXT_DUE_FIRST, Order, Wanted
from store.store import Store
from tests.store.conftest import Filled
from tests.store.samples import OPENED, ORGANIZATION, a_firing, a_policy, an_opening


def at(hours: int) -> Instant:
    return Instant(OPENED + hours * HOUR)


RECORDS: tuple[Record, ...] = (
    replace(an_opening("later", priority="high"), next_due_at=at(9)),
    replace(an_opening("sooner", subject_type=SubjectType.CONVERSATION), next_due_at=at(2)),
    replace(an_opening("paused", opened_at=at(-2), kind=Kind.OLA), next_due_at=None, status=InstanceStatus.PAUSED),
    replace(an_opening("newer", opened_at=at(-1), policy=a_policy("sla_2")), next_due_at=None),
    replace(an_opening("sooner", opened_at=at(-1)), next_due_at=at(2)),
)
IN_ORDER = [
    "inst_sla_conversation_sooner",
    "inst_sla_ticket_sooner",
    "inst_sla_ticket_later",
    "inst_sla_ticket_newer",
    "inst_ola_ticket_paused",
]


async def with_these_records(store: Store) -> None:
    for record in RECORDS:
        await store.instances.apply(record)


@pytest.fixture
async def filled(filled_by: Filled) -> Store:
    return await filled_by(with_these_records)


async def test_instances_are_listed_by_next_due_then_newest_first(filled: Store) -> None:
    found, total = await filled.instances.list(ORGANIZATION, limit=10, offset=0)
    assert [instance.id for instance in found] == IN_ORDER
    assert total == 5


@pytest.mark.parametrize("size", [1, 2, 3, 5])
async def test_pages_neither_repeat_nor_leave_out_an_instance(filled: Store, size: int) -> None:
    pages = [await filled.instances.list(ORGANIZATION, limit=size, offset=offset) for offset in range(0, 5, size)]
    assert [instance.id for page, _ in pages for instance in page] == IN_ORDER
    assert {total for _, total in pages} == {5}


@pytest.mark.parametrize("offset", [5, 6, 100])
async def test_a_page_behind_the_last_instance_still_tells_how_many_there_are(filled: Store, offset: int) -> None:
    assert await filled.instances.list(ORGANIZATION, limit=2, offset=offset) == ([], 5)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(status=InstanceStatus.PAUSED), ["inst_ola_ticket_paused"]),
        (Filters(policy_id="sla_2"), ["inst_sla_ticket_newer"]),
        (Filters(priority="high"), ["inst_sla_ticket_later"]),
        (Filters(kind=Kind.OLA), ["inst_ola_ticket_paused"]),
        (Filters(subject="sooner"), ["inst_sla_conversation_sooner", "inst_sla_ticket_sooner"]),
        (Filters(subject="sooner", subject_type=SubjectType.TICKET), ["inst_sla_ticket_sooner"]),
        (Filters(priority="high", kind=Kind.OLA), []),
        (Filters(priority=None, status=None), IN_ORDER),
        (Filters(due_after=at(2)), IN_ORDER[:3]),
        (Filters(due_after=Instant(at(2) + 1)), ["inst_sla_ticket_later"]),
        (Filters(due_before=at(9)), IN_ORDER[:2]),
        (Filters(due_after=at(2), due_before=Instant(at(9) + 1)), IN_ORDER[:3]),
        (Filters(opened_after=at(-1)), IN_ORDER[:4]),
        (Filters(opened_before=at(-1)), ["inst_ola_ticket_paused"]),
        (Filters(opened_after=at(-1), opened_before=at(0)), ["inst_sla_ticket_sooner", "inst_sla_ticket_newer"]),
    ],
)
async def test_a_list_is_narrowed_by_every_filter_given(filled: Store, filters: Filters, expected: list[str]) -> None:
    found, total = await filled.instances.list(ORGANIZATION, limit=10, offset=0, **filters)
    assert [instance.id for instance in found] == expected
    assert total == len(expected)


@pytest.mark.parametrize(("limit", "queries"), [(4, 3), (5, 2), (10, 2)])
async def test_a_page_costs_three_queries_however_long_it_is_and_two_where_it_has_the_last(
    filled: Store, limit: int, queries: int
) -> None:
    await filled.instances.apply(replace(RECORDS[0], sequence=2, events=(), firings=(a_firing(),)))
    statements: list[str] = []
    engine = filled.database.engine
    event.listen(engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    found, total = await filled.instances.list(ORGANIZATION, limit=limit, offset=0)
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == queries
    assert total == 5
    assert {instance.id: len(instance.ledger) for instance in found}["inst_sla_ticket_later"] == 1


async def test_an_organization_without_instances_has_an_empty_list(filled: Store) -> None:
    assert await filled.instances.list("nobody", limit=10, offset=0) == ([], 0)


@pytest.mark.parametrize(("hour", "breached"), [(1, []), (2, IN_ORDER[:2]), (8, IN_ORDER[:2]), (9, IN_ORDER[:3])])
async def test_a_due_that_has_passed_is_a_breach_in_the_list_before_anybody_records_it(
    filled: Store, hour: int, breached: list[str]
) -> None:
    found, total = await filled.instances.list(
        ORGANIZATION, limit=10, offset=0, as_of=at(hour), status=InstanceStatus.BREACHED
    )
    assert ([instance.id for instance in found], total) == (breached, len(breached))
    assert {instance.status for instance in found} <= {InstanceStatus.BREACHED}
    everything, _ = await filled.instances.list(ORGANIZATION, limit=10, offset=0, as_of=at(hour))
    shown = {instance.id: instance.status for instance in everything}
    assert [id_ for id_ in IN_ORDER if shown[id_] is InstanceStatus.BREACHED] == breached
    assert shown["inst_ola_ticket_paused"] is InstanceStatus.PAUSED


async def test_every_instance_is_listed_under_the_status_it_shows_and_no_other(filled: Store) -> None:
    listed = {
        instance.id: (status, instance.status)
        for status in InstanceStatus
        for instance in (await filled.instances.list(ORGANIZATION, limit=9, offset=0, as_of=at(3), status=status))[0]
    }
    assert sorted(listed) == sorted(IN_ORDER)
    assert all(asked is shown for asked, shown in listed.values())


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("filters", "counted", "read"),
    [
        (Filters(), "COVERING INDEX ix_instances_counted", "INDEX ix_instances_shown"),
        (Filters(kind=Kind.SLA), "COVERING INDEX ix_instances_counted", "INDEX ix_instances_shown"),
        (Filters(status=InstanceStatus.MET), "COVERING INDEX ix_instances_shown", "INDEX ix_instances_shown"),
        (Filters(priority="high"), "COVERING INDEX ix_instances_shown", "INDEX ix_instances_shown"),
        (Filters(due_after=at(1)), "COVERING INDEX ix_instances_shown", "INDEX ix_instances_shown"),
        (
            Filters(subject="later"),
            "INDEX ix_instances_organization_subject",
            "INDEX ix_instances_organization_subject",
        ),
        (Filters(policy_id="sla_1"), "INDEX ix_instances_organization_policy_id_closed_at", "INDEX ix_instances_shown"),
    ],
    ids=str,
)
async def test_a_list_is_counted_and_read_on_an_index_of_which_sqlite_need_know_nothing(
    filled: Store, filters: Filters, counted: str, read: str
) -> None:
    """Without statistics: nobody calls ANALYZE."""
    steps: list[list[str]] = []

    def heard(_conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM instances" in statement:
            steps.append([row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)])

    event.listen(filled.database.engine, "before_cursor_execute", heard)
    # Behind the last one, for a page that has it is counted by itself.
    await filled.instances.list(ORGANIZATION, limit=2, offset=100, **filters)
    (page, *_), (count, *more) = steps
    assert f"USING {counted} " in count
    assert f"USING {read} " in page
    assert not more


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_a_page_is_read_in_the_order_of_its_index_by_postgresql_too(filled: Store) -> None:
    """What would have to be sorted first are all rows of the organization."""
    steps = await explained_by_postgresql(filled, NEXT_DUE_FIRST, 0)
    assert any("ix_instances_shown" in step for step in steps)
    assert not any("Sort" in step for step in steps)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("sort", "number", "index"),
    [
        ("url", 0, "ix_instances_of_url"),
        ("url", 1, "pk_instances"),
        ("is_overdue", 0, "pk_instances"),
        ("at_risk", 0, "pk_instances"),
    ],
)
async def test_each_stretch_of_an_order_is_read_on_an_index_by_postgresql_too(
    filled: Store, sort: str, number: int, index: str
) -> None:
    steps = await explained_by_postgresql(filled, Order.by(sort), number)
    assert any(index in step for step in steps)
    assert not any(step.strip().startswith(("Sort", "->  Sort")) for step in steps)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("sort", "indexes"),
    [
        ("url", ["INDEX ix_instances_of_url", "INDEX sqlite_autoindex_instances_1"]),
        ("-url", ["INDEX ix_instances_of_url", "INDEX sqlite_autoindex_instances_1"]),
        ("team_id", ["INDEX ix_instances_of_team_id", "INDEX sqlite_autoindex_instances_1"]),
        ("-assignee", ["INDEX ix_instances_of_assignee", "INDEX sqlite_autoindex_instances_1"]),
        ("is_overdue", ["INDEX sqlite_autoindex_instances_1", "INDEX ix_instances_running"]),
        ("-is_overdue", ["INDEX ix_instances_running", "INDEX sqlite_autoindex_instances_1"]),
        ("-at_risk", ["INDEX ix_instances_running", "INDEX sqlite_autoindex_instances_1"]),
        ("excused", ["INDEX sqlite_autoindex_instances_1", "INDEX ix_instances_excused"]),
    ],
)
async def test_each_stretch_of_an_order_is_read_on_an_index_of_sqlite(
    filled: Store, sort: str, indexes: list[str]
) -> None:
    """Not all rows are sorted for a page: at most those of one value, and the few of which a clock runs."""

    def work(conn: sa.Connection) -> list[list[str]]:
        found = []
        for some in Order.by(sort).statements(Wanted(shown(ORGANIZATION), at(1))):
            statement = some.limit(2).compile(conn, compile_kwargs={"literal_binds": True})
            found.append([row[3] for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")])
        return found

    steps = await filled.database.read(work)
    assert [used.rpartition("USING ")[2].partition(" (")[0].removeprefix("COVERING ") for used, *_ in steps] == indexes
    # The few that are urgent are sorted.
    urgent = ("INDEX ix_instances_running", "INDEX ix_instances_excused")
    for index, (_, *sorting) in zip(indexes, steps, strict=True):
        assert index in urgent or "USE TEMP B-TREE FOR ORDER BY" not in sorting


async def explained_by_postgresql(filled: Store, order: Order, number: int) -> list[str]:
    """How it reads a stretch of the list, if it can do without sorting."""
    some = order.statements(Wanted(shown(ORGANIZATION), at(1)))[number].limit(2)

    def work(conn: sa.Connection) -> list[str]:
        # A few rows are sooner sorted than looked up: what counts is whether they need not be.
        ways = ("sort", "incremental_sort") if order == NEXT_DUE_FIRST else ("sort",)
        for way in (*ways, "seqscan", "bitmapscan"):
            conn.exec_driver_sql(f"SET LOCAL enable_{way} = off")
        statement = some.compile(conn, compile_kwargs={"literal_binds": True})
        return [row[0] for row in conn.exec_driver_sql(f"EXPLAIN {statement}".replace("%", "%%"))]

    return await filled.database.read(work)


@pytest.mark.parametrize(("hour", "status"), [(3, InstanceStatus.PAUSED), (4, InstanceStatus.ACTIVE)])
async def test_a_pause_that_ends_by_itself_is_over_in_lists_from_then_on(
    store: Store, hour: int, status: InstanceStatus
) -> None:
    opening = an_opening("p")
    assert opening.plan is not None
    targets = [{**one, "state": "paused", "resumes_at": render(at(4))} for one in opening.plan["targets"]]
    plan = {**opening.plan, "targets": targets}
    await store.instances.apply(replace(opening, plan=plan, status=InstanceStatus.PAUSED, next_due_at=at(9)))
    for wanted in (InstanceStatus.PAUSED, InstanceStatus.ACTIVE):
        found, total = await store.instances.list(ORGANIZATION, limit=9, offset=0, as_of=at(hour), status=wanted)
        assert [one.status for one in found] == [status] * (wanted is status)
        assert total == len(found)
