"""What is excused, in figures and lists, the same on both databases: in no rate, shown beside, and still a breach."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from domain.analytics.buckets import Granularity, buckets
from domain.analytics.periods import read_period
from domain.analytics.rates import Tally
from domain.ids import Kind
from domain.instants import DAY, HOUR, MINUTE, Instant, Micros, parse
from domain.plan.status import InstanceStatus
from domain.policy.snapshot import Snapshot
from domain.scrubbe.uptime import month_of
from domain.ticket.events import Event, EventKind
from domain.ticket.excuses import Covers, ExcuseScope
from domain.ticket.origins import Origin
from store.analytics.queries import Scope
from store.database.types import moment
from store.instances.tickets import instance_of
from store.schema.tables import tickets
from store.store import Store
from tests.store.samples import OPENED, ORGANIZATION, a_policy, after, an_event, an_opening

NOW = parse("2026-03-20T12:00:00Z")
SCOPE = Scope(ORGANIZATION, Kind.SLA)
MARCH = read_period("2026-03-01", "2026-03-31", "UTC", NOW)


def excuse(target: str, minutes: int, covers: Covers = Covers.BREACH, **changes: Any) -> Event:
    said: dict[str, Any] = {"actor": "ada", "reason": "storm", "excuse": ExcuseScope(target, covers=covers), **changes}
    return replace(an_event(f"excuse-{target}-{minutes}", EventKind.RESOLVED, minutes), kind=EventKind.EXCUSED, **said)


def undone(target: str, minutes: int) -> Event:
    said: dict[str, Any] = {"actor": "bob", "excuse": ExcuseScope(target, covers=None)}
    found = an_event(f"undo-{target}-{minutes}", EventKind.RESOLVED, minutes)
    return replace(found, kind=EventKind.EXCUSE_UNDONE, **said)


def answered_late(subject: str) -> Event:
    """Answered and resolved after two hours; the response had one."""
    return an_event(f"done-{subject}", EventKind.RESOLVED, 120)


async def keep(store: Store, subject: str, *events: Event, **ticket: Any) -> None:
    """A ticket opened at 9:00 on Monday 2 March, with an hour to answer and eight to resolve, step by step."""
    opening = an_opening(subject, **ticket)
    await store.instances.apply(opening)
    for count in range(1, len(events) + 1):
        await store.instances.apply(after(opening, count + 1, *events[:count]))


async def test_what_is_excused_is_in_no_rate_and_is_counted_beside(store: Store) -> None:
    """What is excused is in no rate, no cluster and no error budget, and counted beside; undone, it counts again."""
    await keep(store, "1", answered_late("1"), excuse("first_response", 180))
    await keep(store, "2", answered_late("2"))
    await keep(store, "3", an_event("done-3", EventKind.RESOLVED, 30), excuse("resolution", 40, Covers.RESULT))
    await keep(store, "4", answered_late("4"), excuse("first_response", 180), undone("first_response", 190))
    figures = (await store.analytics.summary(SCOPE, MARCH, NOW)).current
    assert figures.tally == Tally(met=4, breached=2, excused=2)
    assert (figures.tally.total, figures.tally.compliance_rate, figures.instances) == (8, 66.67, 4)
    assert dict(figures.by("type")) == {"first_response": Tally(1, 2, excused=1), "resolution": Tally(3, excused=1)}
    assert figures.times["first_response"].count == 3
    (day,) = await store.analytics.trend(SCOPE, [buckets(MARCH, Granularity.DAY)[1]], NOW)
    assert day == Tally(4, 2, excused=2)


async def test_excused_breaches_are_listed_apart_with_who_excused_them_and_why(store: Store) -> None:
    await keep(store, "1", answered_late("1"), excuse("first_response", 180))
    await keep(store, "2", answered_late("2"))
    await keep(store, "3", an_event("done-3", EventKind.RESOLVED, 30), excuse("resolution", 40, Covers.RESULT))
    # It runs still, past its due.
    await keep(store, "4", excuse("resolution", 10, Covers.RESULT))
    counting = await store.analytics.breaches(SCOPE, MARCH, NOW, limit=10, offset=0)
    # The response of the fourth is broken, too.
    assert sorted((one.subject, one.target) for one in counting.page) == [
        ("2", "first_response"),
        ("4", "first_response"),
    ]
    assert (counting.total, counting.excused, [count for _, count in counting.moments.weekdays]) == (2, 2, [2])
    assert all(one.excuse is None for one in counting.page)
    excused = await store.analytics.breaches(SCOPE, MARCH, NOW, limit=10, offset=0, excused=True)
    assert [(one.subject, one.target) for one in excused.page] == [("4", "resolution"), ("1", "first_response")]
    assert (excused.total, excused.excused) == (2, 2)
    first, last = excused.page[1], excused.page[0]
    assert first.excuse is not None
    assert (first.excuse.reason, first.excuse.actor, first.overrun) == ("storm", "ada", HOUR)
    assert last.overrun == NOW - OPENED - 8 * HOUR


async def test_a_clock_that_stops_ahead_of_now_is_counted_though_another_is_excused(store: Store) -> None:
    late = Micros(NOW - OPENED + 3 * DAY) // MINUTE
    await keep(store, "1", an_event("a", EventKind.RESOLVED, late), excuse("resolution", late + 1))
    figures = (await store.analytics.summary(SCOPE, MARCH, NOW)).current
    assert figures.tally == Tally(breached=1, excused=1)
    assert (figures.times, figures.paused_share) == ({}, None)


async def test_a_list_tells_what_is_excused_as_of_now(store: Store) -> None:
    await keep(store, "1", answered_late("1"), excuse("first_response", 180))
    await keep(store, "2", answered_late("2"))
    # Its response is excused; its resolution is due at 17:00.
    await keep(store, "3", excuse("first_response", 61))

    async def listed(hour: int, **filters: Any) -> list[str]:
        then = Instant(OPENED + (hour - 9) * HOUR)
        found, total = await store.instances.list(ORGANIZATION, limit=10, offset=0, as_of=then, **filters)
        assert total == len(found)
        return sorted(one.id.rpartition("_")[2] for one in found)

    assert [await listed(16, excused=True), await listed(18, excused=True)] == [["1", "3"], ["1"]]
    assert [await listed(16, excused=False), await listed(18, excused=False)] == [["2"], ["2", "3"]]
    assert await listed(16, excused=True, status=InstanceStatus.BREACHED) == ["1", "3"]
    assert len(await listed(16)) == 3


async def test_scrubbes_figures_leave_out_what_is_excused(store: Store) -> None:
    high = a_policy("pol_high", origin=Origin.V1)
    await store.policies.create(ORGANIZATION, high)
    month = month_of("UTC", NOW)
    for id_, events in (
        ("excused", (answered_late("x"), excuse("first_response", 180))),
        ("waived", (answered_late("y"), excuse("resolution", 180, Covers.RESULT))),
        ("counted", (answered_late("z"),)),
    ):
        subject = instance_of(id_).subject
        kind = instance_of(id_).subject_type
        await keep(store, subject, *events, policy=high, priority="HIGH", subject_type=kind)
        await a_ticket(store, id_)
    found = await store.compliance.figures(ORGANIZATION, MARCH, month)
    tallies = {group.type: Tally() for group in found.groups}
    for group in found.groups:
        tallies[group.type] += group.tally
    assert tallies == {"first_response": Tally(breached=2, excused=1), "resolution": Tally(met=2, excused=1)}
    # All three were open at the same time; the whole resolution of one is excused.
    assert (found.downtime_of("HIGH"), found.excused_downtime_of("HIGH")) == (2 * HOUR, 2 * HOUR)
    listed = await store.tickets.list(ORGANIZATION, limit=9, offset=0, as_of=NOW, breached=(True, False))
    assert listed[1] == 3, "an excused breach is one still"


async def a_ticket(store: Store, id_: str) -> None:
    """A ticket of the API v1 that was open for two hours on Monday."""
    row = {
        "organization": ORGANIZATION,
        "id": id_,
        "title": id_,
        "description": "",
        "priority": "HIGH",
        "status": "RESOLVED",
        "version": 2,
        "history": [
            {"status": "OPEN", "at": "2026-03-02T09:00:00Z"},
            {"status": "RESOLVED", "at": "2026-03-02T11:00:00Z"},
        ],
        "created_at": moment(OPENED),
        "updated_at": moment(Instant(OPENED + 2 * HOUR)),
    }
    await store.database.write(lambda conn: conn.execute(sa.insert(tickets).values(row)))


async def test_the_instance_keeps_its_breach_and_its_excuse(store: Store) -> None:
    await keep(store, "1", answered_late("1"), excuse("first_response", 180))
    stored = await store.instances.get(ORGANIZATION, "inst_sla_ticket_1")
    assert stored is not None
    target = stored.plan.target("first_response")
    assert target is not None
    assert target.excuse is not None
    assert (stored.status, target.excuse.reason) == (InstanceStatus.BREACHED, "storm")
    assert isinstance(stored.snapshot, Snapshot)
