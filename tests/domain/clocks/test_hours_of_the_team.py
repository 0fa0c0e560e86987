"""Hours that follow the team which has the ticket (`business_hours: "team"`), each part of a clock in its team's own.

London works 09:00-17:00, which is UTC in early March; San Francisco works 09:00-17:00, which is 17:00-01:00 UTC. The
organization's default is 09:00-17:00 UTC on working days. The promise is six hours unless the story says otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.calendar.handover import HandedOver, handed_over
from domain.errors import InvalidValue
from domain.explaining import RecordedHistory, explain
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import HOUR, MINUTE, Instant, Micros
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.catalog import Catalog
from domain.policy.policies import Policy
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.record.ledger import standing
from domain.record.views import instance_view
from domain.replan.replanning import Rules
from domain.ticket.events import Event
from domain.ticket.teams import Team
from domain.ticket.tickets import Ticket
from tests.domain.record.test_quiet import Desk
from tests.support.builders import (
    OFFICE,
    assigned,
    at,
    moments,
    only,
    opened,
    paused,
    reopened,
    resolved,
    resumed,
    updated,
)
from tests.support.strategies import budgets, calendars, deterministic, histories, instants

_WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
LONDON = Calendar.from_json({"timezone": "Europe/London", "weekly_hours": _WEEK})
PACIFIC = Calendar.from_json({"timezone": "America/Los_Angeles", "weekly_hours": _WEEK})
TEAMS = {
    "london": Team("london", "London", business_hours_id="bh_l"),
    "pacific": Team("pacific", "San Francisco", business_hours_id="bh_p"),
    "new": Team("new", "New"),
    "network": Team("network", "Network", business_hours_id="bh_l"),
    "billing": Team("billing", "Billing", business_hours_id="bh_p"),
}
HOURS = {
    "bh_default": CalendarVersion(OFFICE, "bh_default"),
    "bh_l": CalendarVersion(LONDON, "bh_l", 2),
    "bh_p": CalendarVersion(PACIFIC, "bh_p", 5),
}


def a_rule(**given: Any) -> dict[str, Any]:
    return {"id": "t", "type": "resolution", **(given or {"hours": 6})}


def catalog(*policies: dict[str, Any], **given: Any) -> Catalog:
    listed = policies or ({"targets": [a_rule(**given)]},)
    documents = [{"id": f"sla_{n}", "name": f"P{n}", "business_hours": "team", **one} for n, one in enumerate(listed)]
    return Catalog("default", tuple(map(Policy.from_json, documents)), HOURS, "bh_default", TEAMS)


def snapshot_of(known: Catalog, team_id: str | None = "london", kind: Kind = Kind.SLA, **fields: Any) -> Snapshot:
    ticket = Ticket(InstanceId(kind, SubjectType.TICKET, "42"), None, fields, team_id)
    found = known.snapshot(ticket, "2026a")
    assert found is not None
    return Snapshot.from_json(found.to_json())


def planned(*events: Event, team_id: str | None = "london", **given: Any) -> Plan:
    return plan(snapshot_of(catalog(**given), team_id), [opened("10:00"), *events])


HANDED_OVER = assigned("pacific", "13:00")


def test_each_part_of_a_clock_is_measured_in_the_hours_of_the_team_that_had_the_ticket() -> None:
    """Under `business_hours: "team"` each part of a clock counts in the hours of the team that had the ticket then."""
    kept = only(planned())
    assert kept.due_at == at("16:00")
    # Three hours in London, the others from 17:00 UTC on, when San Francisco opens.
    target = only(planned(HANDED_OVER))
    assert target.due_at == at("20:00")
    assert moments(target) == {"halfway": at("13:00"), "at_risk": at("18:30"), "breached": at("20:00")}
    back = only(planned(HANDED_OVER, assigned("london", "18:00")))
    # One hour in San Francisco, the last two on Tuesday from 09:00 in London.
    assert back.due_at == at("tue 11:00")


def test_a_handover_while_both_are_open_or_closed_loses_nothing_and_counts_nothing_twice() -> None:
    assert only(planned(assigned("pacific", "16:30"), hours=8)).due_at == at("18:30")
    assert only(planned(assigned("pacific", "17:00"), hours=7)).due_at == at("17:00")
    assert only(planned(assigned("pacific", "tue 03:00"), hours=8)).due_at == at("tue 18:00")


@pytest.mark.parametrize("team_id", [None, "new", "unknown"])
def test_nobody_and_a_team_without_hours_of_its_own_have_the_default_ones(team_id: str | None) -> None:
    # Three hours in San Francisco from 17:00 UTC on, then the default hours from Tuesday 09:00 UTC on.
    target = only(planned(assigned(team_id, "20:00"), team_id="pacific"))
    assert target.due_at == at("tue 12:00")


def test_a_late_handover_moves_the_plan_and_takes_back_what_was_told_too_early() -> None:
    desk = Desk.of(snapshot_of(catalog()), opened("10:00"))
    desk.look(at("16:30"))
    assert [key.milestone for key in standing(desk.state.ledger)] == [
        "halfway",
        "at_risk",
        "breached",
    ]
    desk.take([assigned("pacific", "13:00", received="16:30")], at("16:30"))
    assert [key.milestone for key in standing(desk.state.ledger)] == ["halfway"]
    assert only(desk.state.plan).due_at == at("20:00")


def test_a_view_counts_in_the_hours_of_each_team() -> None:
    snapshot = snapshot_of(catalog())
    after = plan(snapshot, [opened("10:00"), HANDED_OVER])

    def seen(when: str, of: Plan = after) -> tuple[Any, ...]:
        target = instance_view(snapshot, of, (), at(when))["targets"]["resolution"]
        return target["elapsed_seconds"] / 3600, target["remaining_seconds"] / 3600

    assert [seen(when) for when in ("12:00", "13:00", "16:00", "18:00")] == [(2, 4), (3, 3), (3, 3), (4, 2)]
    assert Plan.from_json(after.to_json()) == after
    stopped = plan(snapshot, [opened("10:00"), HANDED_OVER, resolved("18:00")])
    assert (seen("19:00", stopped), only(stopped).handovers) == ((4, 2), ())


def test_a_paused_clock_says_when_it_would_be_due_in_the_hours_of_the_team_that_has_the_ticket() -> None:
    snapshot = snapshot_of(catalog())
    events = [opened("10:00"), paused("12:00", "vendor"), HANDED_OVER]
    view = instance_view(snapshot, plan(snapshot, events), (), at("14:00"))["targets"]["resolution"]
    assert view["due_if_resumed_now"] == "2026-03-02T21:00:00Z"
    assert only(plan(snapshot, [*events, resumed("14:00")])).due_at == at("21:00")


def test_a_length_of_a_pause_counts_in_the_hours_of_each_team() -> None:
    limited = catalog({"targets": [a_rule(hours=6)], "pauses_at_most": {"vendor": {"hours": 2}}})
    target = only(plan(snapshot_of(limited), [opened("10:00"), paused("12:00", "vendor"), HANDED_OVER]))
    # One hour in London until the handover, the other in San Francisco from 17:00 UTC on.
    assert (target.resumes_at, target.due_at) == (at("18:00"), at("22:00"))


def test_working_days_and_fixed_instants_go_by_the_team_that_has_the_ticket_as_the_clock_starts() -> None:
    """Working days and fixed instants are counted in the hours of the team that has the ticket as the clock starts."""
    # A day from Monday 10:00 is eight hours in London: three until 13:00, five in San Francisco from 17:00 UTC on.
    assert only(planned(days=1)).due_at == at("tue 10:00")
    assert only(planned(HANDED_OVER, days=1)).due_at == at("22:00")
    by_four: dict[str, Any] = {"by": {"time": "16:00"}}
    assert only(planned(HANDED_OVER, **by_four)).due_at == at("16:00")
    assert only(planned(team_id="pacific", **by_four)).due_at == at("tue 00:00")


def test_a_reopened_ticket_goes_on_in_the_hours_of_the_team_that_has_it_then() -> None:
    events = [resolved("12:00"), assigned("pacific", "14:00"), reopened("15:00")]
    assert only(planned(*events)).due_at == at("21:00")


def test_the_policy_that_a_change_leads_to_may_follow_the_team_or_not() -> None:
    gold = {"conditions": [{"field": "plan", "operator": "eq", "value": "gold"}], "targets": [a_rule(hours=6)]}
    plain = {"targets": [a_rule(hours=6)], "business_hours": True, "on_change": "retarget"}
    snapshot = snapshot_of(catalog(gold, plain), "pacific")
    events = [opened("17:00"), assigned("london", "18:00"), updated("18:30", plan="gold")]
    # Under the plain policy it would be due in San Francisco's hours, those of the team that it opened with.
    assert only(plan(snapshot, events[:2])).due_at == at("23:00")
    assert only(plan(snapshot, events)).due_at == at("tue 14:00")


def test_a_replan_to_a_policy_that_follows_the_team_knows_the_teams() -> None:
    before, after = catalog({"targets": [a_rule(hours=6)], "business_hours": True}), catalog()
    snapshot = snapshot_of(before)
    assert snapshot.teams.keys() == {"london"}
    replanned = Rules(after, policy_id="sla_0").over(snapshot)
    assert only(plan(replanned, [opened("10:00"), HANDED_OVER])).due_at == at("20:00")


def test_an_ola_measures_each_stint_in_its_teams_hours_as_before() -> None:
    known = [catalog({"targets": [a_rule(hours=6)], "kind": "ola", "business_hours": how}) for how in (True, "team")]
    plans = [plan(snapshot_of(one, kind=Kind.OLA), [opened("10:00"), HANDED_OVER]) for one in known]
    assert plans[0].targets == plans[1].targets
    assert [target.due_at for target in plans[0].targets] == [at("16:00"), at("23:00")]


def test_an_explanation_names_the_parts_and_whose_hours_they_are_in() -> None:
    snapshot, events = snapshot_of(catalog()), (opened("10:00"), HANDED_OVER)
    explained = explain(RecordedHistory(snapshot, events, (), plan(snapshot, events)), at("18:00"))
    (shown,) = explanation_view(explained)["targets"]
    assert shown["hours"] == [
        {
            "from": "2026-03-02T10:00:00Z",
            "team_id": "london",
            "calendar": {"id": "bh_l", "version": 2, "timezone": "Europe/London"},
        },
        {
            "from": "2026-03-02T13:00:00Z",
            "team_id": "pacific",
            "calendar": {"id": "bh_p", "version": 5, "timezone": "America/Los_Angeles"},
        },
    ]
    pieces = [(one["kind"], one["start"][11:16], one["seconds"] / 3600) for one in shown["segments"]]
    assert pieces == [("running", "10:00", 3), ("closed", "13:00", 4), ("running", "17:00", 1)]
    assert shown["elapsed_seconds"] == 4 * 3600
    text = explanation_text(explained)
    assert "in the hours of team london (bh_l, version 2, Europe/London) from Mon 2026-03-02 10:00:00+00:00" in text
    assert (
        "in the hours of team pacific (bh_p, version 5, America/Los_Angeles) from Mon 2026-03-02 05:00:00-08:00" in text
    )


def test_a_policy_spells_it_as_it_was_given_and_refuses_what_contradicts_it() -> None:
    policy = Policy.from_json({"name": "x", "business_hours": "team"})
    assert (policy.to_json()["business_hours"], Policy.from_json(policy.to_json())) == ("team", policy)
    for document, field in (
        ({"business_hours": "teams"}, "business_hours"),
        ({"business_hours": "team", "business_hours_id": "bh_l"}, "business_hours_id"),
    ):
        with pytest.raises(InvalidValue) as refusal:
            Policy.from_json({"name": "x", **document})
        assert refusal.value.field == field
    with pytest.raises(InvalidValue, match="business_hours"):
        Policy("sla_1", "x", follows_team=True)


def test_hours_that_are_handed_over_come_in_order() -> None:
    for parts in ((), ((at("10:00"), LONDON), (at("10:00"), PACIFIC))):
        with pytest.raises(InvalidValue, match="parts"):
            HandedOver(parts)
    with pytest.raises(InvalidValue, match="end"):
        HandedOver(((at("10:00"), LONDON),)).elapsed(at("11:00"), at("10:00"))
    assert handed_over([(at("10:00"), LONDON), (at("12:00"), LONDON)]) is LONDON


def in_order(listed: list[tuple[Instant, Calendar]]) -> tuple[tuple[Instant, Calendar], ...]:
    return tuple(sorted(listed, key=lambda one: one[0]))


parts = st.lists(st.tuples(instants, calendars), min_size=1, max_size=4, unique_by=lambda one: one[0]).map(in_order)


@deterministic
@given(parts, instants, st.integers(0, 40 * 60).map(lambda minutes: Micros(minutes * MINUTE)))
def test_handed_over_hours_add_up_as_their_parts_do(
    listed: tuple[tuple[Instant, Calendar], ...], start: Instant, working: Micros
) -> None:
    hours = HandedOver(listed)
    end = hours.add(start, working)
    assert hours.elapsed(start, end) == working
    assert end == start or hours.elapsed(start, Instant(end - 1)) == working - 1
    cut = hours.stretches(start, end)
    assert sum(one.end - one.start for one in cut if one.closed_by is None) == working
    assert [one.end for one in cut][:-1] == [one.start for one in cut][1:]


@deterministic
@given(budgets, histories())
def test_teams_with_the_same_hours_are_measured_as_one(budget: Micros, events: tuple[Event, ...]) -> None:
    rule, london = a_rule(minutes=max(1, budget // MINUTE)), dict.fromkeys(HOURS, HOURS["bh_l"])
    same = replace(catalog({"targets": [rule]}), calendars=london)
    plain = replace(catalog({"targets": [rule], "business_hours": True}), calendars=london)
    found, expected = (plan(snapshot_of(one), events) for one in (same, plain))
    assert [replace(one, handovers=()) for one in found.targets] == list(expected.targets)


@deterministic
@given(histories())
def test_what_was_planned_before_an_event_stays_where_the_hours_follow_the_team(events: tuple[Event, ...]) -> None:
    snapshot, (opening, *others) = snapshot_of(catalog(hours=3)), events
    told = [opening, *sorted(others, key=lambda one: (one.occurred_at, one.received_at))]
    told = [replace(one, received_at=Instant(index), sequence=None) for index, one in enumerate(told)]
    for count in range(1, len(told)):
        before, after = (only(plan(snapshot, told[:size])) for size in (count, count + 1))
        past = [mark for mark in before.milestones if mark.planned_at and mark.planned_at < told[count].occurred_at]
        assert set(past) <= set(after.milestones)


@deterministic
@given(histories())
def test_what_is_explained_is_what_was_planned(events: tuple[Event, ...]) -> None:
    snapshot = snapshot_of(catalog(hours=3))
    after = plan(snapshot, events)
    now = Instant(max(one.occurred_at for one in events) + 5 * HOUR)
    shown = instance_view(snapshot, after, (), now)["targets"]["resolution"]
    explained = explanation_view(explain(RecordedHistory(snapshot, events, (), after), now))["targets"][-1]
    assert shown["elapsed_seconds"] == explained["elapsed_seconds"]
    spent = sum(one["seconds"] for one in explained["segments"] if one["kind"] == "running")
    assert round(spent, 6) == explained["elapsed_seconds"]
    assert Plan.from_json(after.to_json()) == after


def test_conditions_may_ask_for_the_team() -> None:
    own = {"conditions": [{"field": "team_id", "operator": "eq", "value": "pacific"}], "targets": [a_rule(hours=1)]}
    snapshot = snapshot_of(catalog(own, {"targets": [a_rule(hours=6)], "on_change": "retarget"}))
    assert only(plan(snapshot, [opened("10:00"), assigned("pacific", "10:30")])).due_at == at("17:30")
