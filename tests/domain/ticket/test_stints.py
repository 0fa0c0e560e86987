"""Whose a ticket was when, and the clocks that belong to its teams."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import Calendar
from domain.ids import Kind
from domain.instants import MINUTE, Instant
from domain.plan.milestones import BREACHED, HALFWAY
from domain.plan.planning import plan
from domain.plan.plans import Plan, TargetPlan
from domain.plan.status import InstanceStatus, instance_status
from domain.policy.catalog import Catalog
from domain.policy.clocks.clocks import ClockState
from domain.policy.policies import Policy
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.record.ledger import reconcile
from domain.record.notices import notice
from domain.record.views import instance_view
from domain.ticket.events import Event, EventKind
from domain.ticket.order import in_order
from domain.ticket.stints import Ownership, ownership_of
from domain.ticket.teams import Team
from tests.support.builders import (
    ALWAYS,
    OFFICE,
    a_policy,
    a_snapshot,
    acknowledged,
    an_owned_ticket,
    assigned,
    at,
    cancelled,
    opened,
    paused,
    promise,
    reopened,
    resolved,
    resumed,
)
from tests.support.strategies import deterministic, histories, teams

Told = list[tuple[str | None, Instant, Instant | None]]


def told(ownership: Ownership) -> Told:
    return [(stint.team_id, stint.start, stint.end) for stint in ownership.stints]


def held_by(*events: Event, first: str | None = None) -> Ownership:
    return ownership_of(first, in_order(events))


def ola(*events: Event, first: str | None = None, minutes: int = 60, calendar: Calendar = ALWAYS) -> Plan:
    """The plan of a ticket that each team promised to hand on or resolve within an hour, and to answer in half."""
    targets = promise("first_response", minutes // 2), promise("resolution", minutes)
    return plan(a_snapshot(*targets, calendar=calendar, ticket=an_owned_ticket(first), kind=Kind.OLA), events)


def clocks(planned: Plan, type_: str = "resolution") -> list[TargetPlan]:
    return [target for target in planned.targets if target.type == type_]


def test_a_ticket_that_nobody_was_given_is_nobodys() -> None:
    assert told(held_by(opened("09:00"))) == [(None, at("09:00"), None)]


def test_each_assignment_ends_one_stint_and_begins_the_next() -> None:
    events = opened("09:00"), assigned("network", "09:10"), assigned("billing", "09:40"), resolved("10:00")
    assert told(held_by(*events)) == [
        (None, at("09:00"), at("09:10")),
        ("network", at("09:10"), at("09:40")),
        ("billing", at("09:40"), at("10:00")),
    ]


def test_a_ticket_may_open_in_a_teams_hands_and_be_given_back_to_nobody() -> None:
    found = held_by(opened("09:00"), assigned(None, "09:30"), first="network")
    assert told(found) == [("network", at("09:00"), at("09:30")), (None, at("09:30"), None)]


def test_being_assigned_to_the_team_that_has_it_is_no_handover() -> None:
    found = held_by(opened("09:00"), assigned("network", "09:10"), assigned("network", "09:40"))
    assert [stint.event_id for stint in found.stints] == ["opened  09:00", "to network 09:10"]


def test_a_late_assignment_changes_the_stints_like_any_late_event() -> None:
    late = assigned("billing", "09:20", received="10:30")
    events = opened("09:00"), assigned("network", "09:10"), assigned("network", "09:40"), late
    assert told(held_by(*events)) == [
        (None, at("09:00"), at("09:10")),
        ("network", at("09:10"), at("09:20")),
        ("billing", at("09:20"), at("09:40")),
        ("network", at("09:40"), None),
    ]


def test_an_assignment_after_the_closing_begins_nothing_until_the_ticket_is_reopened() -> None:
    """An assignment after the closing begins nothing until the ticket is reopened."""
    closed = opened("09:00"), resolved("10:00"), assigned("network", "11:00")
    assert told(held_by(*closed)) == [(None, at("09:00"), at("10:00"))]
    again = held_by(*closed, reopened("12:00"))
    assert told(again) == [(None, at("09:00"), at("11:00")), ("network", at("11:00"), None)]
    assert again.closed_at is None


def test_who_has_the_ticket_as_it_closes_has_a_stint_though_it_closed_at_once() -> None:
    """A team that gets a ticket at the instant of its closing has a stint of no length; a reopening lets it run on."""
    at_once = opened("09:00"), resolved("09:00")
    assert told(held_by(*at_once, first="network")) == [("network", at("09:00"), at("09:00"))]
    solved_by_another = opened("09:00"), assigned("billing", "10:00"), resolved("10:00")
    assert told(held_by(*solved_by_another)) == [
        (None, at("09:00"), at("10:00")),
        ("billing", at("10:00"), at("10:00")),
    ]
    again = held_by(*solved_by_another, reopened("12:00"))
    assert told(again) == [(None, at("09:00"), at("10:00")), ("billing", at("10:00"), None)]
    passed_on = opened("09:00"), assigned("billing", "10:00"), assigned("network", "10:00"), resolved("10:00")
    assert [team for team, _, _ in told(held_by(*passed_on))] == [None, "network"]


def test_the_clock_of_a_ticket_that_closed_at_once_is_the_same_after_its_reopening() -> None:
    closed = opened("09:00"), resolved("09:00")
    (met,) = clocks(ola(*closed, first="network"))
    assert (met.state, met.started_at, met.stopped_at, met.breached_at) == (
        ClockState.STOPPED, at("09:00"), at("09:00"), None
    )  # fmt: skip
    (again,) = clocks(ola(*closed, reopened("10:00"), first="network"))
    assert (again.started_at, again.due_at) == (at("09:00"), at("11:00"))


def test_an_assignment_dated_before_the_opening_counts_from_the_opening() -> None:
    found = held_by(opened("09:00"), assigned("network", "08:00"))
    assert told(found) == [("network", at("09:00"), None)]


@deterministic
@given(histories(), teams)
def test_stints_partition_the_life_of_a_ticket_without_gap_or_overlap(
    events: tuple[Event, ...], first: str | None
) -> None:
    """The stints of a ticket partition its life without gap or overlap; each begins with a handover."""
    found = ownership_of(first, in_order(events))
    starts, ends = [stint.start for stint in found.stints], [stint.end for stint in found.stints]
    assert starts[0] == events[0].occurred_at
    assert starts[1:] == ends[:-1]
    assert ends[-1] == found.closed_at
    assert all(start < end for start, end in zip(starts[:-1], ends[:-1], strict=True) if end is not None)


@deterministic
@given(histories(), teams, st.randoms(use_true_random=False))
def test_stints_are_the_same_in_any_order_of_arrival(events: tuple[Event, ...], first: str | None, random: Any) -> None:
    shuffled = list(events)
    random.shuffle(shuffled)
    assert ownership_of(first, in_order(shuffled)) == ownership_of(first, in_order(events))


@deterministic
@given(histories(), teams)
def test_a_stint_says_who_had_the_ticket_at_each_of_its_moments(events: tuple[Event, ...], first: str | None) -> None:
    """Against the plainest way to find out: follow the assignments up to that moment."""
    ordered = in_order(events)
    for stint in ownership_of(first, ordered).stints:
        middle = stint.start + MINUTE if stint.end is None else (stint.start + stint.end) // 2
        owner = first
        for event in ordered:
            if event.kind is EventKind.ASSIGNED and max(event.occurred_at, ordered[0].occurred_at) <= middle:
                owner = event.team_id
        assert stint.team_id == owner


def test_a_clock_runs_for_each_team_and_none_for_nobody() -> None:
    """A clock runs for each team's stint and stops at handover or resolve; nobody's stints have none."""
    planned = ola(opened("09:00"), assigned("network", "09:10"), assigned(None, "09:30"), assigned("billing", "10:00"))
    assert [(clock.team_id, clock.started_at, clock.stopped_at) for clock in clocks(planned)] == [
        ("network", at("09:10"), at("09:30")),
        ("billing", at("10:00"), None),
    ]
    assert clocks(planned)[1].due_at == at("11:00")


def test_a_handover_in_time_meets_what_the_team_promised() -> None:
    planned = ola(opened("09:00"), assigned("network", "09:00"), assigned("billing", "10:00"), resolved("11:01"))
    network, billing = clocks(planned)
    assert (network.state, network.breached_at) == (ClockState.STOPPED, None)
    assert billing.breached_at == at("11:00")


def test_an_answer_counts_for_the_team_that_gave_it() -> None:
    """An answer counts for the team that gave it; the next team owes one of its own."""
    events = opened("09:00"), acknowledged("09:20"), assigned("billing", "09:25"), acknowledged("09:40")
    planned = ola(*events, first="network")
    network, billing = clocks(planned, "first_response")
    assert (network.stopped_at, billing.started_at, billing.stopped_at) == (at("09:20"), at("09:25"), at("09:40"))


def test_a_pause_that_a_team_inherits_holds_its_clock() -> None:
    planned = ola(opened("09:00"), paused("09:10"), assigned("billing", "09:30"), resumed("10:00"), first="network")
    assert clocks(planned)[1].due_at == at("11:00")


def test_a_reopened_ticket_continues_the_clock_of_the_team_that_has_it() -> None:
    """A reopened ticket continues its team's clock; a team that got it while it was closed starts then."""
    planned = ola(opened("09:00"), resolved("09:20"), reopened("10:00"), first="network")
    (clock,) = clocks(planned)
    assert (clock.due_at, planned.closed_at) == (at("10:40"), None)


