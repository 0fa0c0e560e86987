from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from domain.errors import InvalidValue, PlanMissing, ProjectionConflict
from domain.instants import HOUR, Instant
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.plan.status import InstanceStatus
from domain.policy.snapshot import Snapshot
from domain.record.records import Delivery, Record
from domain.ticket.events import EventKind
from store.schema import tables
from store.store import Store
from tests.store.samples import OPENED, ORGANIZATION, a_firing, a_step, an_event, an_opening


async def rows(store: Store, table: sa.Table) -> Sequence[Mapping[Any, Any]]:
    return await store.database.read(lambda conn: (conn.execute(sa.select(table))).mappings().all())


async def everything(store: Store) -> dict[str, Any]:
    return {table.name: await rows(store, table) for table in tables.metadata.sorted_tables}


async def test_a_recorded_opening_is_read_back_as_it_was_planned(store: Store) -> None:
    opening = an_opening(priority="high", fields={"nested": {"list": [1, 2.5, None]}})
    await store.instances.apply(opening)
    found = await store.instances.get(ORGANIZATION, opening.instance_id)
    assert found is not None
    assert found.snapshot == Snapshot.from_json(opening.snapshot)
    assert found.plan == Plan.from_json(opening.plan or {})
    assert (found.status, found.sequence, found.ledger) == (InstanceStatus.ACTIVE, 1, ())
    assert (found.opened_at, found.closed_at, found.next_due_at) == (OPENED, None, OPENED + HOUR)


async def test_a_record_written_twice_changes_nothing(store: Store) -> None:
    opening = an_opening()
    step = a_step(opening, 2, events=(an_event("ack"),), firings=(a_firing(),))
    for record in (opening, step):
        await store.instances.apply(record)
    before = await everything(store)
    for record in (step, opening, Record.from_json(step.to_json())):
        await store.instances.apply(record)
    assert await everything(store) == before


