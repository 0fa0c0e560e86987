"""In which hours a ticket is measured once a change has led it to another policy, or a replan to other hours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import Instant
from domain.plan.planning import plan
from domain.policy.catalog import Catalog
from domain.policy.policies import OnChange, Policy
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.record.views import instance_view
from domain.replan.replanning import ClosureRequest, Rules
from domain.ticket.conditions.conditions import Condition
from domain.ticket.events import Event
from domain.ticket.teams import Team
from domain.ticket.tickets import Ticket
from tests.support.builders import OFFICE, WEEKDAYS, a_policy, assigned, at, opened, promise, updated

NIGHT = Calendar.from_json({"timezone": "UTC", "weekly_hours": {day: [["18:00", "23:00"]] for day in WEEKDAYS[:5]}})
CALENDARS = {
    "bh_day": CalendarVersion(OFFICE, "bh_day"),
    "bh_night": CalendarVersion(NIGHT, "bh_night"),
    "bh_unused": CalendarVersion(OFFICE, "bh_unused"),
}
TEAMS = {"owls": Team("owls", "Owls", None, "bh_night"), "larks": Team("larks", "Larks")}
HOURS: dict[str, Any] = {"business_hours": True}
AROUND_THE_CLOCK: dict[str, Any] = {"business_hours": False}
DAY: dict[str, Any] = {"business_hours": True, "business_hours_id": "bh_day"}


def standard(kind: Kind, **hours: Any) -> Policy:
    return a_policy(promise(minutes=120), id="standard", kind=kind, on_change=OnChange.RETARGET, **hours)


def gold(kind: Kind, **hours: Any) -> Policy:
    condition = Condition("plan", "eq", "gold")
    return a_policy(promise(minutes=60), id="gold", kind=kind, conditions=(condition,), **hours)


def frozen(*policies: Policy, **fields: Any) -> Snapshot:
    """A ticket of the owls."""
    ticket = Ticket(InstanceId(policies[0].kind, SubjectType.TICKET, "42"), fields=fields, team_id="owls")
    made = Catalog("default", policies, CALENDARS, "bh_day", TEAMS).snapshot(ticket, "2026a")
    assert made is not None
    return made


def dues(snapshot: Snapshot, *events: Event) -> list[Instant | None]:
    made = plan(Snapshot.from_json(snapshot.to_json()), [opened("18:00"), *events])
    return [target.due_at for target in made.targets]


@pytest.mark.parametrize("before", [HOURS, AROUND_THE_CLOCK, DAY], ids=["hours", "always", "named"])
@pytest.mark.parametrize("kind", Kind)
def test_a_policy_that_a_change_leads_to_measures_in_the_hours_of_a_ticket_that_opened_under_it(
    kind: Kind, before: dict[str, Any]
) -> None:
    """A policy that a change leads to measures in the hours of a ticket that opened under it."""
    policies = gold(kind, **HOURS), standard(kind, **before)
    (due,) = dues(frozen(*policies), updated("18:10", plan="gold"))
    assert [due] == dues(frozen(*policies, plan="gold")) == [at("19:00")]


def test_a_change_of_policy_leaves_each_team_of_an_ola_in_its_own_hours() -> None:
    snapshot = frozen(gold(Kind.OLA, **HOURS), standard(Kind.OLA, **HOURS))
    events = updated("18:10", plan="gold"), assigned("larks", "18:30")
    assert dues(snapshot, *events)[-1] == at("tue 10:00")
    assert dues(snapshot, *events, assigned("owls", "22:30"))[-1] == at("tue 18:30")
    made = plan(snapshot, [opened("18:00"), events[0]])
    shown = instance_view(snapshot, made, (), at("18:45"))["targets"]["resolution"]
    assert (shown["elapsed_seconds"], shown["remaining_seconds"]) == (45 * 60, 15 * 60)


@pytest.mark.parametrize("after", [AROUND_THE_CLOCK, DAY], ids=["always", "named"])
def test_a_policy_with_hours_of_its_own_is_measured_in_them_whatever_the_teams_have(after: dict[str, Any]) -> None:
    snapshot = frozen(gold(Kind.OLA, **after), standard(Kind.OLA, **HOURS))
    assert dues(snapshot, updated("18:10", plan="gold")) == [at("19:00" if after is AROUND_THE_CLOCK else "tue 10:00")]
    other_way = frozen(gold(Kind.OLA, **HOURS), standard(Kind.OLA, **after))
    assert dues(other_way) == [at("20:00" if after is AROUND_THE_CLOCK else "tue 11:00")]


def test_an_sla_keeps_the_hours_of_the_team_it_opened_with_whatever_else_changes() -> None:
    snapshot = frozen(gold(Kind.SLA, **HOURS), standard(Kind.SLA, **HOURS))
    assert dues(snapshot, assigned("larks", "18:05"), updated("18:10", plan="gold")) == [at("19:00")]


def test_a_snapshot_holds_the_hours_of_teams_once_and_those_only_that_a_team_has() -> None:
    document = frozen(gold(Kind.OLA, **HOURS), standard(Kind.OLA, **DAY)).to_json()["alternatives"]
    assert [one["id"] for one in document["calendars"]] == ["bh_day", "bh_night"]
    assert [one.get("team_calendars") for one in document["policies"]] == [{"bh_night": 1}, None]


def test_a_snapshot_from_before_teams_kept_their_hours_is_measured_as_it_was() -> None:
    document = frozen(gold(Kind.OLA, **HOURS), standard(Kind.OLA, **HOURS)).to_json()
    for one in document["alternatives"]["policies"]:
        del one["team_calendars"]
    old = Snapshot.from_json(document)
    assert dues(old) == [at("20:00")]
    assert dues(old, updated("18:10", plan="gold")) == [at("tue 10:00")]


def test_a_replan_of_business_hours_reaches_the_teams_of_every_policy_a_ticket_may_change_to() -> None:
    snapshot = frozen(gold(Kind.OLA, **HOURS), standard(Kind.OLA, **AROUND_THE_CLOCK))
    closed = CalendarVersion(ClosureRequest(at("18:00"), at("19:00"), "storm").added_to(NIGHT), "bh_night", 2)
    rules = Rules(Catalog("default", (), {}), calendars={"bh_night": closed})
    assert rules.concern(snapshot)
    assert dues(rules.over(snapshot), updated("18:10", plan="gold")) == [at("20:00")]


def test_a_replan_from_hours_of_ones_own_to_those_of_the_teams_and_back() -> None:
    of_teams, named = standard(Kind.OLA, **HOURS), standard(Kind.OLA, **DAY)
    for first, then, due in ((named, of_teams, "20:00"), (of_teams, named, "tue 11:00")):
        catalog = Catalog("default", (replace(then, version=2),), CALENDARS, "bh_day", TEAMS)
        assert dues(Rules(catalog, policy_id="standard").over(frozen(first))) == [at(due)]