def test_a_team_that_got_a_closed_ticket_starts_when_it_is_reopened() -> None:
    """A reopened ticket continues its team's clock; a team that got it while it was closed starts then."""
    planned = ola(opened("09:00"), resolved("09:20"), assigned("billing", "09:30"), reopened("10:00"), first="network")
    assert [(clock.team_id, clock.started_at) for clock in clocks(planned)] == [
        ("network", at("09:00")),
        ("billing", at("10:00")),
    ]


def test_an_ola_is_open_as_long_as_its_ticket_whoever_has_it() -> None:
    """An OLA instance is open as long as its ticket, whoever has it."""
    nobodys = ola(opened("09:00"))
    assert (nobodys.closed_at, instance_status(nobodys, at("12:00"))) == (None, InstanceStatus.ACTIVE)
    given_back = ola(opened("09:00"), assigned(None, "09:30"), first="network")
    assert (given_back.closed_at, instance_status(given_back, at("09:40"))) == (None, InstanceStatus.ACTIVE)


def test_the_status_of_an_ola_follows_its_ticket_and_its_clocks() -> None:
    def status(*events: Event, when: str = "09:50") -> InstanceStatus:
        return instance_status(ola(opened("09:00"), *events, first="network"), at(when))

    assert status(when="09:10") is InstanceStatus.ACTIVE
    assert status(paused("09:10")) is InstanceStatus.PAUSED
    assert status(resolved("09:20")) is InstanceStatus.MET
    assert status(cancelled("09:20")) is InstanceStatus.CANCELLED
    assert status(assigned("billing", "09:20"), when="09:45") is InstanceStatus.ACTIVE
    assert status(assigned("billing", "10:20"), when="10:21") is InstanceStatus.BREACHED
    assert instance_status(ola(opened("09:00"), cancelled("09:20")), at("10:00")) is InstanceStatus.CANCELLED
    assert instance_status(ola(opened("09:00"), resolved("09:20")), at("10:00")) is InstanceStatus.MET


