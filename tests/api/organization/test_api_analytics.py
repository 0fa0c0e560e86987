"""Analytics of a small desk whose every figure can be checked by hand, in the first days of March 2026."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

import pytest

from domain.access.subscriptions import Subscription
from domain.analytics.buckets import MOST_BUCKETS
from domain.instants import parse
from service.tools.cursors import cursor_of
from tests.api.lists.test_every_list import is_read_in_every_order, sorts_of

PERIOD = {"start_date": "2026-03-01", "end_date": "2026-03-08"}
NOW = "2026-03-20T12:00:00Z"

Told = tuple[str, str, dict[str, Any]]
"""A command, when it happened, and what else it says."""

# Urgent tickets: an hour to respond, four to resolve, around the clock.
TICKETS: dict[str, tuple[dict[str, Any], list[Told]]] = {
    # The period before: met after 10 minutes and after two hours.
    "early": (
        {"occurred_at": "2026-02-25T12:00:00Z"},
        [("acknowledge", "2026-02-25T12:10:00Z", {}), ("resolve", "2026-02-25T14:00:00Z", {})],
    ),
    # Met after 30 minutes and after two hours.
    "kept": (
        {"occurred_at": "2026-03-02T09:00:00Z", "team_id": "team_a"},
        [("acknowledge", "2026-03-02T09:30:00Z", {}), ("resolve", "2026-03-02T11:00:00Z", {})],
    ),
    # Answered after 90 minutes, half an hour late; resolved after four and a half hours, one of them paused.
    "late": (
        {"occurred_at": "2026-03-03T10:00:00Z", "team_id": "team_a"},
        [
            ("acknowledge", "2026-03-03T11:30:00Z", {}),
            ("pause", "2026-03-03T12:00:00Z", {"cause": "customer"}),
            ("resume", "2026-03-03T13:00:00Z", {"cause": "customer"}),
            ("resolve", "2026-03-03T14:30:00Z", {}),
        ],
    ),
    "withdrawn": ({"occurred_at": "2026-03-04T09:00:00Z"}, [("cancel", "2026-03-04T09:20:00Z", {})]),
    # Nobody does anything: due at 00:30 and 03:30 on the 6th.
    "forgotten": ({"occurred_at": "2026-03-05T23:30:00Z", "team_id": "team_b"}, []),
}


async def happens(api: Any, subject: str, ticket: dict[str, Any], told: list[Told]) -> str:
    """The id of the ticket's instance, once the store knows all that was told."""
    instance_id = str((await api.ticket(subject, **ticket))["id"])
    for command, when, more in told:
        body = {"occurred_at": when, "event_id": f"{command} {when}", **more}
        answer = await api.post(f"/instances/{instance_id}/{command}", body)
        assert answer.status_code in (200, 202), answer.text
    for _ in range(200):
        loaded = await api.dependencies.store.instances.load(api.organization, instance_id)
        if loaded is not None and len(loaded.events) == 1 + len(told) and loaded.is_complete:
            return instance_id
        await asyncio.sleep(0.05)
    raise AssertionError("the store does not follow")


async def all_of_it(api: Any) -> None:
    await api.policy()
    await api.post("/teams", {"id": "team_a", "name": "Support"})
    for subject, (ticket, told) in TICKETS.items():
        await happens(api, subject, ticket, told)


@pytest.fixture
async def desk(filled: Any) -> Any:
    """All of `TICKETS`; asked on 20 March."""
    api = await filled(all_of_it)
    api.use(now=lambda: parse(NOW))
    return api


def spread(average: float, median: float, p90: float) -> dict[str, float]:
    return {"average": average, "median": median, "p90": p90}


async def test_the_summary_of_a_period_counts_what_was_met_and_what_passed_its_due_in_it(desk: Any) -> None:
    (policy,) = (await desk.get("/policies")).json()["data"]
    summary = (await desk.get("/analytics/summary", **PERIOD)).json()
    assert summary["period"] == {**PERIOD, "timezone": "UTC"}
    assert summary["counts"] == {"met": 3, "breached": 3, "cancelled": 2, "excused": 0, "total": 8}
    assert (summary["instances"], summary["compliance_rate"]) == (4, 50.0)
    assert summary["by_target_type"] == [
        {"type": "first_response", "met": 1, "breached": 2, "excused": 0, "compliance_rate": 33.33},
        {"type": "resolution", "met": 2, "breached": 1, "excused": 0, "compliance_rate": 66.67},
    ]
    half = {"met": 3, "breached": 3, "excused": 0, "compliance_rate": 50.0}
    assert summary["by_priority"] == [{"priority": "urgent", **half}]
    assert summary["by_policy"] == [{"policy_id": policy["id"], "policy_name": "Urgent", **half}]
    assert summary["by_team"] == [
        {"team_id": "team_a", "team_name": "Support", "met": 3, "breached": 1, "excused": 0, "compliance_rate": 75.0},
        {"team_id": "team_b", "team_name": None, "met": 0, "breached": 2, "excused": 0, "compliance_rate": 0.0},
    ]


