"""The clocks of an instance in the store: those of its newest record, however the records arrive."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from domain.ids import Kind
from domain.instants import HOUR, MINUTE, Instant, to_datetime
from domain.ticket.events import EventKind
from store.schema import tables
from store.store import Store
from tests.store.samples import OPENED, a_policy, after, an_event, an_opening


async def clocks(store: Store) -> dict[str, Mapping[Any, Any]]:
    found = await store.database.read(lambda conn: (conn.execute(sa.select(tables.instance_targets))).mappings().all())
    return {row["name"]: row for row in found}


async def everything(store: Store) -> Sequence[Any]:
    table = tables.instance_targets
    # The number of its traits is that of the organization's.
    columns = [column for column in table.c if column.name != "traits"]
    return await store.database.read(lambda conn: conn.execute(sa.select(*columns).order_by(*table.primary_key)).all())


def minutes(number: int) -> Any:
    return to_datetime(Instant(OPENED + number * MINUTE))


async def test_a_running_clock_is_planned_to_be_breached_at_its_due(store: Store) -> None:
    await store.instances.apply(an_opening())
    row = (await clocks(store))["first_response"]
    assert (row["type"], row["cycle"], row["team_id"], row["worked_when_due"]) == ("first_response", 1, None, HOUR)
    assert (row["outcome"], row["outcome_at"], row["due_at"]) == ("breached", minutes(60), minutes(60))
    assert (row["started_at"], row["stopped_at"], row["worked"], row["lasted"]) == (minutes(0), None, None, None)


async def test_a_clock_that_stopped_in_time_is_met_with_its_worked_and_its_wall_time(store: Store) -> None:
    opening = an_opening()
    pause, resume = an_event("p", EventKind.PAUSED, 10), an_event("r", EventKind.RESUMED, 25)
    await store.instances.apply(opening)
    await store.instances.apply(after(opening, 2, pause, resume, an_event("a", minutes=40)))
    row = (await clocks(store))["first_response"]
    assert (row["outcome"], row["outcome_at"], row["stopped_at"]) == ("met", minutes(40), minutes(40))
    assert (row["worked"], row["lasted"], row["paused"]) == (25 * MINUTE, 40 * MINUTE, 15 * MINUTE)


async def test_a_clock_that_stopped_late_is_breached_at_its_due_and_counts_its_whole_time(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    await store.instances.apply(after(opening, 2, an_event("a", minutes=90)))
    row = (await clocks(store))["first_response"]
    assert (row["outcome"], row["outcome_at"], row["stopped_at"]) == ("breached", minutes(60), minutes(90))
    assert (row["worked"], row["lasted"]) == (90 * MINUTE, 90 * MINUTE)


async def test_a_paused_clock_is_undecided(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    await store.instances.apply(after(opening, 2, an_event("p", EventKind.PAUSED, 10)))
    row = (await clocks(store))["resolution"]
    assert (row["outcome"], row["outcome_at"], row["due_at"], row["worked"]) == (None, None, None, None)


async def test_a_withdrawn_clock_is_cancelled_when_it_was_withdrawn(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    await store.instances.apply(after(opening, 2, an_event("c", EventKind.CANCELLED, 90)))
    found = await clocks(store)
    assert (found["resolution"]["outcome"], found["resolution"]["outcome_at"]) == ("cancelled", minutes(90))
    assert (found["resolution"]["worked"], found["resolution"]["lasted"]) == (90 * MINUTE, 90 * MINUTE)
    assert (found["first_response"]["outcome"], found["first_response"]["outcome_at"]) == ("breached", minutes(60))


async def test_every_stint_has_a_clock_of_its_own_and_one_that_is_undone_leaves_none(store: Store) -> None:
    opening = an_opening(kind=Kind.OLA, policy=a_policy(kind=Kind.OLA), team_id="team_a")
    handover = replace(an_event("h/1", EventKind.ASSIGNED, 20), team_id="team_b")
    await store.instances.apply(opening)
    await store.instances.apply(after(opening, 2, handover))
    found = await clocks(store)
    assert {name: row["team_id"] for name, row in found.items()} == {
        "first_response/open-42": "team_a",
        "resolution/open-42": "team_a",
        "first_response/h~2F1": "team_b",
        "resolution/h~2F1": "team_b",
    }
    late = replace(an_event("l", EventKind.ASSIGNED, 10), team_id="team_b")
    await store.instances.apply(after(opening, 3, handover, late))
    assert {row["team_id"] for row in (await clocks(store)).values()} == {"team_a", "team_b"}
    assert set(await clocks(store)) == {
        f"{type_}/{stint}" for type_ in ("first_response", "resolution") for stint in ("open-42", "l")
    }


async def test_a_team_no_column_can_hold_costs_no_record(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(opening)
    assigned = replace(an_event("t", EventKind.ASSIGNED, 5), team_id="a\0b\ud800")
    await store.instances.apply(replace(after(opening, 2, assigned), events=()))
    assert (await clocks(store))["resolution"]["team_id"] == "ab?"


HISTORY = (
    an_event("p", EventKind.PAUSED, 10),
    an_event("r", EventKind.RESUMED, 25),
    an_event("a", EventKind.ACKNOWLEDGED, 40),
    an_event("s", EventKind.RESOLVED, 50),
    an_event("o", EventKind.REOPENED, 55),
    an_event("c", EventKind.CANCELLED, 58),
)


@pytest.mark.parametrize("seed", range(8))
async def test_the_clocks_are_the_same_whatever_order_the_records_arrive_in(store: Store, seed: int) -> None:
    opening = an_opening()
    steps = [after(opening, 2 + count, *HISTORY[: count + 1]) for count in range(len(HISTORY))]
    arriving = [opening, *steps, *steps]
    random.Random(seed).shuffle(arriving)
    for record in arriving:
        await store.instances.apply(record)
    found = await everything(store)
    for record in [opening, *steps]:
        await store.instances.apply(replace(record, organization="in order"))
    in_order = [row[1:] for row in await everything(store) if row.organization == "in order"]
    assert [row[1:] for row in found] == in_order
    resolution = (await clocks(store))["resolution"]
    assert (resolution["outcome"], resolution["outcome_at"]) == ("cancelled", minutes(58))
    assert resolution["worked"] == 38 * MINUTE


async def test_the_newest_clocks_stay_when_all_records_are_written_at_once(open_store: Callable[[], Store]) -> None:
    opening = an_opening()
    steps = [after(opening, 2 + count, *HISTORY[: count + 1]) for count in range(len(HISTORY))]
    writers = [open_store() for _ in range(3)]
    everyone = [
        writers[index % 3].instances.apply(record) for index, record in enumerate([*reversed(steps), opening, *steps])
    ]
    await asyncio.gather(*everyone)
    found = await clocks(writers[0])
    assert len(found) == 2
    assert (found["resolution"]["outcome"], found["resolution"]["outcome_at"]) == ("cancelled", minutes(58))
