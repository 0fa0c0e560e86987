"""What Scrubbe's analytics are made of, the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from domain.analytics.periods import read_period
from domain.analytics.rates import Tally
from domain.instants import DAY, HOUR, MINUTE, Instant, Micros, parse, render
from domain.plan.planning import plan
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.scrubbe.uptime import month_of
from domain.ticket.events import EventKind
from domain.ticket.origins import Origin
from store.analytics.compliance import Average, ComplianceFigures
from store.database.types import moment
from store.schema.tables import tickets
from store.store import Store
from tests.store.samples import OPENED, ORGANIZATION, a_policy, a_step, an_event, an_opening

NOW = parse("2026-03-20T12:00:00Z")
MONTH = month_of("UTC", NOW)
MARCH = read_period("2026-03-01", "2026-03-31", "UTC", NOW)
HIGH = a_policy("pol_high", origin=Origin.V1)


async def kept(store: Store, organization: str = ORGANIZATION) -> ComplianceFigures:
    return await store.compliance.figures(organization, MARCH, MONTH)


async def resolved(store: Store, subject: str, minutes: int, policy: Policy, priority: str = "HIGH") -> None:
    """A ticket opened at 9:00 on Monday 2 March, resolved after some minutes; an hour to respond, eight to resolve."""
    opening = an_opening(subject, policy=policy, priority=priority)
    event = replace(an_event(f"done-{subject}", EventKind.RESOLVED), occurred_at=Instant(OPENED + minutes * MINUTE))
    assert opening.snapshot is not None
    planned = plan(Snapshot.from_json(opening.snapshot), (*opening.events, event))
    await store.instances.apply(opening)
    step = a_step(opening, 2, plan=planned.to_json(), events=(event,), closed_at=planned.closed_at)
    await store.instances.apply(step)


async def a_ticket(store: Store, id_: str, *turns: tuple[str, str], **columns: Any) -> None:
    """A row as the tickets of the API v1 have it: each turn is a status and when it was taken."""
    last_status, last_at = turns[-1]
    row = {
        "organization": ORGANIZATION,
        "id": id_,
        "title": id_,
        "description": "",
        "priority": "HIGH",
        "status": last_status,
        "version": len(turns),
        "history": [{"status": status, "at": at} for status, at in turns],
        "created_at": moment(parse(turns[0][1])),
        "updated_at": moment(parse(last_at)),
        **columns,
    }
    await store.database.write(lambda conn: conn.execute(sa.insert(tickets).values(row)))


async def test_only_clocks_of_the_policies_of_v1_count_deleted_ones_included(store: Store) -> None:
    low = a_policy("pol_low", origin=Origin.V1, conditions=())
    await store.policies.create(ORGANIZATION, low)
    await resolved(store, "1", 90, low, "LOW")
    await store.policies.archive(ORGANIZATION, "pol_low")
    for policy in (HIGH, a_policy("sla_1")):
        await store.policies.create(ORGANIZATION, policy)
    await resolved(store, "2", 30, HIGH)
    await resolved(store, "3", 30, a_policy("sla_1"))
    found = await kept(store)
    assert {(group.policy_id, group.priority, group.type): group.tally for group in found.groups} == {
        ("pol_high", "HIGH", "first_response"): Tally(met=1),
        ("pol_high", "HIGH", "resolution"): Tally(met=1),
        ("pol_low", "LOW", "resolution"): Tally(met=1),
        ("pol_low", "LOW", "first_response"): Tally(breached=1),
    }
    assert [policy.id for policy in found.policies] == ["pol_high"]


async def test_averages_are_of_the_clocks_that_have_stopped_by_policy_and_type(store: Store) -> None:
    await store.policies.create(ORGANIZATION, HIGH)
    await resolved(store, "1", 30, HIGH)
    await resolved(store, "2", 120, HIGH)
    await store.instances.apply(an_opening("3", policy=HIGH, priority="HIGH"))
    found = await kept(store)
    average = 75.0 * MINUTE
    assert sorted(found.averages, key=lambda one: one.type) == [
        Average("first_response", "pol_high", 2, average),
        Average("resolution", "pol_high", 2, average),
    ]
    breached = [group.tally.breached for group in found.groups if group.tally.breached]
    assert sorted(breached) == [1, 2]


async def test_downtime_is_the_union_of_the_open_tickets_of_a_priority_in_the_month(store: Store) -> None:
    await a_ticket(store, "over", ("OPEN", "2026-03-05T10:00:00Z"), ("RESOLVED", "2026-03-05T11:00:00Z"))
    await a_ticket(
        store,
        "lapping",
        *[("NEW", "2026-03-05T09:00:00Z"), ("OPEN", "2026-03-05T10:30:00Z")],
        *[("ACKNOWLEDGED", "2026-03-05T10:45:00Z"), ("CLOSED", "2026-03-05T12:00:00.500000Z")],
    )
    await a_ticket(
        store,
        "again",
        *[("OPEN", "2026-02-27T00:00:00Z"), ("RESOLVED", "2026-03-01T01:00:00Z")],
        *[("OPEN", "2026-03-10T00:00:00Z"), ("RESOLVED", "2026-03-10T00:10:00Z")],
    )
    await a_ticket(store, "going on", ("OPEN", "2026-01-01T00:00:00Z"), priority="LOW")
    await a_ticket(store, "acknowledged", ("OPEN", "2026-03-20T11:00:00Z"), priority="MEDIUM")
    await a_ticket(store, "new", ("NEW", "2026-03-05T10:00:00Z"), priority="CRITICAL")
    found = await kept(store)
    assert found.downtime_of("HIGH") == 3 * HOUR + 10 * MINUTE + 500_000
    assert found.downtime_of("LOW") == 19 * DAY + 12 * HOUR
    assert found.downtime_of("MEDIUM") == HOUR
    assert found.downtime_of("CRITICAL") == 0


async def test_a_ticket_that_was_over_before_the_month_began_leaves_it_alone(store: Store) -> None:
    await a_ticket(store, "1", ("OPEN", "2026-02-01T00:00:00Z"), ("RESOLVED", "2026-02-28T23:59:59Z"))
    await a_ticket(store, "2", ("OPEN", "2026-02-01T00:00:00Z"), ("CLOSED", render(MONTH.start)))
    assert (await kept(store)).downtime_of("HIGH") == 0


async def test_a_ticket_counts_for_the_priority_that_it_has_now_and_for_its_own_organization(store: Store) -> None:
    await store.organizations.ensure("other")
    await a_ticket(store, "1", ("OPEN", "2026-03-20T11:00:00Z"), organization="other", priority="LOW")
    assert (await kept(store)).downtime.counted == {}
    await store.database.write(lambda conn: conn.execute(sa.update(tickets).values(priority="CRITICAL")))
    assert (await kept(store, "other")).downtime.counted == {"CRITICAL": Micros(HOUR)}