async def test_the_times_are_those_of_the_counted_clocks_that_have_stopped(desk: Any) -> None:
    summary = (await desk.get("/analytics/summary", **PERIOD)).json()
    # 30 and 90 minutes; 120 and 210 (270 by the wall clock); one hour of 30 + 90 + 120 + 270 minutes was paused.
    answered = spread(60.0, 60.0, 84.0)
    assert summary["first_response"] == {"count": 2, "working_minutes": answered, "calendar_minutes": answered}
    assert summary["resolution"] == {
        "count": 2,
        "working_minutes": spread(165.0, 165.0, 201.0),
        "calendar_minutes": spread(195.0, 195.0, 255.0),
    }
    assert summary["paused_share"] == 0.1176


async def test_the_summary_compares_with_as_many_days_right_before(desk: Any) -> None:
    previous = (await desk.get("/analytics/summary", **PERIOD)).json()["previous"]
    assert previous["period"] == {"start_date": "2026-02-21", "end_date": "2026-02-28", "timezone": "UTC"}
    assert previous["counts"] == {"met": 2, "breached": 0, "cancelled": 0, "excused": 0, "total": 2}
    assert (previous["instances"], previous["compliance_rate"], previous["paused_share"]) == (1, 100.0, 0.0)
    assert previous["first_response"]["working_minutes"] == spread(10.0, 10.0, 10.0)
    change = previous["change"]
    assert change["counts"] == {"met": 1, "breached": 3, "cancelled": 2, "excused": 0, "total": 6}
    assert (change["instances"], change["compliance_rate"], change["paused_share"]) == (3, -50.0, 0.1176)
    assert change["first_response"] == {
        "count": 1,
        "working_minutes": spread(50.0, 50.0, 74.0),
        "calendar_minutes": spread(50.0, 50.0, 74.0),
    }


async def test_a_period_in_which_nothing_ended_has_no_rate(desk: Any) -> None:
    summary = (await desk.get("/analytics/summary", start_date="2026-03-09", end_date="2026-03-09")).json()
    nothing = {"count": 0, **dict.fromkeys(("working_minutes", "calendar_minutes"), dict.fromkeys(spread(0, 0, 0)))}
    assert summary["counts"] == {"met": 0, "breached": 0, "cancelled": 0, "excused": 0, "total": 0}
    assert (summary["compliance_rate"], summary["paused_share"], summary["by_team"]) == (None, None, [])
    assert (summary["first_response"], summary["resolution"]) == (nothing, nothing)
    assert summary["previous"]["change"]["compliance_rate"] is None


async def test_a_due_that_lies_ahead_has_not_passed(desk: Any) -> None:
    desk.use(now=lambda: parse("2026-03-06T00:30:00Z"))
    at_due = (await desk.get("/analytics/summary", **PERIOD)).json()["counts"]
    desk.use(now=lambda: parse("2026-03-06T00:29:59Z"))
    before = (await desk.get("/analytics/summary", **PERIOD)).json()["counts"]
    assert (at_due["breached"], before["breached"]) == (2, 1)
    trend = (await desk.get("/analytics/trends", **PERIOD)).json()["data"]
    assert sum(bucket["breached"] for bucket in trend) == 1
    assert (await desk.get("/analytics/breaches", **PERIOD)).json()["total"] == 1


FILTERS: list[tuple[dict[str, str], tuple[int, int]]] = [
    ({"type": "resolution"}, (2, 1)),
    ({"team_id": "team_b"}, (0, 2)),
    ({"team_id": "team_a", "type": "first_response"}, (1, 1)),
    ({"priority": "urgent"}, (3, 3)),
    ({"priority": "low"}, (0, 0)),
    ({"policy_id": "sla_unknown"}, (0, 0)),
    ({"kind": "ola"}, (0, 0)),
]


