"""Targets whose due instant a field of the ticket holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.errors import InvalidValue
from domain.explaining import RecordedHistory, explain
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from domain.instants import HOUR, MINUTE, Micros, parse, render_optional
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import is_overdue
from domain.policy.escalations import EscalationRule, Trigger
from domain.policy.field_deadlines import require_readable
from domain.policy.policies import RetargetBreaches
from domain.policy.targets import TargetRule
from domain.record.ledger import merge, reconcile
from domain.record.notices import notice
from domain.record.views import instance_view, overrun_at
from domain.ticket.events import Event
from tests.support.builders import (
    ALWAYS,
    OFFICE,
    a_snapshot,
    a_ticket,
    at,
    moments,
    only,
    opened,
    paused,
    reopened,
    resolved,
    updated,
)

BY_DUE_DATE: dict[str, Any] = {"id": "t", "type": "resolution", "by": {"field": "due_date"}}
RULE = TargetRule.from_json(BY_DUE_DATE)
BERLIN = Calendar.from_json({"timezone": "Europe/Berlin", "weekly_hours": {"mon": [["09:00", "17:00"]]}})


def planned(due: Any, *events: Event, calendar: Calendar = ALWAYS, **policy: Any) -> TargetPlan:
    ticket = a_ticket() if due is None else a_ticket(due_date=due)
    return only(plan(a_snapshot(RULE, calendar=calendar, ticket=ticket, **policy), events))


def test_a_field_of_the_ticket_says_when_a_target_is_due() -> None:
    """A target is due at the instant that the field holds; no pause and no opening hours move it."""
    for calendar in (ALWAYS, OFFICE):
        for held in ((), (paused("11:00"),)):
            target = planned("2026-03-02T20:00:00+02:00", opened("10:00"), *held, calendar=calendar)
            assert (target.due_at, target.breached_at, target.state) == (at("18:00"), at("18:00"), "running")


@pytest.mark.parametrize(
    ("calendar", "end"),
    [(ALWAYS, "2026-03-09T00:00:00Z"), (OFFICE, "2026-03-09T00:00:00Z"), (BERLIN, "2026-03-08T23:00:00Z")],
)
def test_a_date_alone_is_the_end_of_that_day(calendar: Calendar, end: str) -> None:
    """A date without a time is the end of that day, 24:00 in the calendar's zone, open or not."""
    assert render_optional(planned("2026-03-08", opened("10:00"), calendar=calendar).due_at) == end


def test_a_change_of_the_field_moves_the_due_instant_from_then_on() -> None:
    """A change of the field moves the due instant from then on, and the plan says from where."""
    story = opened("10:00"), updated("11:00", event_id="e2", due_date="2026-03-02T16:00:00Z")
    target = planned("2026-03-02T14:00:00Z", *story)
    assert (target.due_at, target.budget) == (at("16:00"), 6 * HOUR)
    assert target.deadline is not None
    assert (target.deadline.event_id, target.deadline.moved_from, target.deadline.at) == (
        "e2",
        at("14:00"),
        at("11:00"),
    )
    # Half of six hours, three quarters of them.
    assert moments(target) == {"halfway": at("13:00"), "at_risk": at("14:30"), "breached": at("16:00")}


def test_a_warning_that_was_given_stays_when_the_due_instant_moves_away() -> None:
    story = opened("10:00"), updated("13:00", due_date="2026-03-02T20:00:00Z")
    assert moments(planned("2026-03-02T14:00:00Z", *story)) == {
        "halfway": at("12:00"),
        "at_risk": at("17:30"),
        "breached": at("20:00"),
    }


def test_the_change_at_the_due_instant_comes_first() -> None:
    at_due = opened("10:00"), updated("14:00", due_date="2026-03-02T20:00:00Z")
    assert planned("2026-03-02T14:00:00Z", *at_due).breached_at == at("20:00")
    assert planned("2026-03-02T14:00:00Z", opened("10:00"), resolved("14:00")).breached_at is None
    assert planned("2026-03-02T14:00:00Z", opened("10:00"), resolved("14:00:01")).breached_at == at("14:00")


