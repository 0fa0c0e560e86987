"""Figures, trends and breaches as they are shown. Minutes and rates have two decimals, shares have four."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.analytics.buckets import Bucket
from domain.analytics.figures import Figures, Times
from domain.analytics.periods import Period
from domain.analytics.rates import Tally
from domain.analytics.spreads import Spread
from domain.calendar.validation import WEEKDAYS
from domain.instants import MINUTE, in_seconds, render, render_optional
from store.analytics.breaches import MeasuredBreach
from store.analytics.groups import Groups, Trends
from store.analytics.summaries import Breaches, Names, Summary
from store.analytics.weeks import Weeks

TIMED = ("first_response", "resolution")
_DIGITS = 4


def summary_view(summary: Summary, period: Period) -> dict[str, Any]:
    figures, names = summary.current, summary.names
    current, previous = headline_view(figures), headline_view(summary.previous)
    change = change_view(current, previous)
    return {
        "period": period_view(period),
        **current,
        "by_target_type": [{"type": value, **rate_view(tally)} for value, tally in figures.by("type")],
        "by_priority": [{"priority": value, **rate_view(tally)} for value, tally in figures.by("priority")],
        "by_policy": [{**_policy(id_, names), **rate_view(tally)} for id_, tally in figures.by("policy_id")],
        "by_team": [{**_team(id_, names), **rate_view(tally)} for id_, tally in figures.by("team_id")],
        "groups": None if summary.groups is None else groups_view(summary.groups),
        "previous": {"period": period_view(period.before()), **previous, "change": change},
    }


def groups_view(groups: Groups) -> dict[str, Any]:
    data = [{"value": value, **rate_view(tally)} for value, tally in groups.tallies]
    return {"by": groups.by, "total": groups.total, "data": data}


def trends_view(trends: Trends) -> dict[str, Any]:
    data = [{"value": value, "data": [rate_view(one) for one in tallies]} for value, tallies in trends.tallies]
    return {"by": trends.by, "total": trends.total, "data": data}


def heatmap_view(weeks: Weeks, period: Period) -> dict[str, Any]:
    shown = {"opened": weeks.opened, "met": weeks.met, "breached": weeks.breached, "excused": weeks.excused}
    counts = {name: [list(day) for day in week.counts] for name, week in shown.items()}
    return {"period": period_view(period), "weekdays": list(WEEKDAYS), **counts}


def period_view(period: Period) -> dict[str, Any]:
    return {
        "start_date": period.start_date.isoformat(),
        "end_date": period.end_date.isoformat(),
        "timezone": period.timezone,
    }


def change_view(after: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """How the headline of one period differs from that of another: each figure minus its counterpart, None where either
    has none."""
    return {name: _difference(after[name], value) for name, value in before.items()}


def headline_view(figures: Figures) -> dict[str, Any]:
    tally = figures.tally
    share = figures.paused_share
    return {
        "counts": {
            "met": tally.met,
            "breached": tally.breached,
            "cancelled": tally.cancelled,
            "excused": tally.excused,
            "total": tally.total,
        },
        "instances": figures.instances,
        "compliance_rate": tally.compliance_rate,
        **{type_: _times_view(figures.times.get(type_)) for type_ in TIMED},
        "paused_share": None if share is None else round(share, _DIGITS),
    }


def rate_view(tally: Tally) -> dict[str, Any]:
    return {
        "met": tally.met,
        "breached": tally.breached,
        "excused": tally.excused,
        "compliance_rate": tally.compliance_rate,
    }


def bucket_view(bucket: Bucket, tally: Tally) -> dict[str, Any]:
    return {
        "start": render(bucket.start),
        "end": render(bucket.end),
        "label": bucket.label,
        "clipped": bucket.clipped,
        **rate_view(tally),
    }


def breach_view(breach: MeasuredBreach, names: Names) -> dict[str, Any]:
    return {
        "instance_id": breach.instance_id,
        f"{breach.subject_type}_id": breach.subject,
        "target": breach.target,
        "due_at": render(breach.due_at),
        "stopped_at": render_optional(breach.stopped_at),
        "overrun_seconds": in_seconds(breach.overrun),
        "overrun_calendar_seconds": in_seconds(breach.wall_overrun),
        **_policy(breach.policy_id, names),
        **_team(breach.team_id, names),
        "priority": breach.priority,
        "excused": breach.excuse is not None,
        **({} if breach.excuse is None else {"excuse": breach.excuse.to_json()}),
    }


def clusters_view(found: Breaches) -> dict[str, Any]:
    return {
        "by_weekday": [{"weekday": weekday, "count": count} for weekday, count in found.moments.weekdays],
        "by_hour": [{"hour": hour, "count": count} for hour, count in found.moments.hours],
        "by_team": [{**_team(id_, found.names), "count": count} for id_, count in found.by_team],
        "by_policy": [{**_policy(id_, found.names), "count": count} for id_, count in found.by_policy],
        "by_group": None if found.groups is None else _counts_view(found.groups),
    }


def _counts_view(groups: Groups) -> dict[str, Any]:
    data = [{"value": value, "count": tally.breached + tally.excused} for value, tally in groups.tallies]
    return {"by": groups.by, "total": groups.total, "data": data}


def _policy(policy_id: str | None, names: Names) -> dict[str, Any]:
    return {"policy_id": policy_id, "policy_name": names.policies.get(policy_id or "")}


def _team(team_id: str | None, names: Names) -> dict[str, Any]:
    return {"team_id": team_id, "team_name": names.teams.get(team_id or "")}


def _times_view(times: Times | None) -> dict[str, Any]:
    return {
        "count": 0 if times is None else times.count,
        "working_minutes": _spread_view(None if times is None else times.working),
        "calendar_minutes": _spread_view(None if times is None else times.wall),
    }


def _spread_view(spread: Spread | None) -> dict[str, float | None]:
    if spread is None:
        return dict.fromkeys(("average", "median", "p90"))
    lengths = {"average": spread.average, "median": spread.median, "p90": spread.p90}
    return {name: round(length / MINUTE, 2) for name, length in lengths.items()}


def _difference(after: Any, before: Any) -> Any:
    """The difference of each number to its counterpart in another document; None where either is missing."""
    if isinstance(after, dict):
        return {name: _difference(value, before[name]) for name, value in after.items()}
    return None if after is None or before is None else round(after - before, _DIGITS)


def breach_views(found: Breaches) -> Sequence[dict[str, Any]]:
    return [breach_view(breach, found.names) for breach in found.page]
