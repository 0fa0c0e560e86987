"""Analytics by fields of tickets and by the hour of the week, the same on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from domain.analytics.buckets import Bucket
from domain.analytics.periods import read_period
from domain.analytics.rates import Tally
from domain.ids import Kind
from domain.instants import DAY, HOUR, Instant, parse
from domain.ticket.dimensions import KNOWN
from domain.ticket.events import EventKind
from store.analytics import groups, queries
from store.analytics.queries import OutcomeWindow, Scope
from store.instances import dimensions
from store.schema.tables import instance_targets
from store.store import Store
from tests.store.analytics.test_analytics import (
    MARCH,
    NOW,
    SCOPE,
    Explain,
    know_the_rows,
    resolved,
    with_clocks_over_months,
)
from tests.store.conftest import Filled
from tests.store.samples import OPENED, ORGANIZATION, after, an_event, an_opening


async def with_tickets_of_customers(store: Store) -> None:
    """Acme's tickets took 30 and 90 minutes, Initech's 600, one of nobody's 90. Promised are 1 h and 8 h."""
    await store.organizations.change(ORGANIZATION, dimensions=["customer", "tags"])
    await resolved(store, "1", 30, fields={"customer": "Acme", "assignee": "ada", "tags": ["red", "blue"]})
    await resolved(store, "2", 90, fields={"customer": "ACME", "assignee": "ada", "tags": "red"}, priority="High")
    await resolved(store, "3", 600, fields={"customer": "Initech", "assignee": "grace"}, priority="high")
    await resolved(store, "4", 90)


@pytest.fixture
async def filled(filled_by: Filled) -> Store:
    return await filled_by(with_tickets_of_customers)


def of(**values: list[str]) -> Scope:
    return replace(SCOPE, dimensions=values)


@pytest.mark.parametrize("few", [0, 5000])
@pytest.mark.parametrize(
    ("scope", "tally", "instances"),
    [
        (of(customer=["acme"]), Tally(3, 1), 2),
        (of(customer=["acme", "initech"]), Tally(3, 3), 3),
        (of(customer=["acme"], tags=["blue"]), Tally(2), 1),
        (replace(SCOPE, assignee="grace"), Tally(0, 2), 1),
        (replace(SCOPE, assignee=["ada", "grace"], type="resolution"), Tally(2, 1), 3),
        (replace(of(customer=["acme"]), priority="HIGH"), Tally(1, 1), 1),
        (replace(SCOPE, priority="hIGH"), Tally(1, 3), 2),
        (of(customer=["nobody"]), Tally(), 0),
        (replace(of(customer=["acme"]), team_id="none"), Tally(), 0),
    ],
    ids=str,
)
async def test_figures_are_narrowed_to_tickets_with_these_values_whichever_way_they_are_found(
    filled: Store, scope: Scope, tally: Tally, instances: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dimensions, "FEW", few)
    summary = await filled.analytics.summary(scope, MARCH, NOW)
    assert (summary.current.tally, summary.current.instances) == (tally, instances)
    assert sum(times.count for times in summary.current.times.values()) == tally.counted
    whole = [Bucket(MARCH.start, MARCH.end, "march")]
    assert await filled.analytics.trend(scope, whole, NOW) == [tally]
    found = await filled.analytics.breaches(scope, MARCH, NOW, limit=10)
    assert (found.total, len(found.page)) == (tally.breached, tally.breached)
    weeks = await filled.analytics.weeks(scope, MARCH, NOW)
    assert (weeks.met.total, weeks.breached.total) == (tally.met, tally.breached)


async def test_figures_are_grouped_by_the_values_of_a_dimension_in_whatever_case(filled: Store) -> None:
    """Reports count a target under each value that its ticket has of a dimension now, in whatever case."""
    by = {
        name: (await filled.analytics.summary(SCOPE, MARCH, NOW, name)).groups
        for name in ("customer", "tags", "assignee")
    }
    assert all(by.values())
    shown = {name: list(found.tallies) for name, found in by.items() if found is not None}
    assert shown["customer"] == [("ACME", Tally(3, 1)), ("Initech", Tally(0, 2)), (None, Tally(1, 1))]
    assert shown["tags"] == [("red", Tally(3, 1)), (None, Tally(1, 3)), ("blue", Tally(2, 0))]
    assert shown["assignee"] == [("ada", Tally(3, 1)), ("grace", Tally(0, 2)), (None, Tally(1, 1))]
    found = await filled.analytics.breaches(of(customer=["acme"]), MARCH, NOW, limit=1, group_by="customer")
    assert found.groups is not None
    assert (found.groups.total, list(found.groups.tallies)) == (1, [("ACME", Tally(breached=1))])
    assert (await filled.analytics.summary(SCOPE, MARCH, NOW)).groups is None


