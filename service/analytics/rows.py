"""Reports as rows of a table, for CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from domain.analytics.buckets import Bucket
from domain.analytics.rates import Tally
from domain.calendar.validation import WEEKDAYS
from service.analytics.views import TIMED, bucket_view, rate_view
from store.analytics.groups import Trends
from store.analytics.weeks import Weeks

_COUNTS = ("met", "breached", "cancelled", "excused", "total")
_SPREAD = ("average", "median", "p90")
SUMMARY_COLUMNS = (
    *("section", "key", "name", "start_date", "end_date", "timezone"),
    *(*_COUNTS, "instances", "compliance_rate", "paused_share", "count"),
    *(f"{name}_{time}_minutes" for time in ("working", "calendar") for name in _SPREAD),
)
TREND_COLUMNS = ("start", "end", "label", "clipped", "met", "breached", "excused", "compliance_rate")
OF_GROUPS = ("group_by", "value")
"""Beside these in the rows of groups; empty in those of all."""
BREACH_COLUMNS = (
    *("instance_id", "conversation_id", "ticket_id", "incident_id", "target", "due_at", "stopped_at"),
    *(
        "overrun_seconds",
        "overrun_calendar_seconds",
        "policy_id",
        "policy_name",
        "team_id",
        "team_name",
        "priority",
        "excused",
    ),
)
HEATMAP_COLUMNS = ("weekday", "hour", "opened", "met", "breached", "excused", "compliance_rate")
# Where the value that a list is grouped by stands, and its name.
_LISTS = {
    "by_target_type": ("type", ""),
    "by_priority": ("priority", ""),
    "by_policy": ("policy_id", "policy_name"),
    "by_team": ("team_id", "team_name"),
}


def summary_rows(view: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows in sections: `current` and `previous`, each with a row for all targets and one for each time; then each
    list."""
    yield from _headline_rows("current", view)
    for section, (key, name) in _LISTS.items():
        for entry in view[section]:
            yield {**view["period"], "section": section, **entry, "key": entry[key], "name": entry.get(name)}
    if (groups := view["groups"]) is not None:
        for entry in groups["data"]:
            yield {**view["period"], "section": f"by_{groups['by']}", **entry, "key": entry["value"]}
    yield from _headline_rows("previous", view["previous"])


def _headline_rows(section: str, view: dict[str, Any]) -> Iterator[dict[str, Any]]:
    first = {"section": section, **view["period"]}
    yield {**first, "key": "all", **view, **view["counts"]}
    for type_ in TIMED:
        times = view[type_]
        spreads = {
            f"{name}_{time}_minutes": times[f"{time}_minutes"][name]
            for time in ("working", "calendar")
            for name in _SPREAD
        }
        yield {**first, "key": type_, "count": times["count"], **spreads}


def grouped_trend_rows(cut: Sequence[Bucket], trends: Trends) -> Iterator[dict[str, Any]]:
    """A row for each bucket of each group."""
    for value, tallies in trends.tallies:
        for bucket, tally in zip(cut, tallies, strict=True):
            yield {**bucket_view(bucket, tally), "group_by": trends.by, "value": value}


def heatmap_rows(weeks: Weeks) -> Iterator[dict[str, Any]]:
    """A row for each hour of the week."""
    for day, weekday in enumerate(WEEKDAYS):
        for hour, opened in enumerate(weeks.opened.counts[day]):
            met, breached, excused = (week.counts[day][hour] for week in (weeks.met, weeks.breached, weeks.excused))
            tally = Tally(met, breached, excused=excused)
            yield {"weekday": weekday, "hour": hour, "opened": opened, **rate_view(tally)}