def test_a_late_handover_withdraws_the_breach_of_the_team_that_had_handed_over() -> None:
    events = [opened("09:00")]
    ledger = reconcile(ola(*events, first="network"), (), at("10:05"))
    assert [firing.key.milestone for firing in ledger if firing.key.target.startswith("resolution")][-1] == BREACHED
    after = ola(*events, assigned("billing", "09:50", received="10:05"), first="network")
    changed = reconcile(after, ledger, at("10:05"))
    assert [(firing.key.target, firing.key.milestone) for firing in changed if not firing.stands] == [
        ("resolution/opened~20~2009~3A00", BREACHED)
    ]
    assert [(firing.key.target, firing.key.milestone) for firing in changed if firing.stands] == [
        ("first_response/to~20billing~2009~3A50", HALFWAY)
    ]


MORNINGS = Calendar.from_json({"timezone": "UTC", "weekly_hours": {"tue": [["08:00", "12:00"]]}})
CALENDARS = {"bh_office": CalendarVersion(OFFICE, "bh_office", 1), "bh_mornings": CalendarVersion(MORNINGS, "bh_m", 2)}
TEAMS = {
    "network": Team("network", "Network", "nora@example.com", "bh_mornings"),
    "billing": Team("billing", "Billing", "bill@example.com"),
}


