"""The figures of a period, the same on both databases."""

from __future__ import annotations

import random
import statistics
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement, Executable

from domain.analytics.buckets import Bucket, Granularity, buckets
from domain.analytics.periods import read_period
from domain.analytics.rates import Tally
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import DAY, HOUR, MINUTE, Instant, Micros, parse
from domain.plan.planning import plan
from domain.policy.catalog import Catalog
from domain.policy.policies import OnChange
from domain.policy.snapshot import Snapshot
from domain.policy.targets import TargetRule
from domain.record.records import Record, first_record
from domain.ticket.events import EventKind
from domain.ticket.teams import Team
from domain.ticket.tickets import Ticket
from store.analytics import queries
from store.analytics import summaries as analytics
from store.analytics.breach_order import BREACH_SORTS, sorting
from store.analytics.queries import OutcomeWindow, Scope
from store.database.types import moment
from store.lists.keys import Place
from store.lists.listed import ListPart
from store.schema.tables import instance_targets
from store.store import Store
from tests.store.conftest import Filled
from tests.store.samples import OPENED, ORGANIZATION, a_policy, a_step, an_event, an_opening

NOW = parse("2026-03-20T12:00:00Z")
SCOPE = Scope(ORGANIZATION, Kind.SLA)
URGENT = Scope(ORGANIZATION, Kind.SLA, policy_id=["sla_1", "sla_2"], priority="urgent")
MARCH = read_period("2026-03-01", "2026-03-31", "UTC", NOW)
BOTH = ("first_response", "resolution")
BY_END = "ix_instance_targets_ended"
COUNTED = "ix_instance_targets_counted"


async def resolved(store: Store, subject: str, minutes: int, **ticket: Any) -> None:
    """A ticket opened at 9:00 on Monday 2 March, answered and resolved after some minutes."""
    opening = an_opening(subject, **ticket)
    event = replace(an_event(f"done-{subject}", EventKind.RESOLVED), occurred_at=Instant(OPENED + minutes * MINUTE))
    assert opening.snapshot is not None
    planned = plan(Snapshot.from_json(opening.snapshot), (*opening.events, event))
    await store.instances.apply(opening)
    await store.instances.apply(a_step(opening, 2, plan=planned.to_json(), events=(event,)))


async def test_every_combination_adds_up_by_each_trait(store: Store) -> None:
    await store.teams.create(ORGANIZATION, Team("team_a", "Support"))
    await store.policies.create(ORGANIZATION, a_policy())
    await resolved(store, "1", 30, priority="high", team_id="team_a")
    await resolved(store, "2", 90, priority="low")
    summary = await store.analytics.summary(SCOPE, MARCH, NOW)
    figures = summary.current
    assert (figures.tally, figures.instances) == (Tally(met=3, breached=1), 2)
    assert figures.by("type") == [("first_response", Tally(1, 1)), ("resolution", Tally(2))]
    assert figures.by("priority") == [("high", Tally(2)), ("low", Tally(1, 1))]
    assert figures.by("team_id") == [("team_a", Tally(2)), (None, Tally(1, 1))]
    assert summary.names.policies == {"sla_1": "Policy sla_1"}
    assert summary.names.teams == {"team_a": "Support"}
    assert summary.previous.tally == Tally()


@pytest.mark.parametrize(
    ("minutes", "median", "p90"),
    [
        ([10], 10, 10),
        ([20, 10], 15, 19),
        ([30, 10, 20], 20, 28),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 6, 10),
        ([7, 7, 7, 7], 7, 7),
        ([50, 20, 20, 10], 20, 41),
    ],
    ids=str,
)
async def test_percentiles_lie_between_the_closest_ranks(
    store: Store, minutes: list[int], median: float, p90: float
) -> None:
    for number, length in enumerate(minutes):
        await resolved(store, str(number), length)
    figures = (await store.analytics.summary(SCOPE, MARCH, NOW)).current
    for type_ in BOTH:
        times = figures.times[type_]
        assert times.count == len(minutes)
        assert times.working == times.wall
        assert times.working.average == pytest.approx(sum(minutes) / len(minutes) * MINUTE)
        assert (times.working.median / MINUTE, times.working.p90 / MINUTE) == pytest.approx((median, p90))


