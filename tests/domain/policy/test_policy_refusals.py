"""Nonsense in policies: refused as InvalidValue, naming the field by its path and the value."""

import pytest

from domain.errors import InvalidValue
from domain.instants import HOUR
from domain.policy.escalations import EscalationRule
from domain.policy.policies import Policy
from domain.policy.targets import TargetRule
from domain.ticket.conditions.conditions import Condition
from tests.support.refusals import (
    AFTER,
    CONDITION,
    INFINITE,
    NAN,
    NO_CHOICES,
    NO_FLAGS,
    NO_LENGTHS,
    NO_LISTS,
    NO_SHARES,
    NO_TEXTS,
    NO_VERSIONS,
    POLICY,
    SHARE,
    STEP,
    TARGET,
    Case,
    label,
    require_refusals,
)

AMONG = CONDITION | {"operator": "in", "value": ["a"]}
OF_TARGETS: list[Case] = [
    (TargetRule.from_json, TARGET, "type", (*NO_CHOICES, "of_our_own"), "target.type"),
    (TargetRule.from_json, TARGET, "hours", (*NO_LENGTHS, 0, 1e-11), "target.hours"),
    (TargetRule.from_json, TARGET, "minutes", (*NO_LENGTHS, 0, 61, 59.9), "target.minutes"),
    (TargetRule.from_json, TARGET, "pausable", NO_FLAGS, "target.pausable"),
    (TargetRule.from_json, TARGET, "priority", (*NO_TEXTS, " ", "a\0", "\ud800"), "target.priority"),
    (TargetRule.from_json, TARGET, "id", NO_TEXTS, "target.id"),
]
OF_ESCALATIONS: list[Case] = [
    (EscalationRule.from_json, STEP, "trigger", NO_CHOICES, "escalation.trigger"),
    (EscalationRule.from_json, STEP, "threshold_minutes", (*NO_LENGTHS, None, 0), "escalation.threshold_minutes"),
    (EscalationRule.from_json, STEP, "trigger_percent", (50,), "escalation.threshold_minutes"),
    (EscalationRule.from_json, SHARE, "trigger_percent", NO_SHARES, "escalation.trigger_percent"),
    (EscalationRule.from_json, AFTER, "threshold_minutes", (30,), "escalation.threshold_minutes"),
    (EscalationRule.from_json, AFTER, "trigger_percent", (90,), "escalation.trigger_percent"),
    (EscalationRule.from_json, STEP, "delay_minutes", (*NO_LENGTHS, 5), "escalation.delay_minutes"),
    (EscalationRule.from_json, STEP, "target_type", ("next week", *NO_TEXTS), "escalation.target_type"),
    (EscalationRule.from_json, STEP, "status", NO_CHOICES, "escalation.status"),
    (EscalationRule.from_json, STEP, "actions", NO_LISTS, "escalation.actions"),
    (EscalationRule.from_json, STEP, "actions", (["x"], [None]), "escalation.actions[0]"),
    (EscalationRule.from_json, STEP, "actions", ([{}], [{"type": 1}], [{"type": "x"}]), "escalation.actions[0].type"),
    (EscalationRule.from_json, STEP, "actions", ([{"type": "notify", "a": NAN}],), "escalation.actions[0].a"),
    (EscalationRule.from_json, STEP, "actions", ([{"type": "reassign"}],), "escalation.actions[0].team_id"),
    (EscalationRule.from_json, STEP, "repeat_minutes", NO_LENGTHS, "escalation.repeat_minutes"),
    (EscalationRule.from_json, STEP, "repeat_at_most", (0, 101, 3, "3", True), "escalation.repeat_at_most"),
    (EscalationRule.from_json, STEP, "hours", NO_TEXTS, "escalation.hours"),
    (EscalationRule.from_json, STEP, "skip_if_nobody", ("yes", 1), "escalation.skip_if_nobody"),
    (EscalationRule.from_json, STEP, "despite_acknowledgement", ("yes", 1), "escalation.despite_acknowledgement"),
    (EscalationRule.from_json, STEP, "action_type", ("", " ", *NO_TEXTS), "escalation.action_type"),
]
OF_CONDITIONS: list[Case] = [
    (Condition.from_json, CONDITION, "field", (None, "", " ", "x" * 201, *NO_TEXTS), "condition.field"),
    (Condition.from_json, CONDITION, "operator", NO_CHOICES, "condition.operator"),
    (Condition.from_json, CONDITION, "value", ([], ["a"], {}, NAN, INFINITE, {1}, b"x"), "condition.value"),
    (
        Condition.from_json,
        CONDITION | {"operator": "in", "value": ["a"]},
        "value",
        ([], "a", None, [[]], [NAN]),
        "condition.value",
    ),
    (Condition.from_json, CONDITION | {"operator": "gt"}, "value", (None, True, [], NAN), "condition.value"),
    (Condition.from_json, CONDITION | {"operator": "starts_with"}, "value", (None, "", 1, ["a"]), "condition.value"),
    (Condition.from_json, CONDITION, "valeu", (1,), "condition.valeu"),
]
OF_POLICIES: list[Case] = [
    (Policy.from_json, POLICY, "name", (None, "", "  ", "x" * 201, *NO_TEXTS), "name"),
    (Policy.from_json, POLICY, "description", ("x" * 5001, *NO_TEXTS), "description"),
    (Policy.from_json, POLICY, "kind", NO_CHOICES, "kind"),
    (Policy.from_json, POLICY, "match", ("some", *NO_TEXTS), "match"),
    (Policy.from_json, POLICY, "enabled", NO_FLAGS, "enabled"),
    (Policy.from_json, POLICY, "business_hours", NO_FLAGS[1:], "business_hours"),
    (Policy.from_json, POLICY, "business_hours_id", NO_TEXTS, "business_hours_id"),
    (Policy.from_json, POLICY, "at_risk_percent", (None, *NO_SHARES), "at_risk_percent"),
    (Policy.from_json, POLICY, "version", NO_VERSIONS, "version"),
    (Policy.from_json, POLICY, "conditions", NO_LISTS, "conditions"),
    (Policy.from_json, POLICY, "conditions", (["x"], [[]], [None]), "conditions[0]"),
    (Policy.from_json, POLICY, "targets", NO_LISTS, "targets"),
    (Policy.from_json, POLICY, "targets", ([TARGET, TARGET],), "targets[1]"),
    (Policy.from_json, POLICY, "targets", ([TARGET, TARGET | {"hours": None}],), "targets[1].hours"),
    (Policy.from_json, POLICY, "escalations", ([STEP, STEP],), "escalations[1].id"),
    (Policy.from_json, POLICY, "escalations", ([STEP | {"trigger": {}}],), "escalations[0].trigger"),
]