@pytest.mark.parametrize(("filters", "counts"), FILTERS, ids=str)
async def test_filters_narrow_every_answer_alike(desk: Any, filters: dict[str, str], counts: tuple[int, int]) -> None:
    summary = (await desk.get("/analytics/summary", **PERIOD, **filters)).json()
    trend = (await desk.get("/analytics/trends", **PERIOD, **filters)).json()["data"]
    breaches = (await desk.get("/analytics/breaches", **PERIOD, **filters)).json()
    assert (summary["counts"]["met"], summary["counts"]["breached"]) == counts
    assert (sum(one["met"] for one in trend), sum(one["breached"] for one in trend)) == counts
    assert (breaches["total"], len(breaches["data"])) == (counts[1], counts[1])


async def test_a_trend_has_every_day_of_the_period(desk: Any) -> None:
    trend = (await desk.get("/analytics/trends", **PERIOD)).json()
    assert (trend["granularity"], trend["period"]["timezone"]) == ("day", "UTC")
    assert [bucket["label"] for bucket in trend["data"]] == [f"2026-03-0{day}" for day in range(1, 9)]
    assert {
        one["label"][-1]: (one["met"], one["breached"]) for one in trend["data"] if one["met"] + one["breached"]
    } == {
        "2": (2, 0),
        "3": (1, 1),
        "6": (0, 2),
    }
    assert trend["data"][2] == {
        "label": "2026-03-03",
        "start": "2026-03-03T00:00:00Z",
        "end": "2026-03-04T00:00:00Z",
        "clipped": False,
        "met": 1,
        "breached": 1,
        "excused": 0,
        "compliance_rate": 50.0,
    }
    assert trend["data"][0]["compliance_rate"] is None


async def test_days_are_those_of_the_organizations_zone_unless_another_is_asked_for(desk: Any) -> None:
    await desk.http.patch("/api/v2/sla/organization", json={"timezone": "America/New_York"})
    own = (await desk.get("/analytics/trends", **PERIOD)).json()
    asked = (await desk.get("/analytics/trends", **PERIOD, timezone="UTC")).json()
    assert [bucket["label"][-1] for bucket in own["data"] if bucket["breached"]] == ["3", "5"]
    assert [bucket["label"][-1] for bucket in asked["data"] if bucket["breached"]] == ["3", "6"]
    assert (own["data"][0]["start"], own["data"][-1]["end"]) == ("2026-03-01T05:00:00Z", "2026-03-09T04:00:00Z")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-03-07", 24)])
async def test_a_day_on_which_the_clocks_change_has_the_hours_it_has(api: Any, day: str, hours: int) -> None:
    asked = {"start_date": day, "end_date": day, "granularity": "hour", "timezone": "America/New_York"}
    assert len((await api.get("/analytics/trends", **asked)).json()["data"]) == hours


async def test_weeks_begin_on_monday_and_say_where_they_are_cut_off(desk: Any) -> None:
    asked = {"start_date": "2026-03-01", "end_date": "2026-03-09", "granularity": "week"}
    trend = (await desk.get("/analytics/trends", **asked)).json()["data"]
    assert [(one["label"], one["clipped"], one["met"], one["breached"]) for one in trend] == [
        ("2026-W09", True, 0, 0),
        ("2026-W10", False, 3, 3),
        ("2026-W11", True, 0, 0),
    ]


async def test_breaches_say_what_was_due_and_by_how_much_it_was_missed(desk: Any) -> None:
    (policy,) = (await desk.get("/policies")).json()["data"]
    answer = (await desk.get("/analytics/breaches", **PERIOD)).json()
    resolution, response, late = answer["data"]
    assert late == {
        "instance_id": "inst_sla_conversation_late",
        "conversation_id": "late",
        "target": "first_response",
        "due_at": "2026-03-03T11:00:00Z",
        "stopped_at": "2026-03-03T11:30:00Z",
        "overrun_seconds": 1800,
        "overrun_calendar_seconds": 1800,
        "policy_id": policy["id"],
        "policy_name": "Urgent",
        "team_id": "team_a",
        "team_name": "Support",
        "priority": "urgent",
        "excused": False,
    }
    assert (resolution["due_at"], resolution["stopped_at"]) == ("2026-03-06T03:30:00Z", None)
    assert resolution["overrun_seconds"] == (14 * 24 + 8) * 3600 + 1800
    assert (response["due_at"], response["overrun_seconds"]) == ("2026-03-06T00:30:00Z", (14 * 24 + 11) * 3600 + 1800)
    assert answer["total"] == 3