async def test_a_clock_counts_by_its_due_or_its_stop_to_the_microsecond(store: Store) -> None:
    await resolved(store, "42", 30)
    stop = Instant(OPENED + 30 * MINUTE)
    for start, end, counted in ((stop, stop + 1, 2), (stop - 5, stop, 0), (stop + 1, stop + 5, 0)):
        bucket = Bucket(Instant(start), Instant(end), "")
        assert await store.analytics.trend(SCOPE, [bucket], NOW) == [Tally(met=counted)]


async def test_what_lies_ahead_does_not_count_yet(store: Store) -> None:
    await store.instances.apply(an_opening())
    due = Instant(OPENED + HOUR)
    bucket = Bucket(OPENED, Instant(due + DAY), "")
    for now, counted in ((due, 1), (Instant(due - 1), 0), (Instant(OPENED - 1), 0)):
        assert await store.analytics.trend(SCOPE, [bucket], now) == [Tally(breached=counted)]
        assert (await store.analytics.summary(SCOPE, MARCH, now)).current.tally == Tally(breached=counted)
        found = await store.analytics.breaches(SCOPE, MARCH, now, limit=10, offset=0)
        assert (found.total, len(found.page)) == (counted, counted)


async def test_a_clock_that_still_runs_has_no_time_yet(store: Store) -> None:
    await store.instances.apply(an_opening())
    figures = (await store.analytics.summary(SCOPE, MARCH, NOW)).current
    assert (figures.tally, figures.times, figures.paused_share) == (Tally(breached=2), {}, None)


async def test_an_open_breach_grows_in_the_calendar_of_its_clock(store: Store) -> None:
    await store.instances.apply(an_opening())
    found = await store.analytics.breaches(SCOPE, MARCH, Instant(OPENED + 9 * HOUR), limit=10, offset=0)
    assert [(one.target, one.overrun, one.wall_overrun, one.stopped_at) for one in found.page] == [
        ("resolution", HOUR, HOUR, None),
        ("first_response", 8 * HOUR, 8 * HOUR, None),
    ]


@pytest.mark.parametrize(("minutes", "due", "overrun"), [((240, 60), 120, HOUR), ((60, 240), 60, 2 * HOUR)])
async def test_the_overrun_of_a_changed_target_is_worked_from_its_due_on(
    store: Store, minutes: tuple[int, int], due: int, overrun: Micros
) -> None:
    """It was high for two hours, then urgent, and was resolved after three."""
    rules = zip(("high", "urgent"), minutes, strict=True)
    targets = tuple(TargetRule(name, "resolution", name, Micros(length * MINUTE)) for name, length in rules)
    policy = a_policy(targets=targets, on_change=OnChange.RETARGET)
    snapshot = Catalog(ORGANIZATION, (policy,), {}).snapshot(
        Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, "42"), "high"), "2026a"
    )
    assert snapshot is not None
    opened, changed, done = (
        replace(an_event(kind, kind, minute), attributes=fields)
        for kind, minute, fields in (
            (EventKind.OPENED, 0, {}),
            (EventKind.UPDATED, 120, {"priority": "urgent"}),
            (EventKind.RESOLVED, 180, {}),
        )
    )
    opening = first_record(snapshot.to_json(), plan(snapshot, (opened,)), opened)
    await store.instances.apply(opening)
    for sequence, events in ((2, (changed,)), (3, (changed, done))):
        planned = plan(snapshot, (opened, *events)).to_json()
        await store.instances.apply(a_step(opening, sequence, plan=planned, events=events[-1:]))
    for now in (NOW, Instant(OPENED + 181 * MINUTE)):
        found = await store.analytics.breaches(SCOPE, MARCH, now, limit=10, offset=0)
        assert [(one.due_at - OPENED, one.overrun) for one in found.page] == [(due * MINUTE, overrun)]


