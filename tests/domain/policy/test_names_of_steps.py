"""A step of a ladder has a name, or goes by what it does and when."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.fields import require_name
from domain.plan.planning import plan
from domain.policy.escalations import EscalationRule
from domain.policy.policies import Policy
from domain.record.ledger import reconcile, standing
from domain.record.notices import notice
from domain.record.views import target_view
from tests.support.builders import OFFICE, a_snapshot, at, opened, promise

STEP: dict[str, Any] = {"trigger": "breached", "delay_minutes": 15, "actions": [{"type": "notify_team_lead"}]}
NAMED = {**STEP, "id": "esc_duty", "name": "Page the duty manager", "repeat_minutes": 10}


def policy(*steps: dict[str, Any]) -> Policy:
    listed = [{"id": f"esc_{number}", **STEP, **step} for number, step in enumerate(steps)]
    return Policy.from_json({"name": "Gold", "targets": [{"type": "resolution", "hours": 1}], "escalations": listed})


def test_a_step_keeps_its_name_on_one_line_and_one_without_has_none() -> None:
    assert EscalationRule.from_json({**NAMED, "name": " Page the\n duty manager "}).name == "Page the duty manager"
    assert EscalationRule.from_json(NAMED).to_json()["name"] == "Page the duty manager"
    assert "name" not in EscalationRule.from_json({**STEP, "name": ""}).to_json()


@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ({"name": "Page"}, {"name": "page"}, True),
        ({"name": "Page"}, {"name": "PAGE", "target_type": "resolution"}, True),
        ({"name": "Page", "target_type": "resolution"}, {"name": "Page", "target_type": "first_response"}, False),
        ({"name": "Page"}, {"name": "Call"}, False),
        ({}, {}, False),
    ],
)
def test_the_steps_of_one_target_are_told_apart_by_their_names(
    first: dict[str, Any], second: dict[str, Any], is_refused: bool
) -> None:
    types = [{"type": "resolution", "hours": 1}, {"type": "first_response", "hours": 1}]
    listed = [{**STEP, "id": "esc_1", **first}, {**STEP, "id": "esc_2", **second}]
    document = {"name": "Gold", "targets": types, "escalations": listed}
    if not is_refused:
        assert len(Policy.from_json(document).escalations) == 2
        return
    with pytest.raises(InvalidValue, match="is the name of another step of that target") as refused:
        Policy.from_json(document)
    assert refused.value.field == "escalations[1].name"


@pytest.mark.parametrize("name", ["\u200b\u200d", "\u202e\u2066", "\ufeff", "\u3164", "\u2800 ", "\t\x1b"])
def test_a_name_in_which_there_is_nothing_to_see_is_none(name: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        policy({"name": name})
    assert refused.value.field == "escalations[0].name"


@pytest.mark.parametrize("name", ["x", "Команда", "网络", "e\u0301", "👩‍💻", "#1", "क्\u200dष"])
def test_whatever_can_be_seen_is_a_name(name: str) -> None:
    assert require_name(name, "name") == name


def test_milestones_and_notices_tell_a_step_by_its_name() -> None:
    """A step of a ladder goes by its name, and where it has none by what it does and when."""
    step, plain = EscalationRule.from_json(NAMED), EscalationRule.from_json({**STEP, "id": "esc_plain"})
    snapshot = a_snapshot(promise(minutes=90), escalations=(step, plain))
    past = (opened("09:00"),)
    planned = plan(snapshot, past)
    ledger = reconcile(planned, (), at("11:00"))
    view = target_view(planned.targets[0], OFFICE, standing(ledger), at("11:00"))
    labels = {mark["name"]: mark.get("label") for mark in view["milestones"]}
    assert labels["escalation:esc_duty"] == "Page the duty manager"
    assert labels["escalation:esc_duty:repeat:1"] == "Page the duty manager, repeat 1"
    assert labels["escalation:esc_plain"] == "notify team lead 15 min after the breach"
    assert labels["breached"] is None
    told = {one.key.milestone: notice(snapshot.facts, planned, one, past) for one in ledger}
    message = told["escalation:esc_duty"]["data"]["message"]
    assert 'escalates ("Page the duty manager", notify team lead 15 min after the breach)' in message
    assert told["escalation:esc_duty"]["data"]["escalation"]["name"] == "Page the duty manager"
