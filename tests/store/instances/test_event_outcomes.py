"""What the store says of an event that an instance was told."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from store.instances.instances import RecordedEvent, RefusedEvent
from store.store import Store
from tests.store.samples import ORGANIZATION, a_step, an_event, an_opening


def refused(event_id: str, field: str = "event_id") -> dict[str, Any]:
    one = {"signal": "resume", "problem": "nobody can plan it", "field": field, "value": event_id, "at": "-"}
    return {"count": 1, "recent": [one]}


async def test_an_event_is_taken_from_its_record_on_with_the_instant_of_its_first_arrival(store: Store) -> None:
    opening, event = an_opening(), an_event("ack")
    ask = (ORGANIZATION, opening.instance_id, "ack")
    assert await store.instances.event_outcome(*ask) is None
    await store.instances.apply(opening)
    assert await store.instances.event_outcome(*ask) is None
    await store.instances.apply(a_step(opening, 2, events=(event,)))
    assert await store.instances.event_outcome(*ask) == RecordedEvent(event.occurred_at)
    for stranger in ("other", ORGANIZATION):
        instance_id = opening.instance_id if stranger == "other" else "inst_sla_ticket_other"
        assert await store.instances.event_outcome(stranger, instance_id, "ack") is None


async def test_an_event_that_was_set_aside_is_told_with_the_reason_unless_it_was_taken_later(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    ask = (ORGANIZATION, opening.instance_id)
    await store.instances.apply(a_step(opening, 2, set_aside=refused("r1")))
    assert await store.instances.event_outcome(*ask, "r1") == RefusedEvent("nobody can plan it")
    assert await store.instances.event_outcome(*ask, "r2") is None
    event = an_event("r1")
    await store.instances.apply(a_step(opening, 3, events=(event,), set_aside=refused("r1")))
    assert await store.instances.event_outcome(*ask, "r1") == RecordedEvent(event.occurred_at)


async def test_whether_an_event_is_taken_is_one_statement_that_reads_no_plan(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(a_step(opening, 1, snapshot=opening.snapshot, events=(an_event("ack"),)))
    statements: list[str] = []
    engine = store.database.engine

    def heard(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", heard)
    assert await store.instances.event_outcome(ORGANIZATION, opening.instance_id, "ack") is not None
    sa.event.remove(engine, "before_cursor_execute", heard)
    (statement,) = [one for one in statements if one.startswith("SELECT")]
    assert "plan" not in statement
    assert "snapshot" not in statement


async def test_what_many_wait_for_is_told_in_one_look(store: Store) -> None:
    asked = []
    for number in range(40):
        opening, event = an_opening(str(number)), an_event("ack", minutes=number)
        await store.instances.apply(opening)
        asked.append((ORGANIZATION, opening.instance_id, "ack"))
        if number % 4 == 0:
            await store.instances.apply(a_step(opening, 2, events=(event,)))
        if number % 4 == 1:
            await store.instances.apply(a_step(opening, 2, set_aside=refused("ack")))
    asked.append((ORGANIZATION, "inst_sla_ticket_none", "ack"))
    found = await store.instances.event_outcomes(asked)
    assert found == {
        **{asked[number]: RecordedEvent(an_event("ack", minutes=number).occurred_at) for number in range(0, 40, 4)},
        **{asked[number]: RefusedEvent("nobody can plan it") for number in range(1, 40, 4)},
    }
    assert await store.instances.event_outcomes([]) == {}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_what_is_waited_for_is_looked_up_by_its_keys(store: Store) -> None:
    by_event = "sqlite_autoindex_instance_events_2"
    steps: list[str] = []

    def heard(_conn: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            steps.extend(row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    sa.event.listen(store.database.engine, "before_cursor_execute", heard)
    await store.instances.event_outcomes([(ORGANIZATION, "inst_sla_ticket_none", "ack")])
    assert steps == [
        "SCAN wanted VIRTUAL TABLE INDEX 1:",
        "SEARCH instance USING INDEX sqlite_autoindex_instances_1 (organization=? AND id=?)",
        f"SEARCH event USING INDEX {by_event} (organization=? AND instance_id=? AND event_id=?) LEFT-JOIN",
    ]