async def test_breaches_of_one_type_are_told_apart_by_the_names_of_their_targets(store: Store) -> None:
    first, second = a_policy().targets
    named = replace(first, id="target_w", type="resolution", name="workaround")
    await store.instances.apply(
        an_opening(policy=a_policy(targets=(named, second), kind=Kind.OLA), kind=Kind.OLA, team_id="a")
    )
    found = await store.analytics.breaches(Scope(ORGANIZATION, Kind.OLA), MARCH, NOW, limit=10, offset=0)
    assert [one.target for one in found.page] == ["resolution", "resolution:workaround"]


async def test_a_breach_whose_opening_is_still_to_be_recorded_is_listed(store: Store) -> None:
    opening = an_opening()
    await store.instances.apply(a_step(opening, 2))
    found = await store.analytics.breaches(SCOPE, MARCH, NOW, limit=10, offset=0)
    assert [(one.target, one.overrun, one.policy_id) for one in found.page] == [
        ("resolution", 0, None),
        ("first_response", 0, None),
    ]


async def test_organizations_and_kinds_never_mix(store: Store) -> None:
    await resolved(store, "1", 30)
    await resolved(store, "2", 90, kind=Kind.OLA, policy=a_policy(kind=Kind.OLA), team_id="team_a")
    await resolved(store, "3", 90, organization="other")
    tallies = [
        (await store.analytics.summary(Scope(organization, kind), MARCH, NOW)).current.tally
        for organization in (ORGANIZATION, "other", "nobody")
        for kind in (Kind.SLA, Kind.OLA)
    ]
    assert tallies == [Tally(met=2), Tally(1, 1), Tally(1, 1), Tally(), Tally(), Tally()]


async def test_names_of_another_organization_are_not_told(store: Store) -> None:
    await store.organizations.ensure("other")
    await store.policies.create("other", a_policy(name="Secret"))
    await store.teams.create("other", Team("team_a", "Secret"))
    await resolved(store, "1", 90, team_id="team_a")
    names = (await store.analytics.breaches(SCOPE, MARCH, NOW, limit=10, offset=0)).names
    assert (names.policies, names.teams) == ({}, {})