async def test_the_same_key_with_other_content_is_refused_and_changes_nothing(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    before = await everything(store)
    with pytest.raises(ProjectionConflict):
        await store.instances.apply(replace(opening, status=InstanceStatus.MET, firings=(a_firing(),)))
    assert await everything(store) == before


async def test_a_step_stays_as_it_was_written_first(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    await store.instances.apply(a_step(opening, 2, events=(an_event("a"),)))
    with pytest.raises(ProjectionConflict, match="record 2 of inst_sla_ticket_42"):
        await store.instances.apply(a_step(opening, 2, events=(an_event("b"),)))
    loaded = await store.instances.load(opening.organization, opening.instance_id)
    assert loaded is not None
    assert [event.event_id for event in loaded.events[1:]] == ["a"]


async def test_api_and_workflow_may_write_the_first_row_at_once(open_store: Callable[[], Store]) -> None:
    writers = [open_store() for _ in range(4)]
    for number in range(5):
        opening = an_opening(str(number))
        await asyncio.gather(*(writer.instances.apply(opening) for writer in writers))
    assert len(await rows(writers[0], tables.instances)) == 5
    assert len(await rows(writers[0], tables.instance_events)) == 5


async def test_different_first_rows_at_once_leave_exactly_one(open_store: Callable[[], Store]) -> None:
    opening = an_opening()
    records = [replace(opening, next_due_at=Instant(OPENED + number)) for number in range(4)]
    results = await asyncio.gather(
        *(open_store().instances.apply(record) for record in records), return_exceptions=True
    )
    assert results.count(None) == 1
    assert sum(isinstance(result, ProjectionConflict) for result in results) == 3


async def test_steps_of_one_instance_written_at_once_all_arrive(open_store: Callable[[], Store]) -> None:
    opening = an_opening()
    steps = [a_step(opening, number, events=(an_event(f"e{number}"),)) for number in range(2, 12)]
    writers = [open_store() for _ in range(3)]
    everyone = [writers[index % 3].instances.apply(record) for index, record in enumerate([*reversed(steps), opening])]
    await asyncio.gather(*everyone)
    loaded = await writers[0].instances.load(ORGANIZATION, opening.instance_id)
    assert loaded is not None
    assert [event.event_id for event in loaded.events] == ["open-42", *(f"e{number}" for number in range(2, 12))]
    assert (loaded.sequence, loaded.is_complete) == (11, True)


async def test_an_older_record_that_comes_late_keeps_its_facts_and_does_not_move_the_row_back(store: Store) -> None:
    opening = an_opening()
    newest = a_step(
        opening, 3, status=InstanceStatus.BREACHED, next_due_at=None, firings=(a_firing(delivered_at=OPENED),)
    )
    older = a_step(opening, 2, events=(an_event("ack"),), firings=(a_firing(), a_firing("at_risk", minutes=45)))
    await store.instances.apply(newest)
    assert await store.instances.get(ORGANIZATION, opening.instance_id) is None
    loaded = await store.instances.load(ORGANIZATION, opening.instance_id)
    assert loaded is not None
    assert not loaded.is_complete
    await store.instances.apply(opening)
    await store.instances.apply(older)
    found = await store.instances.get(ORGANIZATION, opening.instance_id)
    assert found is not None
    assert (found.sequence, found.status, found.next_due_at) == (3, InstanceStatus.BREACHED, None)
    assert found.ledger == (a_firing(delivered_at=OPENED), a_firing("at_risk", minutes=45))
    loaded = await store.instances.load(ORGANIZATION, opening.instance_id)
    assert loaded is not None
    assert [event.event_id for event in loaded.events] == ["open-42", "ack"]
    assert loaded.is_complete


async def test_an_older_snapshot_that_comes_late_does_not_replace_a_newer_one(store: Store) -> None:
    opening = an_opening(priority="low")
    retargeted = replace(an_opening(priority="high"), sequence=2)
    await store.instances.apply(replace(retargeted, events=()))
    await store.instances.apply(opening)
    found = await store.instances.get(ORGANIZATION, opening.instance_id)
    assert found is not None
    assert found.snapshot.ticket.priority == "high"


async def test_an_event_id_counts_once_as_it_first_arrived(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    await store.instances.apply(a_step(opening, 2, events=(an_event("e"), an_event("f"))))
    await store.instances.apply(a_step(opening, 3, events=(an_event("e", EventKind.PAUSED), an_event("g"))))
    loaded = await store.instances.load(ORGANIZATION, opening.instance_id)
    assert loaded is not None
    assert [event.event_id for event in loaded.events] == ["open-42", "e", "f", "g"]
    assert loaded.events[1] == an_event("e")


async def test_a_withdrawn_firing_and_its_next_generation_are_both_in_the_ledger(store: Store) -> None:
    opening = an_opening()
    withdrawn = a_firing(withdrawn_at=Instant(OPENED + 2 * HOUR))
    again = a_firing(generation=2, minutes=90)
    await store.instances.apply(a_step(opening, 1, snapshot=opening.snapshot, firings=(a_firing(),)))
    await store.instances.apply(a_step(opening, 2, firings=(withdrawn, again)))
    found = await store.instances.get(ORGANIZATION, opening.instance_id)
    assert found is not None
    assert found.ledger == (withdrawn, again)


async def test_notices_and_the_newest_word_on_their_deliveries_are_kept(store: Store) -> None:
    opening = an_opening()
    notice = {"id": "n1", "type": "sla.halfway"}
    dead = Delivery("n1", "webhook", "dead", OPENED, "500 \0 \ud800 no")
    delivered = Delivery("n1", "webhook", "delivered", Instant(OPENED + 1))
    await store.instances.apply(replace(opening, notices=(notice,)))
    await store.instances.apply(a_step(opening, 3, deliveries=(delivered,)))
    await store.instances.apply(a_step(opening, 2, deliveries=(dead, replace(dead, channel="log"))))
    assert [row["doc"] for row in await rows(store, tables.notices)] == [notice]
    statuses = {row["channel"]: row["status"] for row in await rows(store, tables.deliveries)}
    assert statuses == {"webhook": "delivered", "log": "dead"}


async def test_a_notice_is_on_its_way_until_a_step_settles_it(store: Store) -> None:
    opening = an_opening()
    one, two = {"id": "n1", "type": "sla.halfway"}, {"id": "n2", "type": "sla.breached"}
    dead = Delivery("n1", "webhook", "dead", OPENED, "no")
    await store.instances.apply(replace(opening, notices=(one, two), deliveries=(dead,)))
    loaded = await store.instances.load(ORGANIZATION, opening.instance_id)
    assert loaded is not None
    assert loaded.undelivered == ((one, (dead,)), (two, ()))
    await store.instances.apply(a_step(opening, 2, settled=("n1",)))
    loaded = await store.instances.load(ORGANIZATION, opening.instance_id)
    assert loaded is not None
    assert loaded.undelivered == ((two, ()),)


async def test_a_notice_is_settled_though_the_step_that_says_so_is_recorded_before_its_own(store: Store) -> None:
    opening = an_opening()
    one, two = {"id": "n1", "type": "sla.halfway"}, {"id": "n2", "type": "sla.breached"}
    for step in (
        replace(opening),
        a_step(opening, 4, settled=("n2",)),
        a_step(opening, 3, settled=("n1",)),
        a_step(opening, 2, notices=(one, two)),
    ):
        await store.instances.apply(step)
    loaded = await store.instances.load(ORGANIZATION, opening.instance_id)
    assert loaded is not None
    assert loaded.is_complete
    assert loaded.undelivered == ()


async def test_documents_come_back_exactly_whatever_text_and_numbers_they_hold(store: Store) -> None:
    fields = {"z": "\0 \ud800 😀", "a": 1.0, "big": 2**70, "tiny": 1e-300}
    opening = an_opening(fields=fields)
    await store.instances.apply(replace(opening, set_aside={"count": 1, "recent": [{"signal": "pause", "why": "\0"}]}))
    loaded = await store.instances.load(ORGANIZATION, opening.instance_id)
    assert loaded is not None
    assert loaded.snapshot is not None
    assert loaded.snapshot["ticket"]["fields"] == fields
    assert list(loaded.snapshot["ticket"]["fields"]) == list(fields)
    assert loaded.set_aside == {"count": 1, "recent": [{"signal": "pause", "why": "\0"}]}


async def test_a_key_no_database_can_hold_is_refused_by_name_on_both(store: Store) -> None:
    opening = an_opening()
    for text in ("nul\0", "lone \ud800"):
        with pytest.raises(InvalidValue):
            await store.instances.apply(replace(opening, events=(an_event(text),)))
    assert await rows(store, tables.instance_records) == []


async def test_the_same_ids_in_two_organizations_never_mix(store: Store) -> None:
    ours = an_opening(organization="ours", priority="low")
    theirs = an_opening(organization="theirs", priority="high")
    await store.instances.apply(ours)
    await store.instances.apply(replace(theirs, firings=(a_firing(),)))
    await store.instances.apply(a_step(theirs, 2, events=(an_event("ack"),), status=InstanceStatus.MET))
    found = await store.instances.get("ours", ours.instance_id)
    assert found is not None
    assert (found.snapshot.ticket.priority, found.sequence, found.ledger) == ("low", 1, ())
    loaded = await store.instances.load("ours", ours.instance_id)
    assert loaded is not None
    assert len(loaded.events) == 1
    assert (await store.instances.list("ours", limit=10, offset=0))[1] == 1
    assert await store.instances.get("nobody", ours.instance_id) is None
    assert await store.instances.load("nobody", ours.instance_id) is None


async def test_a_writer_that_is_cancelled_leaves_nothing_half_done(store: Store) -> None:
    cancelled = []
    for number in range(60):
        cancelled.append(asyncio.ensure_future(store.instances.apply(an_opening(f"gone-{number}"))))
        await asyncio.sleep(number % 20 / 2000)
        cancelled[-1].cancel()
        await asyncio.wait(cancelled[-1:])
        await store.instances.apply(an_opening("last"))
    ids = {row["id"] for row in await rows(store, tables.instances)}
    assert {row["instance_id"] for row in await rows(store, tables.instance_records)} == ids
    assert {row["instance_id"] for row in await rows(store, tables.instance_events)} == ids
    assert "inst_sla_ticket_last" in ids


async def test_a_step_without_its_plan_keeps_the_one_of_the_step_before(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    await store.instances.apply(
        a_step(opening, 2, status=InstanceStatus.BREACHED, firings=(a_firing(),)).without_plan()
    )
    found = await store.instances.get(ORGANIZATION, opening.instance_id)
    assert found is not None
    assert (found.sequence, found.status, found.ledger) == (2, InstanceStatus.BREACHED, (a_firing(),))
    assert found.plan == Plan.from_json(opening.plan or {})


async def test_a_step_without_its_plan_is_refused_where_the_row_has_none_or_another(store: Store) -> None:
    opening = an_opening()
    with pytest.raises(PlanMissing):
        await store.instances.apply(a_step(opening, 2, firings=(a_firing(),)).without_plan())
    await store.instances.apply(opening)
    before = await everything(store)
    moved = {**(opening.plan or {}), "opened_at": "2026-03-02T09:00:01.000000Z"}
    step = a_step(opening, 3, plan=moved, firings=(a_firing(),))
    with pytest.raises(PlanMissing):
        await store.instances.apply(step.without_plan())
    assert await everything(store) == before
    await store.instances.apply(step)
    await store.instances.apply(step.without_plan())
    await store.instances.apply(a_step(opening, 2).without_plan())
    found = await store.instances.load(ORGANIZATION, opening.instance_id)
    assert found is not None
    assert (found.plan, found.sequence, found.is_complete) == (moved, 3, True)


async def test_a_step_whose_plan_has_not_changed_touches_no_clock_and_one_that_adds_nothing_only_the_row(
    store: Store,
) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    written: list[str] = []

    def heard(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        written.append(" ".join(statement.split()[:3]))

    sa.event.listen(store.database.engine, "before_cursor_execute", heard)
    await store.instances.apply(a_step(opening, 2))
    await store.instances.apply(a_step(opening, 3, firings=(a_firing(),)).without_plan())
    # The change is told in a transaction of its own, some time after it.
    touched = [one for one in written if not one.startswith(("SELECT", "BEGIN", "SET LOCAL", "NOTIFY"))]
    row = ["INSERT INTO instance_records", "UPDATE instances SET"]
    assert touched == [*row, *row, "INSERT INTO milestones"]


async def test_of_a_plan_that_changes_only_the_clocks_that_differ_are_written(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    assert opening.snapshot is not None
    answered, paused = an_event("ack"), an_event("pause", EventKind.PAUSED, minutes=10)
    first = plan(Snapshot.from_json(opening.snapshot), (*opening.events, answered))
    await store.instances.apply(a_step(opening, 2, plan=first.to_json()))
    planned = plan(Snapshot.from_json(opening.snapshot), (*opening.events, answered, paused)).to_json()
    written: list[Any] = []

    def heard(_conn: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if "instance_targets" in statement:
            written.extend(parameters if many else [parameters])

    sa.event.listen(store.database.engine, "before_cursor_execute", heard)
    await store.instances.apply(a_step(opening, 3, plan=planned))
    assert len(written) == 1
    assert "resolution" in (written[0].values() if isinstance(written[0], dict) else written[0])
