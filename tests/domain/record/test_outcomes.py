"""What an escalation orders, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from domain.instants import Instant
from domain.people.directory import Person, Reach
from domain.plan.planning import plan
from domain.plan.plans import TargetPlan
from domain.policy.escalations import EscalationRule
from domain.record.ledger import Firing, Key
from domain.record.outcomes import (
    ENGINE,
    ORDERS_AT_MOST,
    Acting,
    as_skipped,
    ordered_events,
    outcomes,
    skipped,
    system_named,
    system_of,
    with_connector,
    with_people,
    without_connector,
    written,
)
from domain.ticket.authors import Role
from domain.ticket.events import Event, EventKind
from domain.ticket.teams import Team
from tests.support.builders import a_snapshot, a_ticket, at, only, opened, promise, resolved

TEAMS = {"net": Team("net", "Network", lead="Ada"), "ops": Team("ops", "Operations")}
ID = "default/inst_sla_ticket_42/resolution/1/escalation:boss/1"
REASSIGN = {"type": "reassign", "team_id": "ops"}
URGENT = {"type": "set_priority", "priority": "urgent"}


def at_the_breach(*events: Event, actions: Any) -> TargetPlan:
    """A resolution in an hour, whose one step at the breach does that."""
    step = EscalationRule.from_json({"id": "boss", "trigger": "breached", "actions": actions})
    return only(plan(a_snapshot(promise(), escalations=(step,)), (opened("09:00"), *events)))


def became(
    *actions: Mapping[str, Any],
    team_id: str | None = "net",
    priority: str | None = "high",
    told: tuple[Event, ...] = (),
) -> list[Mapping[str, Any]]:
    """The outcomes for a ticket of that team and priority, after what was told."""
    ended = tuple(event for event in told if event.kind is EventKind.RESOLVED)
    target = at_the_breach(*ended, actions=list(actions))
    step = next(mark for mark in target.milestones if mark.escalation is not None)
    ticket = replace(a_ticket(priority), team_id=team_id)
    return list(outcomes(Acting(ticket, TEAMS, told), target, step, ID))


def fired(*found: Mapping[str, Any]) -> Firing:
    return Firing(Key("resolution", 1, "escalation:boss"), 1, at("10:00"), at("10:00"), outcomes=tuple(found))


def test_a_reassignment_and_a_priority_are_ordered_as_events_of_the_engine() -> None:
    """Without a connector `reassign` and `set_priority` become events of the engine itself."""
    found = became(REASSIGN, {"type": "notify"}, URGENT)
    assert [one["outcome"] for one in found] == ["done", "done", "done"]
    moved, raised = ordered_events(fired(*found), at("10:01"))
    assert (moved.kind, moved.team_id, moved.event_id) == (EventKind.ASSIGNED, "ops", f"{ID}/0")
    assert (raised.kind, raised.attributes, raised.event_id) == (EventKind.UPDATED, {"priority": "urgent"}, f"{ID}/2")
    assert {(one.source, one.author) for one in (moved, raised)} == {(ENGINE, Role.SYSTEM)}
    # Just after the milestone: at the very instant it would come first, and take the milestone back.
    assert {one.occurred_at for one in (moved, raised)} == {at("10:00") + 1}
    late = replace(fired(*found), fired_at=at("12:00"))
    assert {one.occurred_at for one in ordered_events(late, at("12:01"))} == {at("12:00")}


def test_what_the_ticket_has_already_is_not_ordered() -> None:
    """A step that orders what the ticket has already does nothing, so that no two steps chase each other."""
    found = became(REASSIGN, URGENT, team_id="ops", priority="urgent")
    assert [(one["outcome"], one["reason"]) for one in found] == [
        ("done", "the team has the ticket already"),
        ("done", "the ticket has the priority already"),
    ]
    assert list(ordered_events(fired(*found), at("10:01"))) == []


def test_a_step_changes_one_ticket_ten_times_at_most() -> None:
    """A step changes one ticket ten times at most; two policies that hand it to and fro stop there."""
    name = "escalation:boss:repeat:3"

    def own(count: int) -> tuple[Event, ...]:
        made = opened("09:00")
        return tuple(replace(made, event_id=str(n), source=ENGINE, reason=name) for n in range(count))

    assert [one["outcome"] for one in became(REASSIGN, told=own(ORDERS_AT_MOST - 1))] == ["done"]
    [stopped] = became(REASSIGN, told=own(ORDERS_AT_MOST))
    assert (stopped["outcome"], stopped["reason"]) == ("failed", "the step has changed the ticket 10 times already")
    others = tuple(replace(one, reason="escalation:bosses") for one in own(ORDERS_AT_MOST))
    assert [one["outcome"] for one in became(REASSIGN, told=others)] == ["done"]


def test_what_a_connector_wrote_counts_among_the_ten() -> None:
    target, ticket = at_the_breach(actions=[REASSIGN]), replace(a_ticket(), team_id="net")
    step = next(mark for mark in target.milestones if mark.escalation is not None)
    wrote = fired({"action": "reassign", "team_id": "ops", "outcome": "done", "connector": "src_1"})

    def ordered(times: int) -> list[str]:
        acting = Acting(ticket, TEAMS, (from_desk(),), [wrote] * times)
        return [one["outcome"] for one in outcomes(acting, target, step, ID)]

    assert ordered(ORDERS_AT_MOST - 1) == ["waiting"]
    assert ordered(ORDERS_AT_MOST) == ["failed"]


def from_desk(**changes: Any) -> Event:
    return replace(opened("09:00"), source="src_1", **changes)


def test_an_order_of_a_ticket_from_a_ticket_system_waits_until_it_is_known_who_carries_it_out() -> None:
    """With a connector an order becomes no event of the engine: the ticket system's own event is waited for."""
    found = became(REASSIGN, {"type": "add_tag", "tag": "late"}, told=(from_desk(),))
    assert [(one["outcome"], one["system"]) for one in found] == [("waiting", "src_1")] * 2
    assert list(ordered_events(fired(*found), at("10:01"))) == []
    assert [system_named(one) for one in found] == ["src_1", "src_1"]
    alone = [without_connector(one, ID, place) for place, one in enumerate(found)]
    [order] = ordered_events(fired(*alone), at("10:01"))
    assert (order.event_id, order.team_id) == (f"{ID}/0", "ops")
    led = [with_connector(one, "src_1") for one in found]
    assert list(ordered_events(fired(*led), at("10:01"))) == []
    assert [system_named(one) for one in led] == [None, None]
    assert [written(one, None)["outcome"] for one in led] == ["done", "done"]
    assert written(led[0], "no such team")["reason"] == "no such team"


