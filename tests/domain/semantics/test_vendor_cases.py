"""Worked examples of help-desk vendors and open-source peers: each is our answer too, or stands below with the rule."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.calendar.validation import WEEKDAYS
from domain.errors import InvalidValue
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import DAY, MINUTE, SECOND, Instant, Micros, parse, render, to_datetime
from domain.plan.planning import plan
from domain.plan.plans import TargetPlan
from domain.plan.status import InstanceStatus, instance_status
from domain.policy.budgets import Deadline
from domain.policy.escalations import EscalationRule
from domain.policy.policies import OnChange, Policy
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.policy.targets import TargetRule
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from tests.support.builders import a_snapshot, only

Case = dict[str, Any]
CASES: dict[str, Case] = {
    case["id"]: case for case in json.loads((Path(__file__).parents[2] / "data/vendor_cases.json").read_text())
}

DIFFERENT = {
    "C196": "a target of no time at all is due at its start, not at the next opening (and no policy can promise it)",
    "C106": "a promise lies ahead: no target is due working days before its start",
    "C225": "a field that is empty sets no deadline, and one that is past is broken at the start, not a second later",
}
"""Cases in which we answer otherwise, each with our rule."""

PARTLY = {"C101": "a step before the due is given in working minutes or percent, not in working days"}
"""Cases whose answer is ours but for a part that cannot be asked, each with our rule."""

OWN_STORY = {"C053", "C054", "C071", "C072", "C075", "C092", "C120", "C185", "C228", "C238", "C239", "C240", "C247"} | {
    "C250",
    "C251",
}


def of_kind(kind: str) -> list[str]:
    return [name for name, case in CASES.items() if case["kind"] == kind and name not in DIFFERENT]


def calendar(case: Case) -> Calendar:
    return Calendar.from_json(
        {
            "timezone": case["timezone"],
            "weekly_hours": case["weekly_hours"],
            "holidays": [*case["holidays"], *case.get("recurring_holidays", ())],
            "special_days": case.get("date_overrides", {}),
            "breaks": case.get("breaks", {}),
        }
    )


def happened(kind: EventKind, when: str, cause: str = "", received: str | None = None) -> Event:
    return Event(kind, f"{kind} {when} {cause}", parse(when), parse(received or when), cause=cause)


def story(case: Case) -> Iterable[Event]:
    yield happened(EventKind.OPENED, case["start"])
    for index, pause in enumerate(case.get("pauses", ())):
        yield happened(EventKind.PAUSED, pause["from"], str(index))
        yield happened(EventKind.RESUMED, pause["to"], str(index))
    if "end" in case:
        yield happened(EventKind.RESOLVED, case["end"])


def measured(case: Case, *, minutes: float = 1e6, events: Iterable[Event] = (), **policy: Any) -> TargetPlan:
    rule = TargetRule("target_1", "resolution", None, Micros(round(case.get("duration_minutes", minutes) * MINUTE)))
    hours = calendar(case) if "weekly_hours" in case else Calendar.always()
    return only(plan(a_snapshot(rule, calendar=hours, **policy), events or story(case)))


@pytest.mark.parametrize("name", of_kind("due"))
def test_a_vendors_due_instant_is_ours(name: str) -> None:
    due_at = measured(CASES[name]).due_at
    assert due_at is not None
    assert render(due_at) == CASES[name]["expected_due"]


@pytest.mark.parametrize("name", of_kind("elapsed"))
def test_a_vendors_elapsed_time_is_ours(name: str) -> None:
    assert measured(CASES[name]).used == CASES[name]["expected_elapsed_seconds"] * SECOND


@pytest.mark.parametrize("name", [name for name in of_kind("elapsed") if "target_minutes" in CASES[name]])
def test_a_vendors_time_left_is_ours(name: str) -> None:
    case = CASES[name]
    assert measured(case, minutes=case["target_minutes"]).remaining == case["expected_diff_minutes"] * MINUTE


def test_a_target_of_no_time_is_due_at_its_start_c196() -> None:
    due_at = measured(CASES["C196"]).due_at
    assert due_at is not None
    assert render(due_at) == CASES["C196"]["start"] != CASES["C196"]["expected_due"]


def test_what_no_policy_can_promise_is_refused_c106() -> None:
    with pytest.raises(InvalidValue):
        TargetRule.from_json({"id": "t", "type": "resolution", "days": CASES["C106"]["duration_business_days"]})


@pytest.mark.parametrize(("due", "breach"), [("", None), ("2024-01-01T08:00:00Z", 0)])
def test_a_field_that_is_empty_or_past_c225(due: str, breach: int | None) -> None:
    rule = TargetRule.from_json({"id": "t", "type": "resolution", "by": {"field": "due"}})
    start = parse("2024-01-01T09:00:00Z")
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, "1"), fields={"due": due})
    opened = happened(EventKind.OPENED, render(start))
    found = only(plan(a_snapshot(rule, calendar=Calendar.always(), ticket=ticket), [opened])).breached_at
    assert found == (None if breach is None else start + breach) != start + SECOND
    assert CASES["C225"]["expected"]["due_offset_seconds"] == 1


@pytest.mark.parametrize("name", of_kind("business_days"))
def test_a_vendors_working_days_are_ours(name: str) -> None:
    case = CASES[name]
    ends = case.get("end_of_working_day", False) or "end_of_working_day" in case["description"]
    promise = {"days": case["duration_business_days"], "end_of_day": ends}
    rule = TargetRule.from_json({"id": "t", "type": "resolution", **promise})
    target = only(plan(a_snapshot(rule, calendar=calendar(case)), story(case)))
    assert target.due_at is not None
    assert render(target.due_at) == case["expected_due"]
    assert target.paused_for == case.get("expected_waiting_seconds", 0) * SECOND


def conversation(case: Case) -> TargetPlan:
    """The next response under `[minute, who]` events."""
    start = parse("2024-01-01T10:00:00Z")
    kinds = {"customer": EventKind.CUSTOMER_REPLIED, "agent": EventKind.AGENT_REPLIED}
    messages = [happened(kinds[who], render(Instant(start + int(minute) * MINUTE))) for minute, who in case["events"]]
    rule = TargetRule("t", "next_response", None, Micros(case["duration_minutes"] * MINUTE))
    events = [happened(EventKind.OPENED, render(start)), *messages]
    return only(plan(a_snapshot(rule, calendar=calendar(case)), events))


def test_repeated_messages_do_not_move_the_next_response_c053() -> None:
    target = conversation(CASES["C053"])
    assert target.started_at is not None
    assert target.due_at is not None
    offset = (target.due_at - target.started_at) // MINUTE
    assert offset == CASES["C053"]["expected"]["next_reply_due_offset_minutes"]


def test_after_an_answer_no_response_is_owed_c054() -> None:
    target = conversation(CASES["C054"])
    assert (target.is_open, target.stopped_at is not None) == (False, True)
    assert CASES["C054"]["expected"]["next_reply_due"] is None


def test_a_wall_time_that_a_clock_change_skips_lies_one_hour_later_c075() -> None:
    day, _, time = CASES["C075"]["local"].partition(" ")
    before = parse(f"{day}T08:00:00Z")
    deadline = Deadline.from_json({"time": time}).after(CASES["C075"]["timezone"], before)
    assert render(deadline) == CASES["C075"]["expected_utc"]


def retargeted(policy: Policy, start: str, change: str, fields: dict[str, Any], hours: Calendar) -> TargetPlan:
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, "1"), "high")
    snapshot = Snapshot("default", ticket, policy, CalendarVersion(hours), "t", alternatives=())
    update = Event(EventKind.UPDATED, "u", parse(change), parse(change), attributes=fields)
    return only(plan(snapshot, [happened(EventKind.OPENED, start), update]))


def by_priority(minutes: dict[str, int], mode: OnChange, **given: Any) -> Policy:
    rules = (TargetRule(name, "resolution", name, Micros(length * MINUTE)) for name, length in minutes.items())
    return Policy("sla_1", "Support", targets=tuple(rules), on_change=mode, **given)


@pytest.mark.parametrize(("mode", "kept"), [(OnChange.RETARGET, "after"), (OnChange.KEEP, "control_ticket")])
def test_a_change_at_once_swaps_the_target_and_its_levels_c120(mode: OnChange, kept: str) -> None:
    case = CASES["C120"]
    step = EscalationRule.from_json({"id": "1", "trigger": "approaching_breach", "threshold_minutes": 60})
    policy = by_priority({"high": 240, "urgent": 120}, mode, escalations=(step,))
    target = retargeted(policy, case["start"], case["start"], {"priority": "urgent"}, calendar(case))
    level = next(mark.planned_at for mark in target.milestones if mark.name == "escalation:1")
    assert [render(at) for at in (target.due_at, level) if at is not None] == case["expected"][kept]


def test_a_new_target_counts_the_time_spent_and_breaches_once_c239() -> None:
    expected, start = CASES["C239"]["expected"], parse("2024-01-01T10:00:00Z")
    policy = by_priority({"high": 240, "urgent": 120}, OnChange.RETARGET)
    change = render(Instant(start + 60 * MINUTE))
    target = retargeted(policy, render(start), change, {"priority": "urgent"}, calendar(CASES["C239"]))
    assert ((target.due_at or 0) - start) // MINUTE == expected["due_offset_minutes"]
    assert sum(mark.name == "breached" for mark in target.milestones) == expected["breach_count"]


def test_the_numbers_of_a_previewed_deadline_belong_together_c238() -> None:
    case = CASES["C238"]
    start, expected = parse(case["start"]), case["expected"]
    sunday = Calendar.from_json({"timezone": "UTC", "weekly_hours": {"sun": [["13:00", "18:00"]]}})
    deadline = sunday.add(start, Micros(case["duration_minutes"] * MINUTE))
    assert render(deadline) == expected["deadline_at"]
    assert sunday.elapsed(start, deadline) == expected["business_minutes"] * MINUTE
    assert deadline - start == expected["calendar_minutes"] * MINUTE


@pytest.mark.parametrize("name", ["C242", "C243"])
def test_a_peer_that_rounds_pauses_to_minutes_is_wrong(name: str) -> None:
    due_at = measured(CASES[name]).due_at
    assert due_at is not None
    assert not CASES[name]["peer_result"].startswith(render(due_at))


def test_a_step_before_due_moves_with_the_pauses_c094() -> None:
    step = {
        "id": "1",
        "trigger": "approaching_breach",
        "threshold_minutes": -CASES["C094"]["escalation_offset_minutes"],
    }
    target = measured(CASES["C094"], escalations=(EscalationRule.from_json(step),))
    (moment,) = [mark.planned_at for mark in target.milestones if mark.name == "escalation:1"]
    assert moment == parse(CASES["C094"]["expected_escalation_at"])
    assert target.paused_for == CASES["C094"]["expected_waiting_seconds"] * SECOND


def test_a_breach_counts_though_nobody_looked_in_between_c092() -> None:
    start = parse("2024-01-01T00:00:00Z")
    end = Instant(start + 360 * MINUTE)
    events = [happened(EventKind.OPENED, render(start)), happened(EventKind.RESOLVED, render(end))]
    rule = TargetRule("target_1", "resolution", None, Micros(60 * MINUTE))
    planned = plan(a_snapshot(rule, calendar=Calendar.always()), events)
    assert instance_status(planned, end) is InstanceStatus.BREACHED is InstanceStatus(CASES["C092"]["expected_status"])
    assert -(only(planned).remaining or 0) == 5 * 60 * MINUTE


@pytest.mark.parametrize("name", ["C071", "C072"])
def test_dates_with_own_hours_and_breaks_open_when_the_vendor_does(name: str) -> None:
    expected = [tuple(map(parse, interval)) for interval in CASES[name]["expected_intervals"]]
    opening = [
        (Instant(midnight + window.opens), Instant(midnight + window.closes))
        for day in range(8)
        for midnight in (parse("2006-01-01T00:00:00Z") + day * DAY,)
        for window in calendar(CASES[name]).open_windows(to_datetime(Instant(midnight)).date())
    ]
    assert opening[: len(expected)] == expected


def test_opening_hours_are_half_open_c185() -> None:
    hours = Calendar.from_json({"timezone": "UTC", "weekly_hours": CASES["C185"]["weekly_hours"]})
    assert [[instant, hours.is_open(parse(instant))] for instant, _ in CASES["C185"]["checks"]] == CASES["C185"][
        "checks"
    ]


def test_a_pause_seen_late_stops_the_clock_when_it_happened_c228() -> None:
    day = CASES["C228"]["start"][:10]
    held = happened(EventKind.PAUSED, f"{day}T11:00:00Z", received=f"{day}T11:15:00Z")
    target = measured(CASES["C228"], events=[happened(EventKind.OPENED, CASES["C228"]["start"]), held])
    assert target.used == CASES["C228"]["expected"]["elapsed_minutes"] * MINUTE


def test_a_priority_change_does_not_retarget_c240() -> None:
    expected = CASES["C240"]["expected"]
    opening = happened(EventKind.OPENED, "2024-01-01T10:00:00Z")
    change = Event(
        EventKind.UPDATED,
        "u",
        parse("2024-01-01T10:05:00Z"),
        parse("2024-01-01T10:05:00Z"),
        attributes={"priority": "LOW"},
    )
    rules = (
        TargetRule("t1", "first_response", None, Micros(15 * MINUTE)),
        TargetRule("t2", "resolution", None, Micros(60 * MINUTE)),
    )
    planned = plan(a_snapshot(*rules, calendar=Calendar.always()), [opening, change])
    offsets = [((target.due_at or 0) - planned.opened_at) // MINUTE for target in planned.targets]
    assert offsets == [expected["response_due_offset_minutes"], expected["resolve_due_offset_minutes"]]


def test_a_pause_skips_no_threshold_c247() -> None:
    expected = CASES["C247"]["expected"]
    start = parse("2024-01-01T10:00:00Z")
    events = [
        Event(kind, kind, Instant(start + minute * MINUTE), Instant(start + minute * MINUTE))
        for kind, minute in ((EventKind.OPENED, 0), (EventKind.PAUSED, 20), (EventKind.RESUMED, 25))
    ]
    step = EscalationRule.from_json({"id": "90", "trigger": "approaching_breach", "trigger_percent": 90})
    target = measured({}, minutes=60, events=events, escalations=(step,))
    minutes = {mark.name: ((mark.planned_at or 0) - start) // MINUTE for mark in target.milestones}
    assert minutes == {
        "halfway": expected["warn50_at_min"],
        "at_risk": expected["warn75_at_min"],
        "escalation:90": expected["warn90_at_min"],
        "breached": expected["breach_at_min"],
    }


def test_the_earliest_reply_is_the_first_response_c250() -> None:
    day = "2024-01-01"
    replies = [
        happened(EventKind.ACKNOWLEDGED, f"{day}T10:00:00Z"),
        happened(EventKind.ACKNOWLEDGED, f"{day}T09:00:00Z", received=f"{day}T10:30:00Z"),
    ]
    rule = TargetRule("t", "first_response", None, Micros(45 * MINUTE))
    planned = plan(
        a_snapshot(rule, calendar=Calendar.always()), [happened(EventKind.OPENED, f"{day}T08:30:00Z"), *replies]
    )
    assert (
        render(only(planned).stopped_at or Instant(0)) == f"{day}T{CASES['C250']['expected']['first_response_at']}:00Z"
    )
    assert only(planned).breached_at is None


def test_a_period_of_every_year_runs_over_new_year_c251() -> None:
    week = {day: [["09:00", "17:00"]] for day in WEEKDAYS}
    closed = [{"from": "12-24", "to": "01-02"}]
    hours = Calendar.from_json({"timezone": "UTC", "weekly_hours": week, "holidays": closed})
    for day, state in CASES["C251"]["expected"].items():
        assert ("open" if hours.open_windows(date.fromisoformat(day)) else "closed") == state


def test_every_case_is_somewhere() -> None:
    told = {*of_kind("due"), *of_kind("elapsed"), *of_kind("business_days"), *DIFFERENT, *OWN_STORY}
    assert told == set(CASES)
    assert set(PARTLY) <= told