async def test_clusters_are_of_all_breaches_whatever_the_page_shows(desk: Any) -> None:
    asked = {**PERIOD, "timezone": "America/New_York", "limit": 1, "offset": 1}
    answer = (await desk.get("/analytics/breaches", **asked)).json()
    assert [breach["due_at"] for breach in answer["data"]] == ["2026-03-06T00:30:00Z"]
    assert (answer["total"], answer["limit"], answer["offset"]) == (3, 1, 1)
    clusters = answer["clusters"]
    # 06:00 on Tuesday, 19:30 and 22:30 on Thursday.
    assert clusters["by_weekday"] == [{"weekday": "thu", "count": 2}, {"weekday": "tue", "count": 1}]
    assert clusters["by_hour"] == [{"hour": hour, "count": 1} for hour in (6, 19, 22)]
    assert clusters["by_team"] == [
        {"team_id": "team_b", "team_name": None, "count": 2},
        {"team_id": "team_a", "team_name": "Support", "count": 1},
    ]
    assert [(one["policy_name"], one["count"]) for one in clusters["by_policy"]] == [("Urgent", 3)]


async def test_an_overrun_counts_working_time_and_wall_time_apart(api: Any) -> None:
    """Eight office hours: due on Monday the 9th at 15:00, and on Monday the 16th at 16:00."""
    await api.policy(targets=[{"type": "resolution", "hours": 8}], business_hours=True)
    await api.with_worker()
    friday = {"occurred_at": "2026-03-06T15:00:00Z"}
    await happens(api, "stopped", friday, [("resolve", "2026-03-10T09:30:00Z", {})])
    await happens(api, "open", {"occurred_at": "2026-03-13T16:00:00Z"}, [])
    api.use(now=lambda: parse("2026-03-17T10:00:00Z"))
    still_open, stopped = (await api.get("/analytics/breaches", start_date="2026-03-01")).json()["data"]
    assert (still_open["due_at"], still_open["stopped_at"]) == ("2026-03-16T16:00:00Z", None)
    assert (still_open["overrun_seconds"], still_open["overrun_calendar_seconds"]) == (2 * 3600, 18 * 3600)
    assert stopped["due_at"] == "2026-03-09T15:00:00Z"
    assert (stopped["overrun_seconds"], stopped["overrun_calendar_seconds"]) == (2.5 * 3600, 18.5 * 3600)
    resolution = (await api.get("/analytics/summary", start_date="2026-03-01")).json()["resolution"]
    # Friday 15:00 to Tuesday 9:30: 10.5 office hours, 90.5 hours.
    assert resolution["working_minutes"] == spread(630.0, 630.0, 630.0)
    assert resolution["calendar_minutes"] == spread(5430.0, 5430.0, 5430.0)


async def test_a_late_event_moves_a_breach_into_what_was_kept(desk: Any) -> None:
    await desk.with_worker()
    path = "/instances/inst_sla_conversation_late"
    told = {"occurred_at": "2026-03-03T10:45:00Z", "event_id": "found later"}
    assert (await desk.post(f"{path}/acknowledge", told)).status_code == 200
    for _ in range(200):
        counts = (await desk.get("/analytics/summary", **PERIOD)).json()["counts"]
        if counts["breached"] != 3:
            break
        await asyncio.sleep(0.05)
    assert counts == {"met": 4, "breached": 2, "cancelled": 2, "excused": 0, "total": 8}


async def test_without_dates_it_is_the_last_thirty_days(api: Any) -> None:
    api.use(now=lambda: parse("2026-03-10T23:30:00Z"))
    period = (await api.get("/analytics/summary", timezone="Asia/Tokyo")).json()["period"]
    assert period == {"start_date": "2026-02-10", "end_date": "2026-03-11", "timezone": "Asia/Tokyo"}
    assert len((await api.get("/analytics/trends")).json()["data"]) == 30


REFUSED: list[tuple[str, dict[str, str], str, str, str]] = [
    ("summary", {"start_date": "2026-03-08", "end_date": "2026-03-01"}, "end_date", "2026-03-01", "2026-03-08"),
    ("summary", {"start_date": "2999-01-01"}, "start_date", "2999-01-01", "1970"),
    ("summary", {"start_date": "2026-02-30"}, "start_date", "2026-02-30", "YYYY-MM-DD"),
    ("trends", {"end_date": "yesterday"}, "end_date", "yesterday", "YYYY-MM-DD"),
    ("breaches", {"end_date": ""}, "end_date", "", "YYYY-MM-DD"),
    ("summary", {"timezone": "Mars/Base"}, "timezone", "Mars/Base", "IANA"),
    ("trends", {"granularity": "year"}, "granularity", "year", "'hour', 'day', 'week' or 'month'"),
    ("trends", {"granularity": "hour", "start_date": "2020-01-01"}, "granularity", "hour", str(MOST_BUCKETS)),
    ("summary", {"kind": "xla"}, "kind", "xla", "'sla' or 'ola'"),
    ("summary", {"type": "Reply!"}, "type", "Reply!", "first_response, resolution"),
    ("summary", {"policy_id": "\0"}, "policy_id", "\\x00", "NUL"),
]