def test_the_system_of_a_ticket_is_the_one_that_told_of_it_first() -> None:
    later = from_desk(event_id="2", received_at=at("11:00"))
    first = replace(later, event_id="1", source="src_0", received_at=at("10:00"))
    own = replace(later, event_id="3", source=ENGINE, received_at=at("09:00"))
    assert system_of([later, first, own]) == "src_0"
    assert system_of([replace(later, source=name) for name in ("api", "signal", "", ENGINE)]) is None


def test_nothing_is_ordered_of_a_ticket_whose_clock_has_stopped() -> None:
    """A step that fires late, when its clock has stopped, changes the ticket no more."""
    [found] = became(REASSIGN, told=(resolved("11:00"),))
    assert (found["outcome"], found["reason"]) == ("failed", "the clock had stopped by then")


def test_what_only_the_ticket_system_can_do_waits_for_it() -> None:
    actions = (
        {"type": "set_status", "status": "open"},
        {"type": "add_tag", "tag": "late"},
        {"type": "comment", "text": "!"},
    )
    found = became(*actions)
    assert {one["outcome"] for one in found} == {"waiting"}
    assert [one["tag"] for one in found if "tag" in one] == ["late"]


def test_a_lead_is_that_of_the_team_which_has_the_ticket() -> None:
    lead = {"type": "notify_team_lead"}
    assert became(lead) == [{"action": "notify_team_lead", "outcome": "waiting", "whom": "Ada"}]
    for team_id in ("ops", "unknown", None):
        [found] = became(lead, team_id=team_id)
        assert (found["outcome"], found["reason"]) == ("told_nobody", "the ticket's team has no lead")


def test_a_step_is_skipped_only_where_all_it_does_is_to_tell_people_of_whom_none_is_found() -> None:
    """With `skip_if_nobody` a step is not sent where all it does is to tell people of whom none is found."""
    named = [{"type": "notify_contact", "contact": "Tier1"}, {"type": "notify_on_call", "on_call": "nights"}]
    asks = {"skip_if_nobody": True}
    found = became(*named)
    nobody = [with_people(one, Reach()) for one in found]
    assert [one["outcome"] for one in as_skipped(nobody)] == ["skipped", "skipped"]
    assert skipped(asks, nobody)
    assert not skipped({}, nobody)
    assert not skipped(asks, [nobody[0], with_people(found[1], Reach((Person("con_1", "Ada"),), ("email:con_1",)))])
    assert not skipped(asks, [*nobody, *became(REASSIGN)])
    assert not skipped(asks, [])


def test_outcomes_stand_in_the_ledger() -> None:
    firing = fired(*became(REASSIGN))
    assert Firing.from_json(firing.to_json()) == firing
    assert Instant(firing.fired_at) == at("10:00")
