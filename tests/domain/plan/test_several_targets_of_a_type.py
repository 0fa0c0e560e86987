"""Several targets of one type for one priority, told apart by name: each has a clock of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.explaining.explanation import RecordedHistory, explain
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from domain.ids import InstanceId, Kind, SubjectType
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.clocks.clocks import OnReopen
from domain.policy.escalations import EscalationRule, Trigger
from domain.policy.policies import OnChange, Policy
from domain.policy.targets import TargetRule
from domain.record.ledger import Firing, reconcile
from domain.record.notices import notice
from domain.record.views import instance_view
from domain.ticket.tickets import Ticket
from tests.support.builders import (
    ALWAYS,
    a_policy,
    a_snapshot,
    at,
    opened,
    promise,
    reopened,
    resolved,
    updated,
)

WORKAROUND = replace(promise(minutes=60), id="target_w", name="workaround")
FULL = promise(minutes=240)
GIVEN = {"type": "resolution", "hours": 1}


def test_targets_of_one_type_are_told_apart_by_their_names() -> None:
    """Targets of one type and priority are told apart by `name`; each has a clock, milestones and a verdict of its own."""  # noqa: E501 - the row is one line
    snapshot = a_snapshot(WORKAROUND, FULL, calendar=ALWAYS)
    made = plan(snapshot, [opened("09:00"), resolved("11:00")])
    assert {one.name: one.due_at for one in made.targets} == {
        "resolution:workaround": at("10:00"),
        "resolution": at("13:00"),
    }
    seen = instance_view(snapshot, made, (), at("12:00"))["targets"]
    assert {name: (one["met"], one.get("type"), one.get("name")) for name, one in seen.items()} == {
        "resolution:workaround": (False, "resolution", "workaround"),
        "resolution": (True, None, None),
    }
    assert Plan.from_json(made.to_json()) == made
    assert TargetRule.from_json(WORKAROUND.to_json()) == WORKAROUND


def test_a_named_target_has_a_promise_for_each_priority_of_its_own() -> None:
    urgent = replace(WORKAROUND, id="target_u", priority="urgent", budget=FULL.budget)
    policy = a_policy(WORKAROUND, urgent, FULL)
    assert policy.targets_for("Urgent") == (urgent, FULL)
    assert policy.targets_for("low") == (WORKAROUND, FULL)


def test_two_targets_of_one_type_and_one_name_are_refused() -> None:
    with pytest.raises(InvalidValue) as refusal:
        a_policy(WORKAROUND, replace(WORKAROUND, id="again"))
    assert (refusal.value.field, refusal.value.value) == ("targets[1]", "resolution:workaround for any priority")


@pytest.mark.parametrize("name", ["Workaround", "a b", "a:b", "a/b", "x" * 51, "9"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        TargetRule.from_json({**GIVEN, "name": name}, "targets[0]")
    assert (refusal.value.field, refusal.value.value) == ("targets[0].name", name)


def test_each_is_reopened_as_it_says_itself() -> None:
    ignoring = replace(WORKAROUND, on_reopen=OnReopen.IGNORE)
    events = [opened("09:00"), resolved("09:30"), reopened("12:00")]
    made = plan(a_snapshot(ignoring, FULL, calendar=ALWAYS), events)
    assert {one.name: one.stopped_at for one in made.targets} == {
        "resolution:workaround": at("09:30"),
        "resolution": None,
    }


def test_a_change_retargets_each_by_the_target_of_its_name() -> None:
    urgent = (
        replace(promise(minutes=30, priority="urgent"), id="target_wu", name="workaround"),
        promise(minutes=120, priority="urgent"),
    )
    snapshot = a_snapshot(WORKAROUND, FULL, *urgent, calendar=ALWAYS, on_change=OnChange.RETARGET)
    made = plan(snapshot, [opened("09:00"), updated("09:10", priority="urgent")])
    assert {one.name: one.due_at for one in made.targets} == {
        "resolution:workaround": at("09:30"),
        "resolution": at("11:00"),
    }


def test_in_a_teams_stint_the_name_stands_before_the_stint() -> None:
    ticket = Ticket(InstanceId(Kind.OLA, SubjectType.TICKET, "42"), team_id="network")
    made = plan(a_snapshot(WORKAROUND, ticket=ticket, kind=Kind.OLA), [opened("09:00", event_id="e1")])
    assert [one.name for one in made.targets] == ["resolution:workaround/e1"]


def told(policy: dict[str, Any], milestone: str) -> list[dict[str, Any]]:
    snapshot = a_snapshot(WORKAROUND, FULL, calendar=ALWAYS, **policy)
    made = plan(snapshot, [opened("09:00")])
    fired: tuple[Firing, ...] = reconcile(made, (), at("20:00"))
    return [notice(snapshot.facts, made, one) for one in fired if one.key.milestone == milestone]


def test_a_notice_says_the_name_of_the_target() -> None:
    one, other = told({}, "breached")
    assert (one["data"]["target"], one["data"]["name"]) == ("resolution", "workaround")
    assert one["data"]["message"].startswith("Resolution (workaround) of ticket 42 is breached: its 1 h are used up")
    assert one["id"] != other["id"]
    assert "name" not in other["data"]


def test_an_escalation_of_a_type_is_for_every_target_of_it() -> None:
    step = EscalationRule("lead", Trigger.BREACHED, target_type="resolution")
    assert [one["data"].get("name") for one in told({"escalations": (step,)}, "escalation:lead")] == [
        "workaround",
        None,
    ]


def test_an_explanation_names_the_clock() -> None:
    snapshot = a_snapshot(WORKAROUND, FULL, calendar=ALWAYS)
    history = RecordedHistory(snapshot, (opened("09:00"),), ())
    explained = explain(history, at("09:30"))
    assert [one.get("name") for one in explanation_view(explained)["targets"]] == ["workaround", None]
    assert "\nresolution:workaround: running" in explanation_text(explained)


def test_a_policy_reads_back_the_same() -> None:
    policy = a_policy(WORKAROUND, FULL)
    assert Policy.from_json(policy.to_json()) == policy