@pytest.mark.parametrize(("route", "asked", "field", "value", "hint"), REFUSED, ids=str)
async def test_what_cannot_be_asked_is_refused_by_name(
    api: Any, route: str, asked: dict[str, str], field: str, value: str, hint: str
) -> None:
    answer = await api.get(f"/analytics/{route}", **asked)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_value")
    assert (problem["field"], problem["value"]) == (field, value)
    assert hint in problem["detail"]


@pytest.mark.parametrize("limit", [0, 101])
async def test_a_page_of_breaches_has_at_most_a_hundred(api: Any, limit: int) -> None:
    answer = await api.get("/analytics/breaches", limit=limit)
    assert (answer.status_code, answer.json()["field"]) == (422, "limit")


async def test_analytics_of_internal_commitments_need_the_enterprise_plan(api: Any) -> None:
    await api.dependencies.store.organizations.change(api.organization, subscription=Subscription.PROFESSIONAL)
    for route in ("summary", "trends", "breaches"):
        answer = await api.get(f"/analytics/{route}", kind="ola")
        assert (answer.status_code, answer.json()["code"]) == (403, "plan_required")
        assert (await api.get(f"/analytics/{route}")).status_code == 200


async def test_internal_commitments_count_apart_by_the_team_that_held_the_ticket(api: Any) -> None:
    answer = await api.post("/ola/policies", {"name": "Inside", "targets": [{"type": "resolution", "hours": 1}]})
    assert answer.status_code == 201, answer.text
    await api.with_worker()
    opened = {"kind": "ola", "occurred_at": "2026-03-02T09:00:00Z", "team_id": "team_a"}
    await happens(api, "handed on", opened, [("resolve", "2026-03-02T11:30:00Z", {})])
    summary = (await api.get("/analytics/summary", **PERIOD, kind="ola")).json()
    assert [(one["team_id"], one["met"], one["breached"]) for one in summary["by_team"]] == [("team_a", 0, 1)]
    (breach,) = (await api.get("/analytics/breaches", **PERIOD, kind="ola")).json()["data"]
    assert (breach["due_at"], breach["overrun_calendar_seconds"]) == ("2026-03-02T10:00:00Z", 5400)
    assert (await api.get("/analytics/summary", **PERIOD)).json()["counts"]["total"] == 0