@pytest.mark.parametrize("case", [*OF_TARGETS, *OF_ESCALATIONS, *OF_CONDITIONS, *OF_POLICIES], ids=label)
def test_a_value_that_no_policy_can_hold_is_refused_by_its_path(case: Case) -> None:
    require_refusals(case)


def test_the_message_names_the_value() -> None:
    with pytest.raises(InvalidValue, match=r"targets\[0\]\.hours: must be greater than zero, got -3"):
        Policy.from_json({"name": "P", "targets": [{"type": "resolution", "hours": -3}]})


def test_hours_and_minutes_may_both_be_given_if_they_agree() -> None:
    assert TargetRule.from_json(TARGET | {"minutes": 60}).budget == HOUR
    assert TargetRule.from_json({"type": "resolution", "minutes": 1.5}).budget == 90_000_000
    with pytest.raises(InvalidValue, match=r"target\.minutes: contradicts hours 1"):
        TargetRule.from_json(TARGET | {"minutes": 61})
    with pytest.raises(InvalidValue, match=r"target\.hours: hours, minutes, days or by must be given"):
        TargetRule.from_json({"type": "resolution"})


def test_what_a_policy_leaves_out_or_null_has_its_default() -> None:
    bare = Policy.from_json({"name": "P"})
    nulls = (
        "id",
        "description",
        "conditions",
        "match",
        "targets",
        "escalations",
        "business_hours",
        "business_hours_id",
    )
    assert Policy.from_json({"name": "P", **dict.fromkeys(nulls)}) == bare
    assert (bare.enabled, bare.version, bare.business_hours) == (True, 1, False)
    assert bare.at_risk_percent == 75
    assert Policy.from_json({"name": "P", "business_hours_id": "bh_1"}).business_hours is True
    step = STEP | dict.fromkeys(("trigger_percent", "delay_minutes", "target_type", "actions", "action_type"))
    assert EscalationRule.from_json(step) == EscalationRule.from_json(STEP)


def test_a_single_action_type_is_a_list_of_one_action() -> None:
    assert EscalationRule.from_json(STEP | {"action_type": "notify"}).actions == ({"type": "notify"},)


@pytest.mark.parametrize(
    ("field", "path"),
    [("targets[1]", "targets[1].days"), ("", "days"), ("policy.targets[0]", "policy.targets[0].days")],
)
def test_a_refusal_under_a_longer_path_keeps_its_value_and_its_reason(field: str, path: str) -> None:
    refusal = InvalidValue("days", 0, "must be a whole number").under(field)
    assert (refusal.field, refusal.value, refusal.reason) == (path, 0, "must be a whole number")
    assert refusal.message == f"{path}: must be a whole number, got 0"


def test_a_refused_threshold_is_shown_as_it_was_given() -> None:
    both = STEP | {"threshold_minutes": 1.5, "trigger_percent": 50}
    with pytest.raises(InvalidValue, match=r"got \{'threshold_minutes': 1.5, 'trigger_percent': 50\}"):
        EscalationRule.from_json(both)
    with pytest.raises(InvalidValue, match="takes delay_minutes, got 30"):
        EscalationRule.from_json(AFTER | {"threshold_minutes": 30})