def test_a_due_instant_that_moves_after_the_breach_leaves_it_unless_the_policy_forgives() -> None:
    """A due instant that moves away after the breach leaves the breach, unless `retarget_breaches` is `forgive`."""
    story = opened("10:00"), updated("15:00", due_date="2026-03-02T22:00:00Z"), resolved("19:00")
    kept = planned("2026-03-02T14:00:00Z", *story)
    assert (kept.breached_at, kept.due_at, kept.breached_under) == (at("14:00"), at("22:00"), None)
    forgiven = planned("2026-03-02T14:00:00Z", *story, retarget_breaches=RetargetBreaches.FORGIVE)
    assert (forgiven.breached_at, forgiven.due_at) == (None, at("22:00"))
    # Half of twelve hours had not passed at 15:00; under the four hours of before it had.
    assert moments(forgiven)["halfway"] == at("16:00")
    # From the due that passed to the stop.
    assert overrun_at(kept, ALWAYS, at("19:00")) == 5 * HOUR


def test_a_due_instant_that_moves_into_the_past_is_broken_by_the_change() -> None:
    """One that has passed when the field is changed to it, or when the ticket opens, is broken at that instant."""
    story = opened("10:00"), updated("15:00", due_date="2026-03-02T11:00:00Z")
    target = planned("2026-03-02T20:00:00Z", *story)
    assert (target.due_at, target.breached_at) == (at("11:00"), at("15:00"))
    late = planned("2026-03-01", opened("10:00"))
    assert (render_optional(late.due_at), late.breached_at, late.budget) == ("2026-03-02T00:00:00Z", at("10:00"), 0)
    assert planned("2026-03-01", opened("10:00"), resolved("10:00")).breached_at == at("10:00")
    assert planned("2026-03-02T10:00:00Z", opened("10:00"), resolved("10:00")).breached_at is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "the ticket has no such field"),
        ("", "the field is empty"),
        ("  ", "the field is empty"),
        ("soon", "must be a date"),
        ("2026-03-08T17:00", "must be a date"),
        ("2026-02-30", "must be a date"),
        ("2026-W10-1", "must be a date"),
        ("9999-12-31", "must lie between the years 1970 and 2100"),
        ("1969-12-30", "must lie between the years 1970 and 2100"),
        ("2101-06-01T00:00:00Z", "must lie between the years 1970 and 2100"),
        (20260308, "must be a date"),
        (["2026-03-08"], "must be a date"),
        (True, "must be a date"),
    ],
)
def test_what_is_no_instant_is_no_deadline(value: Any, problem: str) -> None:
    """A field that is missing, empty or unreadable sets no deadline: the clock runs without, and `explain` says why."""
    target = planned(value, opened("10:00"))
    assert (target.due_at, target.breached_at, target.budget, target.milestones) == (None, None, None, ())
    assert target.deadline is not None
    assert problem in (target.deadline.problem or "")
    assert target.state == "running"
    assert planned(value, opened("10:00"), resolved("fri 10:00")).state == "stopped"


def test_a_field_that_is_emptied_takes_the_deadline_away_and_one_that_is_set_brings_it() -> None:
    gone = planned("2026-03-02T14:00:00Z", opened("10:00"), updated("13:01", due_date=None))
    assert (gone.due_at, gone.breached_at, moments(gone)) == (
        None,
        None,
        {"halfway": at("12:00"), "at_risk": at("13:00")},
    )
    there = planned(None, opened("10:00"), updated("13:00", due_date="2026-03-02T14:00:00Z"))
    assert moments(there) == {"halfway": at("13:00"), "at_risk": at("13:00"), "breached": at("14:00")}
    missed = planned("2026-03-02T14:00:00Z", opened("10:00"), updated("15:00", due_date=""))
    assert (missed.due_at, missed.breached_at) == (None, at("14:00"))