async def spreadsheet(api: Any, route: str, **asked: Any) -> list[dict[str, str]]:
    answer = await api.http.get(f"/api/v2/sla/analytics/{route}", params=asked, headers={"Accept": "text/csv"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["vary"] == "Accept"
    assert answer.text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def test_a_summary_as_csv_has_a_row_for_each_figure(desk: Any) -> None:
    rows = await spreadsheet(desk, "summary", **PERIOD)
    found = {(row["section"], row["key"]): row for row in rows}
    every = found["current", "all"]
    assert (every["met"], every["breached"], every["cancelled"], every["total"]) == ("3", "3", "2", "8")
    assert (every["compliance_rate"], every["paused_share"], every["instances"]) == ("50.0", "0.1176", "4")
    assert (every["start_date"], every["timezone"]) == ("2026-03-01", "UTC")
    assert found["current", "resolution"]["p90_calendar_minutes"] == "255.0"
    assert found["by_target_type", "resolution"]["compliance_rate"] == "66.67"
    assert found["by_team", "team_a"]["name"] == "Support"
    assert (found["by_team", "team_b"]["name"], found["by_team", "team_b"]["met"]) == ("", "0")
    assert found["previous", "all"]["compliance_rate"] == "100.0"
    assert found["previous", "first_response"]["median_working_minutes"] == "10.0"
    assert len(rows) == 3 + 2 + 1 + 1 + 2 + 3


async def test_a_trend_as_csv_has_a_row_for_each_bucket(desk: Any) -> None:
    rows = await spreadsheet(desk, "trends", **PERIOD)
    assert [row["label"] for row in rows] == [f"2026-03-0{day}" for day in range(1, 9)]
    assert rows[2] == {
        "label": "2026-03-03",
        "start": "2026-03-03T00:00:00Z",
        "end": "2026-03-04T00:00:00Z",
        "clipped": "false",
        "met": "1",
        "breached": "1",
        "excused": "0",
        "compliance_rate": "50.0",
    }
    assert rows[0]["compliance_rate"] == ""


async def test_a_trend_is_grouped_by_what_reports_go_by(desk: Any) -> None:
    trend = (await desk.get("/analytics/trends", **PERIOD, group_by="priority")).json()
    groups = trend["groups"]
    assert (groups["by"], groups["total"]) == ("priority", len(groups["data"]))
    assert all(len(one["data"]) == len(trend["data"]) for one in groups["data"])
    for name in ("met", "breached"):
        every = [sum(one["data"][number][name] for one in groups["data"]) for number in range(len(trend["data"]))]
        assert every == [bucket[name] for bucket in trend["data"]]
    assert (await desk.get("/analytics/trends", **PERIOD)).json()["groups"] is None
    rows = await spreadsheet(desk, "trends", **PERIOD, group_by="priority")
    assert len(rows) == 8 * (1 + groups["total"])
    assert (rows[0]["group_by"], rows[8]["group_by"]) == ("", "priority")
    refused = await desk.get("/analytics/trends", **PERIOD, group_by="colour")
    assert (refused.status_code, refused.json()["field"]) == (422, "group_by")
    assert "policy_id" in refused.json()["detail"]


async def test_breaches_as_csv_have_a_row_each_of_the_page(desk: Any) -> None:
    rows = await spreadsheet(desk, "breaches", **PERIOD, limit=2, offset=1)
    assert [(row["conversation_id"], row["target"]) for row in rows] == [
        ("forgotten", "first_response"),
        ("late", "first_response"),
    ]
    assert (rows[1]["overrun_seconds"], rows[1]["stopped_at"], rows[1]["ticket_id"]) == (
        "1800",
        "2026-03-03T11:30:00Z",
        "",
    )
    assert rows[0]["stopped_at"] == ""


async def test_no_text_of_a_csv_is_taken_for_a_formula(api: Any) -> None:
    await api.policy(name='=cmd|"/c calc"!A1, twice\n')
    await api.with_worker()
    await happens(api, "+4930123", {"occurred_at": "2026-03-02T09:00:00Z", "team_id": "@home"}, [])
    first, _ = await spreadsheet(api, "breaches", **PERIOD)
    assert first["policy_name"] == '\'=cmd|"/c calc"!A1, twice\n'
    assert (first["conversation_id"], first["team_id"]) == ("'+4930123", "'@home")
    rows = await spreadsheet(api, "summary", **PERIOD)
    assert [row["key"] for row in rows if row["section"] == "by_team"] == ["'@home"]


ACCEPTED: list[tuple[str, str]] = [
    ("text/csv", "text/csv; charset=utf-8"),
    ("Text/CSV; charset=utf-8", "text/csv; charset=utf-8"),
    ("text/*", "text/csv; charset=utf-8"),
    ("application/json;q=0.5, text/csv;q=0.9", "text/csv; charset=utf-8"),
    ("text/csv, */*;q=0.1", "text/csv; charset=utf-8"),
    ("application/json, text/csv;q=0.9", "application/json"),
    ("text/csv, application/json", "application/json"),
    ("text/csv;q=0", "application/json"),
    ("text/csv;q=0, text/*", "application/json"),
    ("text/csv;q=much", "application/json"),
    ("*/*", "application/json"),
    ("application/xml", "application/json"),
    (",;,", "application/json"),
]


@pytest.mark.parametrize(("accept", "media_type"), ACCEPTED)
async def test_csv_is_for_those_who_prefer_it_and_json_for_all_others(api: Any, accept: str, media_type: str) -> None:
    answer = await api.http.get("/api/v2/sla/analytics/trends", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert answer.headers["vary"] == "Accept"


async def test_csv_is_described_beside_json(api: Any) -> None:
    document = (await api.http.get("/openapi.json")).json()
    for route in ("summary", "trends", "heatmap"):
        content = document["paths"][f"/api/v2/sla/analytics/{route}"]["get"]["responses"]["200"]["content"]
        assert set(content) == {"application/json", "text/csv"}
        header, example, _ = content["text/csv"]["example"].split("\r\n")
        assert len(header.split(",")) == len(example.split(","))


async def test_figures_are_narrowed_to_and_grouped_by_what_the_organization_declares(api: Any) -> None:
    api.use(now=lambda: parse(NOW))
    await api.policy()
    store = api.dependencies.store
    opened = {"occurred_at": "2026-03-02T09:00:00Z"}
    await api.ticket("1", **opened, fields={"customer": "Acme", "assignee": "ada"})
    declared = await api.http.patch("/api/v2/sla/organization", json={"dimensions": ["customer"]})
    assert (declared.json()["dimensions"], declared.json()["dimensions_ready"]) == (["customer"], False)
    assert await store.dimensions.fill() == 1
    assert (await api.get("/organization")).json()["dimensions_ready"] is True
    await api.ticket("2", **opened, fields={"customer": "=1+1"})
    listed = (await api.get("/instances", field="customer:ACME")).json()
    assert [one["conversation_id"] for one in listed["data"]] == ["1"]
    summary = (await api.get("/analytics/summary", **PERIOD, group_by="customer", priority="URGENT")).json()
    counts = {"met": 0, "breached": 2, "excused": 0, "compliance_rate": 0.0}
    expected = [{"value": value, **counts} for value in ("=1+1", "Acme")]
    assert summary["groups"] == {"by": "customer", "total": 2, "data": expected}
    assert (await api.get("/analytics/summary", **PERIOD)).json()["groups"] is None
    written = await api.http.get(
        "/api/v2/sla/analytics/summary", params={**PERIOD, "group_by": "customer"}, headers={"Accept": "text/csv"}
    )
    rows = [row for row in csv.DictReader(io.StringIO(written.text)) if row["section"] == "by_customer"]
    assert [(row["key"], row["breached"]) for row in rows] == [("'=1+1", "2"), ("Acme", "2")]
    breaches = (await api.get("/analytics/breaches", **PERIOD, field="customer:acme", group_by="assignee")).json()
    assert (breaches["total"], {one["conversation_id"] for one in breaches["data"]}) == (2, {"1"})
    assert breaches["clusters"]["by_group"] == {"by": "assignee", "total": 1, "data": [{"value": "ada", "count": 2}]}
    assert (await api.get("/analytics/summary", **PERIOD, assignee="grace")).json()["counts"]["total"] == 0


@pytest.mark.parametrize(
    ("path", "query", "field", "said"),
    [
        ("/instances", {"field": "region:emea"}, "field", "customer"),
        ("/instances", {"field": "customer"}, "field", "a colon between"),
        ("/analytics/trends", {"field": "customer:"}, "field", "a colon between"),
        ("/analytics/summary", {"group_by": "region"}, "group_by", "type, customer"),
        ("/analytics/heatmap", {"field": "region:emea"}, "field", "customer"),
    ],
)
async def test_what_is_not_declared_is_refused_with_what_is(
    api: Any, path: str, query: dict[str, str], field: str, said: str
) -> None:
    await api.dependencies.store.organizations.change(api.organization, dimensions=["customer"])
    answer = await api.get(path, **query)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert said in answer.json()["detail"]


async def test_the_hours_of_the_week_are_those_of_the_zone_as_json_and_as_csv(desk: Any) -> None:
    shown = (await desk.get("/analytics/heatmap", **PERIOD, timezone="Europe/Berlin")).json()
    assert shown["weekdays"] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    # In Berlin: opened on Monday at 10, Tuesday at 11, Wednesday at 10, and Friday half past midnight.
    assert {
        place: shown["opened"][place[0]][place[1]] for place in ((0, 10), (1, 11), (2, 10), (4, 0))
    } == dict.fromkeys(((0, 10), (1, 11), (2, 10), (4, 0)), 1)
    # "kept" met at 10:30 and 12:00, "late" at 15:30; "late" was broken at 12:00, "forgotten" at 01:30 and 04:30.
    for name, places in (("met", [(0, 10), (0, 12), (1, 15)]), ("breached", [(1, 12), (4, 1), (4, 4)])):
        assert sum(map(sum, shown[name])) == len(places)
        assert all(shown[name][day][hour] == 1 for day, hour in places)
    written = await desk.http.get(
        "/api/v2/sla/analytics/heatmap",
        params={**PERIOD, "timezone": "Europe/Berlin", "team_id": "team_a"},
        headers={"Accept": "text/csv"},
    )
    rows = list(csv.DictReader(io.StringIO(written.text)))
    assert len(rows) == 7 * 24
    assert rows[24 + 12] == {
        "weekday": "tue", "hour": "12", "opened": "0", "met": "0", "breached": "1", "excused": "0",
        "compliance_rate": "0.0",
    }  # fmt: skip


async def test_breaches_are_read_on_by_cursor_and_exported_whole(desk: Any) -> None:
    whole = (await desk.get("/analytics/breaches", **PERIOD)).json()
    assert (whole["total"], whole["next_cursor"]) == (3, None)
    read: list[Any] = []
    cursor: dict[str, Any] = {}
    for _ in range(3):
        page = (await desk.get("/analytics/breaches", **PERIOD, limit=1, **cursor)).json()
        read += page["data"]
        cursor = {"cursor": page["next_cursor"]}
    assert (read, cursor["cursor"]) == (whole["data"], None)
    ndjson = await desk.http.get(
        "/api/v2/sla/analytics/breaches", params=PERIOD, headers={"Accept": "application/x-ndjson"}
    )
    assert [json.loads(line) for line in ndjson.text.splitlines()] == whole["data"]
    refused = await desk.get("/analytics/breaches", cursor=cursor_of("opened_at", ("a", "b")))
    assert (refused.status_code, refused.json()["field"]) == (422, "cursor")


BREACHES = "/analytics/breaches"


async def test_breaches_are_sorted_by_whatever_they_show(desk: Any) -> None:
    names = await sorts_of(desk, BREACHES, **PERIOD)
    shown = (await desk.get(BREACHES, **PERIOD)).json()["data"][0]
    # All that are listed are excused, or none is.
    assert set(names) == {*shown, "ticket_id", "incident_id"} - {"excused"}
    await is_read_in_every_order(desk, BREACHES, names, **PERIOD)


async def test_breaches_that_grow_while_they_are_read_are_passed_over_by_no_page(desk: Any) -> None:
    asked = {**PERIOD, "sort": "-overrun_seconds", "limit": 1}
    first = (await desk.get(BREACHES, **asked)).json()
    # A day later the second is further over than the first was.
    desk.use(now=lambda: parse("2026-03-21T12:00:00Z"))
    second = (await desk.get(BREACHES, **asked, cursor=first["next_cursor"])).json()
    third = (await desk.get(BREACHES, **asked, cursor=second["next_cursor"])).json()
    found = [one for page in (first, second, third) for one in page["data"]]
    assert [(one["conversation_id"], one["target"]) for one in found] == [
        ("forgotten", "first_response"),
        ("forgotten", "resolution"),
        ("late", "first_response"),
    ]
    assert (found[1]["overrun_seconds"], third["next_cursor"]) == ((15 * 24 + 8) * 3600 + 1800, None)


async def test_an_export_of_breaches_is_in_the_order_that_was_asked_for(desk: Any) -> None:
    for sort in ("overrun_seconds", "-overrun_seconds", "target", "-due_at"):
        shown = (await desk.get(BREACHES, **PERIOD, sort=sort)).json()["data"]
        rows = await spreadsheet(desk, "breaches", **PERIOD, sort=sort)
        assert [row["due_at"] for row in rows] == [one["due_at"] for one in shown]
        lines = await desk.http.get(
            f"/api/v2/sla{BREACHES}", params={**PERIOD, "sort": sort}, headers={"Accept": "application/x-ndjson"}
        )
        assert [json.loads(line) for line in lines.text.splitlines()] == shown


@pytest.mark.parametrize("sort", ["overrun_seconds", "priority", "-due_at"])
async def test_a_cursor_of_breaches_in_another_order_is_refused(desk: Any, sort: str) -> None:
    cursor = (await desk.get(BREACHES, **PERIOD, sort=sort, limit=1)).json()["next_cursor"]
    for other in ("-overrun_seconds", "-priority", "due_at"):
        refused = await desk.get(BREACHES, **PERIOD, sort=other, cursor=cursor)
        assert (refused.status_code, refused.json()["field"]) == (422, "cursor")


@pytest.mark.parametrize(
    ("sort", "place"),
    [
        ("overrun_seconds", ()),
        ("overrun_seconds", (None,)),
        ("overrun_seconds", ("1", "x", "noon")),
        ("overrun_seconds", ("1", None, "2026-03-20T12:00:00Z")),
        ("overrun_seconds", ("1", "2026-03-20T12:00:00Z")),
        ("-due_at", ("2026-03-20T12:00:00Z", "x", "y")),
        ("-due_at", (None, "x", "y", "1")),
        ("priority", ("a\0b", "x", "y", "1")),
        ("priority", ("low", "x", "y", "one")),
    ],
    ids=str,
)
async def test_a_cursor_that_no_page_of_breaches_has_given_is_refused(
    desk: Any, sort: str, place: tuple[str | None, ...]
) -> None:
    refused = await desk.get(BREACHES, **PERIOD, sort=sort, cursor=cursor_of(sort, place))
    assert (refused.status_code, refused.json()["field"]) == (422, "cursor")