async def test_the_groups_with_most_targets_are_shown_and_all_are_counted(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MOST_GROUPS", 2)
    found = (await filled.analytics.summary(SCOPE, MARCH, NOW, "customer")).groups
    assert found is not None
    assert (found.total, [value for value, _ in found.tallies]) == (3, ["ACME", "Initech"])


HALVES = [Bucket(MARCH.start, Instant(OPENED + HOUR), "early"), Bucket(Instant(OPENED + HOUR), MARCH.end, "late")]
AHEAD = Bucket(Instant(NOW + DAY), Instant(NOW + 2 * DAY), "ahead")


@pytest.mark.parametrize("by", [*groups.GROUPABLE, "customer", "tags"])
async def test_a_trend_is_grouped_as_the_figures_are_and_bucket_by_bucket(filled: Store, by: str) -> None:
    """Reports develop by any dimension and by assignee, policy, priority, team or type."""
    trends = await filled.analytics.trend_by(SCOPE, [*HALVES, AHEAD], NOW, by)
    whole = (await filled.analytics.summary(SCOPE, MARCH, NOW, by)).groups
    assert whole is not None
    assert trends.total == whole.total
    assert {shown and shown.casefold(): sum(tallies, Tally()) for shown, tallies in trends.tallies} == {
        shown and shown.casefold(): tally for shown, tally in whole.tallies
    }
    if by != "tags":
        every = await filled.analytics.trend(SCOPE, [*HALVES, AHEAD], NOW)
        sums = [sum(bucket, Tally()) for bucket in zip(*(tallies for _, tallies in trends.tallies), strict=True)]
        assert sums == every


async def test_the_groups_of_a_trend_are_bounded_and_all_are_counted(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MOST_TRENDS", 1)
    trends = await filled.analytics.trend_by(SCOPE, HALVES, NOW, "customer")
    assert (trends.total, [value for value, _ in trends.tallies]) == (3, ["ACME"])
    nothing = await filled.analytics.trend_by(SCOPE, [AHEAD], NOW, "customer")
    assert (nothing.total, list(nothing.tallies)) == (0, [])


async def test_whatever_can_be_grouped_by_cannot_be_declared_as_a_dimension() -> None:
    assert set(groups.GROUPABLE) == KNOWN


async def test_priorities_that_differ_in_case_alone_are_one_in_a_report(filled: Store) -> None:
    figures = (await filled.analytics.summary(SCOPE, MARCH, NOW)).current
    assert figures.by("priority") == [("High", Tally(1, 3)), (None, Tally(3, 1))]


async def test_breaches_are_read_on_behind_a_place_though_others_come_meanwhile(store: Store) -> None:
    for number in range(6):
        await resolved(store, str(number), 90 + number)
    seen, place = [], None
    for _ in range(3):
        found = await store.analytics.breaches(SCOPE, MARCH, NOW, limit=2, after=place)
        seen += [one.instance_id for one in found.page]
        place = found.last
        await resolved(store, f"late-{len(seen)}", 100, opened_at=Instant(OPENED + DAY))
    assert (seen, place) == ([f"inst_sla_ticket_{number}" for number in range(6)], None)


@pytest.mark.parametrize(
    ("zone", "at", "place"),
    [
        # The clocks of Berlin are put forward at 01:00 UTC on 29 March 2026 and back at 01:00 UTC on 25 October.
        ("Europe/Berlin", "2026-03-29T00:59:59.999999Z", (6, 1)),
        ("Europe/Berlin", "2026-03-29T01:00:00Z", (6, 3)),
        ("Europe/Berlin", "2026-10-25T00:30:00Z", (6, 2)),
        ("Europe/Berlin", "2026-10-25T01:30:00Z", (6, 2)),
        ("Europe/Berlin", "2026-10-25T23:00:00Z", (0, 0)),
        ("Asia/Kathmandu", "2026-03-02T18:14:59.999999Z", (0, 23)),
        ("Asia/Kathmandu", "2026-03-02T18:15:00Z", (1, 0)),
        ("Asia/Kolkata", "2026-03-02T03:29:59Z", (0, 8)),
        ("Asia/Kolkata", "2026-03-02T03:30:00Z", (0, 9)),
        # In Monrovia it was 44 minutes and 30 seconds before UTC.
        ("Africa/Monrovia", "1970-03-02T00:44:29Z", (6, 23)),
        ("Africa/Monrovia", "1970-03-02T00:44:30Z", (0, 0)),
    ],
)
async def test_what_happens_counts_in_the_hour_that_the_wall_clock_showed_then(
    store: Store, zone: str, at: str, place: tuple[int, int]
) -> None:
    """What happens counts in the hour of the week that the zone's wall clock showed then, before and after changes."""
    opened_at = parse(at)
    # It is answered and resolved at once, so that it is met in the hour in which it opened.
    opening = an_opening(opened_at=opened_at)
    await store.instances.apply(opening)
    done = replace(an_event("done", EventKind.RESOLVED), occurred_at=opened_at, received_at=opened_at)
    await store.instances.apply(after(opening, 2, done))
    period = read_period(f"{at[:4]}-01-01", f"{at[:4]}-12-31", zone, parse("2027-01-01T00:00:00Z"))
    weeks = await store.analytics.weeks(SCOPE, period, parse("2027-01-01T00:00:00Z"))
    for week, number in ((weeks.opened, 1), (weeks.met, 2)):
        assert week.total == number
        assert week.counts[place[0]][place[1]] == number
    assert weeks.breached.total == 0


async def test_a_week_holds_what_lies_in_the_period_and_not_ahead(store: Store) -> None:
    await store.instances.apply(an_opening())
    for now, counted in ((Instant(OPENED - 1), (0, 0)), (OPENED, (1, 0)), (Instant(OPENED + HOUR), (1, 1))):
        weeks = await store.analytics.weeks(SCOPE, MARCH, now)
        assert (weeks.opened.total, weeks.breached.total) == counted
    april = read_period("2026-04-01", "2026-04-30", "UTC", NOW)
    weeks = await store.analytics.weeks(SCOPE, april, parse("2026-05-01T00:00:00Z"))
    assert (weeks.opened.total, weeks.breached.total) == (0, 0)


async def test_openings_of_the_week_are_those_of_the_scope(filled: Store) -> None:
    await filled.instances.apply(an_opening("5", kind=Kind.OLA, team_id="a"))
    narrowed = (
        (SCOPE, 4),
        (of(customer=["acme"]), 2),
        (replace(SCOPE, priority="high"), 2),
        (replace(SCOPE, assignee="grace"), 1),
        (replace(SCOPE, kind=Kind.OLA), 1),
        (replace(SCOPE, policy_id="none"), 0),
    )
    for scope, number in narrowed:
        assert (await filled.analytics.weeks(scope, MARCH, NOW)).opened.counts[0][9] == number


WINDOW = OutcomeWindow(MARCH.start, Instant(MARCH.start + 2 * DAY), NOW)
FEW = replace(of(customer=["acme"]), few=True)
ENDED, OF_INSTANCE = "COVERING INDEX ix_instance_targets_ended", "INDEX sqlite_autoindex_instance_targets_1"
ASKED: dict[str, Callable[[Scope], sa.Select[Any]]] = {
    "by customer": lambda scope: groups.statement(scope, WINDOW, "customer", groups.COUNTED),
    "by assignee": lambda scope: groups.statement(scope, WINDOW, "assignee", queries.broken(excused=False)),
    "breaches": lambda scope: queries.breached(scope, WINDOW, queries.NUMBER, table=instance_targets),
    "counts": lambda scope: queries.counts(scope, WINDOW),
    "counts with lengths": lambda scope: queries.counts(scope, WINDOW, with_lengths=True),
    "touched": lambda scope: queries.touched(scope, WINDOW),
    "lengths": lambda scope: queries.lengths(scope, WINDOW),
}


@pytest.mark.parametrize("asked", ASKED)
async def test_a_group_is_read_along_its_period_and_few_tickets_from_themselves(
    filled_by: Filled, asked: str, backend: str
) -> None:
    store = await filled_by(with_clocks_over_months)
    await store.database.write(know_the_rows)
    whole = str(await store.database.read(lambda conn: conn.execute(Explain(ASKED[asked](SCOPE))).all()))
    if backend != "sqlite":
        assert "Seq Scan on instance_targets" not in whole
        return
    assert asked in ("counts", "counts with lengths", "touched", "lengths") or f"USING {ENDED} " in whole
    few = str(await store.database.read(lambda conn: conn.execute(Explain(ASKED[asked](FEW))).all()))
    assert f"USING {OF_INSTANCE} " in few
    assert "SCAN instance" not in few