def test_before_a_deadline_working_time_is_counted_and_the_breach_is_at_the_instant_itself() -> None:
    """Milestones before it are shares of the working time from the start until then; the breach is at the instant."""
    # Friday 16:00 to Sunday 12:00 has one working hour.
    target = planned("2026-03-08T12:00:00Z", opened("fri 16:00"), calendar=OFFICE)
    assert (target.budget, target.due_at) == (HOUR, at("sun 12:00"))
    assert moments(target) == {"halfway": at("fri 16:30"), "at_risk": at("fri 16:45"), "breached": at("sun 12:00")}


def test_steps_before_and_after_a_deadline_are_in_working_time_too() -> None:
    steps = (
        EscalationRule("before", Trigger.APPROACHING_BREACH, lead=Micros(15 * MINUTE)),
        EscalationRule("at", Trigger.BREACHED),
        EscalationRule("after", Trigger.BREACHED, delay=Micros(30 * MINUTE)),
    )
    target = planned("2026-03-07T12:00:00Z", opened("fri 16:00"), calendar=OFFICE, escalations=steps)
    found = moments(target)
    assert (found["escalation:before"], found["escalation:at"]) == (at("fri 16:45"), at("sat 12:00"))
    # Half an hour of work after Saturday noon is Monday 09:30.
    assert found["escalation:after"] == parse("2026-03-09T09:30:00Z")
    assert planned("2100-12-31", opened("10:00"), escalations=steps, at_risk_percent=Decimal(50)).due_at == parse(
        "2101-01-01T00:00:00Z"
    )


def test_a_deadline_that_passes_while_the_ticket_is_closed_is_broken_by_the_reopening() -> None:
    story = opened("10:00"), resolved("11:00"), reopened("18:00")
    target = planned("2026-03-02T14:00:00Z", *story)
    assert (target.due_at, target.breached_at) == (at("14:00"), at("18:00"))
    moved = planned("2026-03-02T14:00:00Z", *story[:2], updated("12:00", due_date="2026-03-02T20:00:00Z"), story[2])
    assert (moved.due_at, moved.breached_at) == (at("20:00"), at("20:00"))


def test_a_late_change_of_the_field_withdraws_the_breach_that_was_told() -> None:
    ticket = a_ticket(due_date="2026-03-02T14:00:00Z")
    snapshot = a_snapshot(RULE, calendar=ALWAYS, ticket=ticket)
    fired = merge((), reconcile(plan(snapshot, [opened("10:00")]), (), at("14:05")))
    late = [opened("10:00"), updated("13:30", received="14:10", event_id="e2", due_date="2026-03-02T20:00:00Z")]
    gone = [one for one in reconcile(plan(snapshot, late), fired, at("14:11")) if not one.stands]
    told = {one.key.milestone: notice(snapshot.facts, plan(snapshot, late), one, late) for one in gone}
    assert sorted(told) == ["breached"]
    assert "the ticket was changed Mon 2026-03-02 13:30:00+00:00 (event e2" in told["breached"]["data"]["message"]


def test_the_explanation_tells_each_deadline_and_why_it_moved() -> None:
    ticket = a_ticket(due_date="2026-03-02T14:00:00Z")
    events = (
        opened("10:00"),
        updated("11:00", event_id="e2", due_date="2026-03-02"),
        updated("11:30", event_id="e3", note="the same day"),
        updated("12:00", event_id="e4", due_date="soon"),
    )
    explained = explain(RecordedHistory(a_snapshot(RULE, ticket=ticket), events, ()), at("12:30"))
    text = explanation_text(explained)
    assert "  due Mon 2026-03-02 14:00:00+00:00 because due_date says 2026-03-02T14:00:00Z\n" in text
    moved = "due moved from Mon 2026-03-02 14:00:00+00:00 to Tue 2026-03-03 00:00:00+00:00 because due_date changed"
    assert f"  {moved} Mon 2026-03-02 11:00:00+00:00 (event e2)\n" in text
    assert "  no due instant because of due_date Mon 2026-03-02 12:00:00+00:00 (event e4): must be a date" in text
    assert "  used 2 h 30 min, no due instant as it stands\n" in text
    (target,) = explanation_view(explained)["targets"]
    assert [one["event_id"] for one in target["deadlines"]] == [None, "e2", "e4"]
    assert target["promise"] == {"hours": None, "minutes": None, "by": {"field": "due_date"}, "seconds": None}
    assert target["remaining_seconds"] is None


