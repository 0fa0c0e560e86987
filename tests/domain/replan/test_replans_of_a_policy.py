"""A replan of a policy gives its tickets another version of it, and no other policy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.instants import Instant
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.catalog import Catalog
from domain.policy.policies import OnChange, Policy
from domain.policy.snapshot import Snapshot
from domain.replan.replanning import Rules
from domain.ticket.conditions.conditions import Condition
from domain.ticket.events import Event, EventKind
from tests.support.builders import a_policy, a_ticket, acknowledged, at, opened, promise, target_of, updated

STANDARD = a_policy(promise(minutes=600), id="standard", on_change=OnChange.RETARGET)
LATER = replace(STANDARD, version=2, targets=(promise(minutes=500),))
GOLD = a_policy(promise(minutes=300), id="gold", conditions=(Condition("plan", "eq", "gold"),))
FALLBACK = a_policy(promise(minutes=40), id="fallback")
VIP = a_policy(promise(minutes=30), id="vip")


def frozen(*policies: Policy) -> Snapshot:
    made = Catalog("default", policies, {}).snapshot(a_ticket("high"), "t")
    assert made is not None
    return made


def replanned(snapshot: Snapshot, *today: Policy, policy_id: str = "standard") -> Snapshot:
    return Rules(Catalog("default", today, {}), policy_id=policy_id).over(snapshot)


def told(snapshot: Snapshot, after: Snapshot, *events: Event) -> Plan:
    """The plan of an instance that has been told of the replan at eleven."""
    replan = Event(EventKind.REPLANNED, "r", at("11:00"), at("11:00"), rules=after.rules)
    return plan(snapshot, [opened("09:00"), *events, replan])


def due(made: Plan) -> Instant | None:
    return target_of(made, "resolution").due_at


TODAY = {
    "a policy above it": (VIP, GOLD, LATER, FALLBACK),
    "no other policy any more": (LATER,),
    "the last of all": (VIP, FALLBACK, GOLD, LATER),
    "disabled": (VIP, GOLD, replace(LATER, enabled=False), FALLBACK),
}


@pytest.mark.parametrize("today", TODAY.values(), ids=TODAY.keys())
def test_a_replan_of_a_policy_leads_no_ticket_to_another(today: tuple[Policy, ...]) -> None:
    """A replan of a policy replaces its version where a ticket has it, and leads no ticket to another."""
    snapshot = frozen(GOLD, STANDARD, FALLBACK)
    after = replanned(snapshot, *today)
    assert [one.policy.id for one in after.alternatives] == ["gold", "standard", "fallback"]
    for events in ([], [acknowledged("09:30")], [updated("09:30", priority="high")]):
        assert due(told(snapshot, after, *events)) == at("17:20")
    assert due(told(snapshot, after, updated("09:30", plan="gold"))) == at("14:00")


@pytest.mark.parametrize("today", list(TODAY.values())[:3], ids=list(TODAY)[:3])
def test_after_a_replan_a_ticket_changes_to_the_policies_it_could_change_to_before(today: tuple[Policy, ...]) -> None:
    snapshot = frozen(GOLD, STANDARD, FALLBACK)
    after = replanned(snapshot, *today)
    assert due(told(snapshot, after, updated("12:00", colour="blue"))) == at("17:20")


def test_a_ticket_that_did_not_change_keeps_its_policy_whatever_a_replan_made_of_it() -> None:
    """A policy is matched again when the ticket changes, and not because a replan changed the policy."""
    snapshot = frozen(STANDARD, FALLBACK)
    for version in (replace(LATER, conditions=(Condition("plan", "eq", "silver"),)), replace(LATER, enabled=False)):
        after = replanned(snapshot, version, FALLBACK)
        assert due(told(snapshot, after, acknowledged("09:10"), updated("09:20", priority="high"))) == at("17:20")
        assert due(told(snapshot, after, updated("09:20", plan="bronze"))) == at("09:40")


def test_a_replan_of_a_policy_reaches_the_tickets_that_a_change_led_to_it() -> None:
    snapshot = frozen(GOLD, STANDARD)
    rules = Rules(Catalog("default", (replace(GOLD, version=2, targets=(promise(minutes=360),)),), {}), "gold")
    after = rules.over(snapshot)
    assert rules.concern(snapshot)
    assert not rules.concern(frozen(STANDARD))
    assert due(told(snapshot, after)) == at("19:00")
    changed = target_of(told(snapshot, after, updated("09:30", plan="gold")), "resolution")
    assert changed.due_at == at("15:00")
    assert changed.policy is not None
    assert (changed.policy.id, changed.policy.version) == ("gold", 2)


def test_a_replan_to_the_version_that_a_ticket_has_changes_nothing() -> None:
    for snapshot in (frozen(GOLD, STANDARD, FALLBACK), frozen(GOLD, replace(STANDARD, on_change=OnChange.KEEP))):
        assert replanned(snapshot, VIP, snapshot.policy, FALLBACK) == snapshot


def test_a_version_that_lets_changes_count_makes_those_of_priority_count_and_knows_no_other_policy() -> None:
    snapshot = frozen(GOLD, replace(STANDARD, on_change=OnChange.KEEP))
    urgent = replace(LATER, targets=(promise(minutes=500), promise(minutes=60, priority="urgent")))
    after = replanned(snapshot, VIP, GOLD, urgent)
    assert due(told(snapshot, after, updated("09:30", priority="urgent"))) == at("10:00")
    assert due(told(snapshot, after, updated("09:30", plan="gold"))) == at("17:20")
