"""The chain of an instance's steps, whatever order they are recorded in."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from domain.plan.planning import plan
from domain.plan.status import instance_status
from domain.policy.snapshot import Snapshot
from domain.record.chain import verify
from domain.record.records import Record
from domain.ticket.events import EventKind
from store.schema.tables import instance_records
from store.store import Store
from tests.store.samples import ORGANIZATION, an_event, an_opening

ID = "inst_sla_ticket_42"


def story() -> list[Record]:
    """An opening and three steps that tell the truth."""
    opening = an_opening()
    assert opening.snapshot is not None
    snapshot, events, steps = Snapshot.from_json(opening.snapshot), [*opening.events], [opening]
    kinds = (EventKind.ACKNOWLEDGED, EventKind.PAUSED, EventKind.RESUMED)
    for sequence, kind in enumerate(kinds, start=2):
        events.append(an_event(kind.value, kind, minutes=10 * sequence))
        planned = plan(snapshot, events)
        told: dict[str, Any] = {"events": (events[-1],), "plan": planned.to_json(), "plan_digest": ""}
        status = instance_status(planned, events[-1].received_at)
        steps.append(replace(opening, sequence=sequence, snapshot=None, status=status, **told))
    return steps


async def export(store: Store) -> dict[str, Any]:
    found = await store.chains.export(ORGANIZATION, ID)
    assert found is not None
    return found


async def test_every_step_is_chained_to_the_one_before(store: Store) -> None:
    for record in story():
        await store.instances.apply(record)
    verdict = verify(await export(store))
    assert (verdict.steps, verdict.findings) == (4, ())
    page = await store.chains.steps(ORGANIZATION, ID, limit=2, offset=2)
    whole = await store.chains.steps(ORGANIZATION, ID, limit=9, offset=0)
    assert list(page.steps) == list(whole.steps)[2:]
    assert [step.previous_hash for step in whole.steps] == ["", *[step.hash for step in whole.steps][:-1]]
    assert (page.total, page.head, page.is_complete) == (4, verdict.head, True)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[1:], ids=str)
async def test_a_gap_ends_the_chain_until_it_is_filled(store: Store, order: tuple[int, ...]) -> None:
    first, *later = story()
    await store.instances.apply(first)
    there = {1}
    for place in order:
        await store.instances.apply(later[place])
        there.add(later[place].sequence)
        reach = next(number for number in itertools.count(1) if number + 1 not in there)
        assert len((await export(store))["steps"]) == reach
        found = await store.chains.steps(ORGANIZATION, ID, limit=9, offset=0)
        assert found.is_complete == (reach == max(there))
        assert [step.sequence for step in found.steps if step.hash is not None] == list(range(1, reach + 1))
    assert verify(await export(store)).findings == ()


async def test_a_step_that_is_recorded_again_keeps_its_hash(store: Store) -> None:
    for record in story():
        await store.instances.apply(record)
    before = await export(store)
    for record in reversed(story()):
        await store.instances.apply(record)
    assert await export(store) == before


async def test_what_somebody_changes_in_the_database_is_found(store: Store) -> None:
    for record in story():
        await store.instances.apply(record)
    document = await export(store)
    forged = {**document["steps"][1]["link"], "events": []}
    await store.database.write(
        lambda conn: conn.execute(
            sa.update(instance_records).where(instance_records.c.sequence == 2).values(link=forged)
        )
    )
    found = verify(await export(store)).findings
    assert {(finding.sequence, finding.part) for finding in found} >= {(2, "hash"), (2, "plan")}


async def test_an_instance_that_is_not_there_has_no_record(store: Store) -> None:
    assert await store.chains.export(ORGANIZATION, "inst_sla_ticket_none") is None
    assert (await store.chains.steps(ORGANIZATION, "inst_sla_ticket_none", limit=1, offset=0)).total == 0
    await store.instances.apply(an_opening())
    assert await store.chains.export("other", ID) is None