def test_the_parts_of_an_explanation_add_up_where_a_field_holds_the_deadline() -> None:
    ticket = a_ticket(due_date="2026-03-03T16:00:00Z")
    events = opened("16:00"), resolved("tue 10:00"), reopened("tue 11:00")
    snapshot = a_snapshot(RULE, calendar=OFFICE, ticket=ticket)
    explained = explain(RecordedHistory(snapshot, events, ()), at("tue 12:00"))
    (clock,) = explained.clocks
    view = instance_view(snapshot, plan(snapshot, events), (), at("tue 12:00"))["targets"]["resolution"]
    # One hour on Monday, three on Tuesday: it counts on while the ticket is closed, for the instant does not move.
    assert clock.trace.totals.counted == 4 * HOUR == view["elapsed_seconds"] * 1_000_000
    assert sum(segment.counted for segment in clock.trace.segments) == 4 * HOUR


def test_a_deadline_may_stand_in_a_nested_field_and_reads_back_as_it_was_written() -> None:
    rule = TargetRule.from_json({**BY_DUE_DATE, "by": {"field": "contract.ends"}})
    ticket = a_ticket(contract={"ends": "2026-03-02T14:00:00Z"})
    assert only(plan(a_snapshot(rule, ticket=ticket), [opened("10:00")])).due_at == at("14:00")
    assert TargetRule.from_json(rule.to_json()) == rule
    moved = planned("2026-03-02T14:00:00Z", opened("10:00"), updated("11:00", due_date="2026-03-08"))
    assert TargetPlan.from_json(moved.to_json()) == moved
    assert Plan.from_json(Plan(at("10:00"), (moved,)).to_json()).targets == (moved,)


def test_a_deadline_from_a_field_is_not_paused_and_takes_nothing_beside_the_field() -> None:
    pending = [{"field": "status", "operator": "eq", "value": "pending"}]
    with pytest.raises(InvalidValue, match="pauses_when: this target is not pausable"):
        TargetRule.from_json({**BY_DUE_DATE, "pauses_when": pending})
    with pytest.raises(InvalidValue, match=r"target\.by\.time: is not known here"):
        TargetRule.from_json({**BY_DUE_DATE, "by": {"field": "due_date", "time": "16:00"}})
    with pytest.raises(InvalidValue, match=r"target\.by\.field"):
        TargetRule.from_json({**BY_DUE_DATE, "by": {"field": " "}})
    assert RULE.minutes is None


def test_a_field_that_cannot_be_read_is_told_by_its_path() -> None:
    path = "contract.ends"
    readable: tuple[dict[str, Any], ...] = (
        {},
        {"contract": {}},
        {"contract": {"ends": None}},
        {"contract": {"ends": "2026-03-08"}},
    )
    for fine in readable:
        require_readable(path, fine)
    with pytest.raises(InvalidValue, match=r"fields\.contract\.ends: must be a date such as .*, got 'soon'"):
        require_readable(path, {"contract": {"ends": "soon"}})


def test_a_ticket_is_overdue_by_the_deadline_that_its_field_holds_now() -> None:
    story = opened("10:00"), updated("15:00", due_date="2026-03-02T20:00:00Z")
    snapshot = a_snapshot(RULE, calendar=ALWAYS, ticket=a_ticket(due_date="2026-03-02T14:00:00Z"))
    before, after = (plan(snapshot, story[:count]) for count in (1, 2))
    assert (is_overdue(before, at("14:00")), is_overdue(after, at("16:00")), is_overdue(after, at("20:00"))) == (
        True,
        False,
        True,
    )