def frozen(policy: Policy, team_id: str | None = None) -> Snapshot:
    ticket = replace(an_owned_ticket(team_id), instance=replace(an_owned_ticket().instance, kind=policy.kind))
    made = Catalog("default", (policy,), CALENDARS, "bh_office", TEAMS).snapshot(ticket, "2026a")
    assert made is not None
    return Snapshot.from_json(made.to_json())


def test_each_team_is_measured_in_its_own_business_hours_or_the_default() -> None:
    """`business_hours: true` is the calendar of the ticket's team, in an OLA of each stint's, else the default."""
    snapshot = frozen(a_policy(kind=Kind.OLA, business_hours=True))
    planned = plan(snapshot, (opened("mon 16:30"), assigned("network", "mon 16:30"), assigned("billing", "tue 08:30")))
    network, billing = clocks(planned)
    assert (network.due_at, network.used) == (at("tue 09:00"), 30 * MINUTE)
    assert billing.due_at == at("tue 10:00")
    shown = instance_view(snapshot, planned, (), at("tue 08:45"))["stints"]
    assert [stint["targets"]["resolution"]["elapsed_seconds"] for stint in shown if stint["team_id"]] == [1800, 0]


def test_an_sla_in_business_hours_uses_those_of_the_team_the_ticket_opened_with() -> None:
    """`business_hours: true` is the calendar of the ticket's team, in an OLA of each stint's, else the default."""
    policy = a_policy(business_hours=True)
    assert frozen(policy, "network").calendar.id == "bh_m"
    for team_id in ("billing", "unheard of", None):
        assert frozen(policy, team_id).calendar.id == "bh_office"
    named = a_policy(business_hours=True, business_hours_id="bh_office")
    assert frozen(named, "network").calendar.id == "bh_office"
    assert frozen(a_policy(business_hours=False), "network").calendar.id is None


def test_an_sla_target_counts_for_the_team_that_had_the_ticket_when_it_was_decided() -> None:
    """An SLA target counts for the team that had the ticket when the clock stopped or the due passed."""
    events = opened("09:00"), acknowledged("09:20"), assigned("billing", "09:30"), resolved("11:00")
    targets = promise("first_response", 30), promise("resolution", 60)
    planned = plan(a_snapshot(*targets, ticket=replace(an_owned_ticket("network"), instance=SLA)), events)
    assert {target.type: target.team_id for target in planned.targets} == {
        "first_response": "network",
        "resolution": "billing",
    }


SLA = replace(an_owned_ticket().instance, kind=Kind.SLA)


def test_a_notice_of_a_stint_names_its_team_and_the_teams_lead() -> None:
    snapshot = frozen(a_policy(kind=Kind.OLA), "network")
    planned = plan(snapshot, (opened("09:00"),))
    (halfway, *_) = reconcile(planned, (), at("09:30"))
    document = notice(snapshot.facts, planned, halfway)
    assert document["data"]["target"] == "resolution"
    assert document["data"]["team"] == {"id": "network", "name": "Network", "lead": "nora@example.com"}
    assert document["data"]["stint"] == "opened  09:00"
    assert document["data"]["message"].startswith("Resolution of ticket 42 by Network has used half of its 1 h")
    assert document["id"] == "default/inst_ola_ticket_42/resolution/opened~20~2009~3A00/1/halfway/1"


def test_the_stints_of_a_view_hold_the_clocks_and_the_latest_ones_are_the_targets() -> None:
    policy = a_policy(kind=Kind.OLA)
    snapshot = frozen(policy)
    planned = plan(snapshot, (opened("09:00"), assigned("network", "09:10"), assigned("billing", "09:40")))
    view = instance_view(snapshot, planned, (), at("09:50"))
    assert [(stint["team_id"], sorted(stint["targets"])) for stint in view["stints"]] == [
        (None, []),
        ("network", ["resolution"]),
        ("billing", ["resolution"]),
    ]
    assert view["targets"]["resolution"] == view["stints"][2]["targets"]["resolution"]
    assert view["targets"]["resolution"]["due_at"] == "2026-03-02T10:40:00Z"
