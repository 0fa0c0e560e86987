"""How promises were kept, as it is shown. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.analytics.periods import Period
from domain.instants import Instant
from store.analytics.summaries import Breaches
from web.pages.breaches.rows import Row, row_of
from web.pages.compliance.figures import Headline, TimesRow, headlines, times
from web.pages.compliance.filters import ComplianceFilters, MonthFilters
from web.pages.compliance.groups import GroupTable, tables
from web.pages.compliance.reading import Found, FoundMonth
from web.pages.compliance.trend import Trend, trend_of
from web.pages.reports import days
from web.pages.reports.choices import Choices
from web.showing.instants import clock, date

UNFINISHED = "The days are not over: what lies ahead does not count yet."


@dataclass(frozen=True, slots=True)
class ShownTable:
    """Each row with the address that shows it alone, and the one of its breaches; empty where there is none."""

    table: GroupTable
    links: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CompliancePage:
    days: str
    before: str
    presets: Sequence[tuple[str, str]]
    headlines: Sequence[Headline]
    trend: Trend | None
    unit: str
    tables: Sequence[ShownTable]
    times: Sequence[TimesRow]
    summary_csv: str
    trend_csv: str
    month_at: str
    empty: str
    advice: str
    unfinished: str


def page_of(found: Found, query: ComplianceFilters, now: Instant, zone: str) -> CompliancePage:
    summary, changes = found.summary, found.summary["previous"]["change"]
    has_any = summary["counts"]["total"] > 0
    empty, advice = ("", "") if has_any else _nothing(query.is_narrowed)
    return CompliancePage(
        days=days.said(found.period),
        before=days.said(found.period.before()),
        presets=list(days.presets(query, now, zone)),
        headlines=headlines(summary, changes),
        trend=trend_of(found.trend),
        unit=found.granularity.value,
        tables=[ShownTable(one, [_links(query, row.narrows) for row in one.rows]) for one in tables(summary)],
        times=times(summary, changes),
        summary_csv=query.address("/compliance/summary.csv"),
        trend_csv=query.address("/compliance/trend.csv"),
        month_at=month_address(query, found.period),
        empty=empty,
        advice=advice,
        unfinished=_unfinished(found.period, now),
    )


def month_address(query: ComplianceFilters, period: Period) -> str:
    """The month to print in which the period ends."""
    kept = {name: value for name, value in query.model_dump().items() if name in MonthFilters.model_fields}
    return MonthFilters(**kept).address(month=f"{period.end_date:%Y-%m}")


def _links(query: ComplianceFilters, narrows: tuple[str, str] | None) -> tuple[str, str]:
    if narrows is None:
        return "", ""
    name, value = narrows
    own = {"group_by": "", "granularity": ""}
    return query.address(**{name: value}), query.address("/breaches", **{**own, name: value})


def _nothing(is_narrowed: bool) -> tuple[str, str]:
    if is_narrowed:
        return "Nothing matches", "No promise that ended in these days fits these filters."
    return "Nothing has ended", "A promise counts on the day on which it was met, or on which its due passed."


def _unfinished(period: Period, now: Instant) -> str:
    return UNFINISHED if now < period.end else ""


@dataclass(frozen=True, slots=True)
class Listed:
    """`left_out` says how many are not listed."""

    rows: Sequence[Row]
    total: int
    left_out: str


@dataclass(frozen=True, slots=True)
class MonthPage:
    """`narrowed` says what it is narrowed to; `as_of` is when the figures were read."""

    month: str
    title: str
    before: str
    as_of: str
    narrowed: Sequence[tuple[str, str]]
    headlines: Sequence[Headline]
    trend: Trend | None
    tables: Sequence[GroupTable]
    times: Sequence[TimesRow]
    breaches: Listed
    excused: Listed
    earlier: str
    later: str
    unfinished: str


def month_of(found: FoundMonth, query: MonthFilters, now: Instant, zone: str) -> MonthPage:
    first = found.period.start_date
    before = found.before
    after = days.first_of(found.period.end_date.fromordinal(found.period.end_date.toordinal() + 1))
    return MonthPage(
        month=f"{first:%Y-%m}",
        title=f"{first:%B %Y}",
        before="" if before is None else f"{before.start_date:%B %Y}",
        as_of=f"{date(now, zone)} {clock(now, zone)} {zone}",
        narrowed=list(_said(query, found.choices)),
        headlines=headlines(found.summary, found.change),
        trend=trend_of(found.trend),
        tables=tables(found.summary),
        times=times(found.summary, found.change),
        breaches=_listed(found.breaches, found.choices, query),
        excused=_listed(found.excused, found.choices, query),
        earlier="" if before is None else query.address(month=f"{before.start_date:%Y-%m}"),
        later=query.address(month=f"{after:%Y-%m}") if found.period.end <= now else "",
        unfinished=_unfinished(found.period, now),
    )


def _listed(found: Breaches, choices: Choices, query: MonthFilters) -> Listed:
    rows = [row_of(one, found.names, choices.people, query.address()) for one in found.page]
    left = found.total - len(rows)
    return Listed(rows, found.total, f"The newest {len(rows)} of {found.total}; the CSV has all." if left else "")


def _said(query: MonthFilters, choices: Choices) -> Sequence[tuple[str, str]]:
    named = {"team_id": dict(choices.teams), "policy_id": dict(choices.policies), "type": dict(choices.types)}
    labels = {
        "team_id": "Team",
        "policy_id": "Policy",
        "type": "Promise",
        "priority": "Priority",
        "assignee": "Assignee",
        "field": "Field",
        "kind": "Promised",
    }
    given = query.model_dump()
    return [
        (label, "between teams" if given[name] == "ola" else named.get(name, {}).get(given[name], given[name]))
        for name, label in labels.items()
        if given[name]
    ]