async def test_pages_of_breaches_cover_all_of_them_once(store: Store) -> None:
    for number in range(7):
        await resolved(store, str(number), 90 + number)
    pages = [await store.analytics.breaches(SCOPE, MARCH, NOW, limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert [len(found.page) for found in pages] == [3, 3, 1, 0]
    assert {found.total for found in pages} == {7}
    assert len({breach.instance_id for found in pages for breach in found.page}) == 7


@pytest.mark.parametrize("name", BREACH_SORTS.sortable)
@pytest.mark.parametrize("narrowed", [{}, {"assignee": ["ada"]}], ids=["all", "of few tickets"])
async def test_every_order_of_breaches_reads_each_once(filled_by: Filled, name: str, narrowed: Any) -> None:
    store = await filled_by(with_four_breaches)
    scope = Scope(ORGANIZATION, Kind.SLA, **narrowed)
    for sort in (name, f"-{name}"):
        seen, place = [], None
        for page in range(4):
            found = await store.analytics.breaches(scope, MARCH, Instant(NOW + page), limit=1, after=place, sort=sort)
            seen += [(one.instance_id, one.name) for one in found.page]
            place = found.last
        assert (len(seen), len(set(seen)), place, found.total) == (4, 4, None, 4), sort


async def with_four_breaches(store: Store) -> None:
    """Two that have stopped, one of no team and no priority, and two clocks that still run."""
    fields = {"assignee": "ada"}
    await store.teams.create(ORGANIZATION, Team("team_a", "Support"))
    await store.policies.create(ORGANIZATION, a_policy())
    await resolved(store, "1", 90, fields=fields, priority="high", team_id="team_a")
    await resolved(store, "2", 91, fields=fields, priority=None)
    await store.instances.apply(an_opening("3", fields=fields, priority="low", team_id="team_b"))


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe"])
async def test_the_buckets_of_a_trend_add_up_to_the_summary(filled_by: Filled, zone: str) -> None:
    store = await filled_by(with_two_hundred_tickets)
    period = read_period("2026-03-02", "2026-04-06", zone, NOW)
    for scope in (SCOPE, replace(SCOPE, type="resolution"), replace(SCOPE, priority="high")):
        tally = (await store.analytics.summary(scope, period, NOW)).current.tally
        assert 0 < tally.counted < 400
        for granularity in Granularity:
            trend = await store.analytics.trend(scope, buckets(period, granularity), NOW)
            assert sum(trend, Tally()) == replace(tally, cancelled=0), granularity


async def with_two_hundred_tickets(store: Store) -> None:
    """They end at random, some before and some after the period in whatever zone, some of them late."""
    around = read_period("2026-03-02", "2026-04-06", "UTC", NOW)
    chance = random.Random(7)
    targets = tuple(TargetRule(type_, type_, None, Micros(6 * HOUR)) for type_ in BOTH)
    for subject in range(200):
        opened_at = Instant(around.start + chance.randrange(-3 * DAY, around.end - around.start + DAY))
        priority = chance.choice(("high", "low", None))
        opening = an_opening(str(subject), opened_at=opened_at, priority=priority, policy=a_policy(targets=targets))
        event = replace(
            an_event("done", EventKind.RESOLVED), occurred_at=Instant(opened_at + chance.randrange(9 * HOUR))
        )
        assert opening.snapshot is not None
        planned = plan(Snapshot.from_json(opening.snapshot), (*opening.events, event))
        await store.instances.apply(replace(opening, plan=planned.to_json()))


@pytest.mark.parametrize("seed", range(3))
async def test_figures_are_those_of_the_clocks_one_by_one_whichever_way_they_are_counted(
    store: Store, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    for number in range(25):
        traits = {"priority": chance.choice(("low", "high")), "team_id": chance.choice((None, "a", "b"))}
        opened_at = Instant(OPENED - chance.randrange(24) * HOUR)
        await resolved(store, str(number), chance.randrange(1, 3000), opened_at=opened_at, **traits)
    rows = await store.database.read(lambda conn: conn.execute(sa.select(instance_targets)).mappings().all())
    priorities = {number: await priority_of(store, number) for number in range(25)}
    for narrowed in ({}, {"priority": "high"}, {"team_id": ["a", "b"]}, {"type": "resolution"}):
        scope = Scope(ORGANIZATION, Kind.SLA, **narrowed)
        day = read_period("2026-03-03", "2026-03-03", "Asia/Kathmandu", NOW)
        for period, now in ((MARCH, NOW), (day, NOW), (MARCH, Instant(OPENED + 20 * HOUR))):
            summaries = []
            for few in (analytics.FEW, 0):
                monkeypatch.setattr(analytics, "FEW", few)
                summaries.append(await store.analytics.summary(scope, period, now))
            assert summaries[0] == summaries[1]
            monkeypatch.undo()
            start, end = moment(period.start), moment(min(period.end, Instant(now + 1)))
            these = [row for row in rows if start <= row["outcome_at"] < end and fits(row, narrowed, priorities)]
            figures = summaries[0].current
            assert (figures.tally.total, figures.instances) == (len(these), len({row["instance_id"] for row in these}))
            for type_, times in figures.times.items():
                stopped = [row for row in these if row["stopped_at"] is not None and row["stopped_at"] <= moment(now)]
                worked = [row["worked"] for row in stopped if row["type"] == type_]
                assert (times.count, times.working.median) == (len(worked), statistics.median(worked))
                assert times.working.average == pytest.approx(statistics.fmean(worked))


LENGTHS = [60 + 7 * number * number for number in range(6)]


async def with_twelve_urgent_clocks(store: Store) -> None:
    """Among twenty-eight; two stop after now, and two were paused."""
    for number, minutes in enumerate(LENGTHS):
        await resolved(store, str(number), minutes, priority="high")
    for number in range(6, 14):
        await resolved(store, str(number), 5, priority="low")
    longer = sa.update(instance_targets).values(lasted=instance_targets.c.lasted + 10 * MINUTE)
    paused = longer.where(instance_targets.c.instance_id == "inst_sla_ticket_2")
    await store.database.write(lambda conn: conn.execute(paused))


@pytest.mark.parametrize(("few", "way"), [(99, "with counts"), (12, "by themselves"), (0, "along an index")], ids=str)
async def test_percentiles_are_the_same_however_they_are_found(
    filled_by: Filled, few: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await filled_by(with_twelve_urgent_clocks)
    monkeypatch.setattr(analytics, "FEW", few)
    ways: set[str] = set()

    def heard(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "json_agg" in statement or "json_group_array" in statement:
            ways.add("with counts" if "count(" in statement else "by themselves")
        elif "OFFSET" in statement and " DESC" in statement:
            ways.add("along an index")

    sa.event.listen(store.database.engine, "before_cursor_execute", heard)
    now = Instant(OPENED + 200 * MINUTE)
    figures = (await store.analytics.summary(replace(SCOPE, priority="high"), MARCH, now)).current
    # The period before is empty, and as it is read like this one, nothing is looked for there.
    assert ways == {way}
    kept = [minutes * MINUTE for minutes in LENGTHS if minutes <= 200]
    wall = [length + 10 * MINUTE * (number == 2) for number, length in enumerate(kept)]
    for type_ in BOTH:
        times = figures.times[type_]
        assert times.count == len(kept) == 5
        for spread, expected in ((times.working, kept), (times.wall, wall)):
            assert spread.average == pytest.approx(statistics.fmean(expected))
            assert spread.median == statistics.median(expected)
            assert spread.p90 == pytest.approx(statistics.quantiles(expected, n=10, method="inclusive")[-1])


async def priority_of(store: Store, number: int) -> str | None:
    found = await store.instances.get(ORGANIZATION, f"inst_sla_ticket_{number}")
    assert found is not None
    return found.snapshot.ticket.priority


def fits(row: Any, narrowed: Any, priorities: dict[int, str | None]) -> bool:
    values = {**row, "priority": priorities[int(row["instance_id"].rpartition("_")[2])]}
    return all(values[name] in (value if isinstance(value, list) else [value]) for name, value in narrowed.items())


async def test_clocks_count_for_the_priority_and_the_policy_that_their_ticket_has_now(store: Store) -> None:
    await resolved(store, "1", 30, priority="low", team_id="a")
    opening = an_opening("1", priority="high", policy=a_policy("sla_2"), team_id="a")
    await store.instances.apply(moved(opening))
    figures = (await store.analytics.summary(SCOPE, MARCH, NOW)).current
    assert [(value, tally.total) for value, tally in figures.by("priority")] == [("high", 2)]
    assert [(value, tally.total) for value, tally in figures.by("policy_id")] == [("sla_2", 2)]


def moved(opening: Record) -> Record:
    """The third step of the ticket, which says anew what it is."""
    assert opening.snapshot is not None
    done = replace(an_event("done-1", EventKind.RESOLVED), occurred_at=Instant(OPENED + 30 * MINUTE))
    planned = plan(Snapshot.from_json(opening.snapshot), (*opening.events, done))
    return a_step(opening, 3, snapshot=opening.snapshot, plan=planned.to_json())


@dataclass(frozen=True)
class Asked:
    name: str
    index: str
    statement: sa.Select[Any]


DAYS = buckets(MARCH, Granularity.DAY)
WINDOW = OutcomeWindow(MARCH.start, Instant(MARCH.start + 2 * DAY), NOW)


def breaches_by(sort: str, after: Place | None = None) -> sa.Select[Any]:
    every = queries.breached(SCOPE, WINDOW, queries.TARGETS.name, table=queries.WITH_INSTANCES)
    return sorting(SCOPE).statement(every, ListPart(2, after=after, sort=sort)).limit(3)


RANK = queries.Rank("resolution", "worked", 3, 9, is_whole=False)
STATEMENTS = [
    Asked("counts", COUNTED, queries.counts(SCOPE, WINDOW)),
    Asked("counts with lengths", COUNTED, queries.counts(SCOPE, WINDOW, with_lengths=True)),
    Asked("are more", BY_END, queries.are_more(SCOPE, WINDOW, 9)),
    Asked("touched", COUNTED, queries.touched(SCOPE, WINDOW)),
    Asked("lengths", COUNTED, queries.lengths(SCOPE, WINDOW)),
    Asked("averages", COUNTED, queries.averages(SCOPE, WINDOW)),
    Asked("rank", "ix_instance_targets_worked", queries.at_rank(SCOPE, WINDOW, RANK)),
    Asked("rank of all", "ix_instance_targets_worked", queries.at_rank(SCOPE, WINDOW, replace(RANK, is_whole=True))),
    Asked("buckets", BY_END, queries.bucket_counts(SCOPE, DAYS[:3], NOW)),
    Asked("breaches", BY_END, queries.breached(SCOPE, WINDOW, queries.NUMBER, table=queries.WITH_INSTANCES)),
    Asked("newest breaches", BY_END, breaches_by("-due_at")),
    Asked("oldest breaches", BY_END, breaches_by("due_at")),
    Asked("breaches read on", BY_END, breaches_by("-due_at", ("2026-03-03T00:00:00Z", "x", "y", "1"))),
    Asked("breaches by policy", BY_END, queries.breached(URGENT, WINDOW, queries.NUMBER, table=queries.WITH_TRAITS)),
    Asked("buckets of a policy", BY_END, queries.bucket_counts(URGENT, DAYS[:3], NOW)),
]


@pytest.mark.parametrize("asked", STATEMENTS, ids=lambda asked: str(asked.name))
async def test_a_period_is_found_by_its_index(filled_by: Filled, asked: Asked, backend: str) -> None:
    store = await filled_by(with_clocks_over_months)
    await store.database.write(know_the_rows)
    how = await store.database.read(lambda conn: (conn.execute(Explain(asked.statement))).all())
    if backend == "sqlite":
        assert f"INDEX {asked.index} " in str(how)
        assert "TEMP B-TREE FOR ORDER BY" not in str(how)
        assert not [
            table for table in ("instance_targets", "target_traits", "instances") if f"SCAN {table}" in str(how)
        ]
    else:
        assert "Seq Scan on instance_targets" not in str(how)


async def with_clocks_over_months(store: Store) -> None:
    """Many clocks of one instance, an hour apart, so that a period holds few of them."""
    await store.instances.apply(an_opening())

    def spread(conn: sa.Connection) -> None:
        row = dict((conn.execute(sa.select(instance_targets).limit(1))).mappings().one())
        rows = [{**row, "name": f"clock-{hour}", "outcome_at": at(hour)} for hour in range(3000)]
        conn.execute(sa.insert(instance_targets), rows)

    await store.database.write(spread)


def know_the_rows(conn: sa.Connection) -> None:
    """PostgreSQL chooses by what it knows of the rows; SQLite knows nothing of them."""
    if conn.dialect.name != "sqlite":
        conn.execute(sa.text("ANALYZE instances, instance_targets, target_traits"))


def at(hour: int) -> Any:
    return moment(Instant(OPENED + hour * HOUR))


class Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: sa.Select[Any]) -> None:
        self.statement = statement


@compiles(Explain)
def _explain(element: Explain, compiler: Any, **options: Any) -> str:
    verb = "EXPLAIN QUERY PLAN" if compiler.dialect.name == "sqlite" else "EXPLAIN"
    return f"{verb} {compiler.process(element.statement, **options)}"
