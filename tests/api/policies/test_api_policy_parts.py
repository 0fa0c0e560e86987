"""Targets and escalations of a policy, one by one; the requests of the seed document as printed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

V2 = "/api/v2/sla"
TARGET = {"type": "first_response", "priority": "urgent", "hours": 1}
BEFORE = {
    "trigger": "approaching_breach",
    "threshold_minutes": 30,
    "actions": [{"type": "notify_team_lead"}, {"type": "reassign", "team_id": "team_escalation"}],
}
DAY = {"mon": [["08:00", "18:00"]]}
CHANGE = {"trigger_percent": 90, "action_type": "notify", "status": "active"}


async def patch(api: Any, escalation: dict[str, Any], body: dict[str, Any]) -> Any:
    return await api.http.patch(f"{V2}/escalations/{escalation['id']}", json=body)


async def escalation(api: Any, **body: Any) -> dict[str, Any]:
    policy = await api.policy()
    answer = await api.post(f"/policies/{policy['id']}/escalations", {**BEFORE, **body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def in_policy(api: Any, part: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What the policy shows of its parts, and its version is 2 or later."""
    policy = (await api.get(f"/policies/{part['policy_id']}")).json()
    assert policy["version"] >= 2
    return list(policy[name])


def alone(part: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "policy_id"}


async def test_a_target_is_added_to_a_policy_and_promised_to_new_tickets(api: Any) -> None:
    policy = await api.policy(targets=[])
    answer = await api.post(f"/policies/{policy['id']}/targets", TARGET)
    target = answer.json()
    assert answer.status_code == 201
    assert target["id"].startswith("target_")
    assert {name: target[name] for name in TARGET} == TARGET
    assert (target["policy_id"], target["minutes"]) == (policy["id"], 60)
    assert await in_policy(api, target, "targets") == [alone(target)]
    opened = await api.ticket(occurred_at="2026-03-08T13:00:00Z")
    assert opened["targets"]["first_response"]["due_at"] == "2026-03-08T14:00:00Z"


async def test_targets_of_one_type_are_told_apart_by_their_names(api: Any) -> None:
    resolution = {"type": "resolution", "hours": 4}
    workaround = {**resolution, "name": "workaround", "hours": 1, "on_reopen": "ignore"}
    policy = await api.policy(targets=[resolution], retarget_breaches="forgive", on_reopen="ignore")
    assert (policy["retarget_breaches"], policy["on_reopen"]) == ("forgive", "ignore")
    answer = await api.post(f"/policies/{policy['id']}/targets", workaround)
    assert answer.status_code == 201
    assert {name: answer.json()[name] for name in workaround} == workaround
    again = await api.post(f"/policies/{policy['id']}/targets", workaround)
    assert (again.status_code, again.json()["value"]) == (409, answer.json()["id"])
    opened = await api.ticket(occurred_at="2026-03-08T13:00:00Z")
    due = {name: (one["due_at"], one.get("name")) for name, one in opened["targets"].items()}
    assert due == {
        "resolution": ("2026-03-08T17:00:00Z", None),
        "resolution:workaround": ("2026-03-08T14:00:00Z", "workaround"),
    }


async def test_a_target_keeps_its_id_by_its_name_and_its_priority_however_that_is_written(api: Any) -> None:
    workaround = {**TARGET, "name": "workaround"}
    policy = await api.policy(targets=[TARGET, workaround])
    ids = [one["id"] for one in policy["targets"]]
    changed = [{**workaround, "priority": "URGENT", "hours": 2}, {**TARGET, "hours": 3}]
    answer = await api.http.patch(f"{V2}/policies/{policy['id']}", json={"targets": changed})
    assert [one["id"] for one in answer.json()["targets"]] == ids[::-1]


@pytest.mark.parametrize(("field", "value"), [("name", "Work Around"), ("on_reopen", "never"), ("on_reopen", "ignore")])
async def test_a_target_with_a_name_or_a_reopening_that_it_cannot_have_is_refused(
    api: Any, field: str, value: str
) -> None:
    policy = await api.policy()
    answer = await api.post(f"/policies/{policy['id']}/targets", {**TARGET, "priority": "low", field: value})
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, field, value)


@pytest.mark.parametrize(("field", "value"), [("retarget_breaches", "never"), ("conditions[0].case_sensitive", "yes")])
async def test_an_option_that_a_policy_does_not_know_is_refused(api: Any, field: str, value: str) -> None:
    condition = {"field": "plan", "operator": "eq", "value": "gold"}
    given = {"conditions": [{**condition, "case_sensitive": value}]} if "[" in field else {field: value}
    answer = await api.post("/policies", {"name": "Support", **given})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_condition_says_whether_letters_matter(api: Any) -> None:
    exact = {"field": "plan", "operator": "eq", "value": "Gold", "case_sensitive": True}
    policy = await api.policy(conditions=[exact])
    assert policy["conditions"] == [exact]
    loose = {name: value for name, value in exact.items() if name != "case_sensitive"}
    assert (await api.policy(conditions=[loose]))["conditions"] == [loose]


@pytest.mark.parametrize("priority", ["urgent", "Urgent", None])
async def test_a_second_target_for_the_same_type_and_priority_conflicts(api: Any, priority: str | None) -> None:
    policy = await api.policy(targets=[{**TARGET, "priority": priority and "urgent"}])
    answer = await api.post(f"/policies/{policy['id']}/targets", {**TARGET, "priority": priority, "hours": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["value"] == policy["targets"][0]["id"]
    assert (await api.get(f"/policies/{policy['id']}")).json() == policy
    other = await api.post(f"/policies/{policy['id']}/targets", {**TARGET, "priority": "low"})
    assert other.status_code == 201


async def test_of_equal_targets_added_at_once_one_is_there(api: Any) -> None:
    policy = await api.policy(targets=[])
    answers = await asyncio.gather(*(api.post(f"/policies/{policy['id']}/targets", TARGET) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert len((await api.get(f"/policies/{policy['id']}")).json()["targets"]) == 1


async def test_a_deleted_target_is_promised_no_more(api: Any) -> None:
    policy = await api.policy()
    response, resolution = policy["targets"]
    path = f"{V2}/targets/{response['id']}"
    answer = await api.http.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await api.get(f"/policies/{policy['id']}")).json()["targets"] == [resolution]
    assert (await api.ticket())["targets"].keys() == {"resolution"}
    assert (await api.http.delete(path)).status_code == 404


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({}, "type", None),
        ({**TARGET, "type": "reply"}, "type", "reply"),
        ({**TARGET, "hours": -1}, "hours", -1),
        ({**TARGET, "hours": None}, "hours", None),
        ({**TARGET, "minutes": 61}, "minutes", 61),
        ({**TARGET, "hourz": 1}, "hourz", 1),
        ({**TARGET, "id": "mine"}, "id", "mine"),
    ],
)
async def test_a_target_that_cannot_be_accepted_is_named(api: Any, body: Any, field: str, value: Any) -> None:
    policy = await api.policy()
    answer = await api.post(f"/policies/{policy['id']}/targets", body)
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, field, value)
    assert (await api.get(f"/policies/{policy['id']}")).json() == policy


async def test_the_documented_escalation_is_added_to_a_policy(api: Any) -> None:
    step = await escalation(api)
    assert step["id"].startswith("esc_")
    assert {name: step[name] for name in BEFORE} == BEFORE
    assert (step["trigger_percent"], step["action_type"], step["status"]) == (None, None, "active")
    assert await in_policy(api, step, "escalations") == [alone(step)]


async def test_an_escalation_is_a_milestone_of_new_tickets(api: Any) -> None:
    await escalation(api)
    opened = await api.ticket(occurred_at="2026-03-08T13:00:00Z")
    planned = {one["planned_at"] for one in opened["targets"]["first_response"]["milestones"]}
    assert "2026-03-08T13:30:00Z" in planned


async def test_the_documented_change_of_an_escalation_makes_it_the_other_shape(api: Any) -> None:
    step = await escalation(api)
    answer = await patch(api, step, CHANGE)
    changed = answer.json()
    assert answer.status_code == 200
    assert {name: changed[name] for name in CHANGE} == CHANGE
    assert (changed["threshold_minutes"], changed["actions"]) == (None, [{"type": "notify"}])
    assert (changed["id"], changed["trigger"]) == (step["id"], "approaching_breach")
    assert await in_policy(api, step, "escalations") == [alone(changed)]


async def test_both_shapes_write_the_same_rule(api: Any) -> None:
    first = await escalation(api, actions=[{"type": "notify"}])
    second = await api.post(
        f"/policies/{first['policy_id']}/escalations",
        {"trigger": "approaching_breach", "threshold_minutes": 30, "action_type": "notify"},
    )
    assert {**second.json(), "id": first["id"]} == first


@pytest.mark.parametrize("threshold", [{"trigger_percent": 90}, {"threshold_minutes": 30}])
async def test_the_shape_without_a_trigger_is_a_step_before_the_breach(api: Any, threshold: dict[str, Any]) -> None:
    rule = {**threshold, "action_type": "notify", "status": "active"}
    policy = await api.policy(escalations=[rule])
    [inline] = policy["escalations"]
    added = (await api.post(f"/policies/{policy['id']}/escalations", rule)).json()
    changed = (await patch(api, await escalation(api), {"threshold_minutes": None, **rule})).json()
    assert {name: inline[name] for name in rule} == rule
    assert (inline["trigger"], inline["actions"]) == ("approaching_breach", [{"type": "notify"}])
    for other in (added, changed):
        assert {**alone(other), "id": inline["id"]} == inline


async def test_what_was_read_of_an_escalation_may_be_sent_back(api: Any) -> None:
    for actions in (
        [],
        [{"type": "webhook"}],
        [{"type": "reassign", "team_id": "team_2"}],
        [{"type": "notify"}, {"type": "comment", "text": "b"}],
    ):
        step = await escalation(api, actions=actions)
        own = {name: value for name, value in alone(step).items() if name != "id"}
        assert (await patch(api, step, own)).json() == step
        assert (await api.post(f"/policies/{step['policy_id']}/escalations", own)).json().keys() == step.keys()


async def test_an_action_type_replaces_the_actions_and_actions_replace_it(api: Any) -> None:
    step = await escalation(api)
    single = (await patch(api, step, {"action_type": "notify"})).json()
    assert (single["actions"], single["action_type"]) == ([{"type": "notify"}], "notify")
    listed = (await patch(api, step, {"actions": BEFORE["actions"]})).json()
    assert (listed["actions"], listed["action_type"]) == (BEFORE["actions"], None)


async def test_many_steps_of_a_policy_and_of_a_target_type_are_each_a_milestone(api: Any) -> None:
    steps = [
        {"threshold_minutes": 30},
        {"threshold_minutes": 30},
        {"trigger_percent": 90},
        {"trigger": "breached"},
        {"trigger": "breached", "delay_minutes": 15},
        {"trigger": "breached", "delay_minutes": 15, "target_type": "resolution"},
    ]
    await api.policy(escalations=steps)
    opened = await api.ticket(occurred_at="2026-03-08T13:00:00Z")
    planned = [one["planned_at"] for one in opened["targets"]["first_response"]["milestones"]]
    for at, times in (("13:30", 3), ("13:54", 1), ("14:00", 2), ("14:15", 1)):
        assert planned.count(f"2026-03-08T{at}:00Z") == times, planned
    assert len(opened["targets"]["resolution"]["milestones"]) == len(planned) + 1


async def test_a_target_is_in_hours_or_minutes_with_fractions(api: Any) -> None:
    policy = await api.policy(targets=[])
    for priority, length, hours, minutes in (
        ("a", {"hours": 1.5}, 1.5, 90),
        ("b", {"minutes": 0.5}, 0.5 / 60, 0.5),
        ("c", {"minutes": 90, "hours": 1.5}, 1.5, 90),
        (None, {"hours": 48}, 48, 2880),
    ):
        body = {"type": "resolution", "priority": priority, **length}
        target = (await api.post(f"/policies/{policy['id']}/targets", body)).json()
        assert (target["hours"], target["minutes"]) == (pytest.approx(hours), minutes)


async def test_a_target_for_any_priority_counts_where_there_is_none_of_its_own(api: Any) -> None:
    await api.policy(conditions=[], targets=[{**TARGET, "hours": 1}, {"type": "first_response", "hours": 3}])
    for priority, due in (("urgent", "14:00"), ("low", "16:00"), (None, "16:00")):
        opened = await api.ticket(priority=priority, occurred_at="2026-03-08T13:00:00Z")
        assert opened["targets"]["first_response"]["due_at"] == f"2026-03-08T{due}:00Z"


async def test_a_threshold_clears_the_percentage(api: Any) -> None:
    step = await escalation(api, threshold_minutes=None, trigger_percent=80)
    changed = (await patch(api, step, {"threshold_minutes": 15})).json()
    assert (changed["threshold_minutes"], changed["trigger_percent"]) == (15, None)


async def test_a_step_before_the_breach_may_become_one_after_it_and_back(api: Any) -> None:
    step = await escalation(api)
    after = (await patch(api, step, {"trigger": "breached", "delay_minutes": 10})).json()
    assert (after["trigger"], after["threshold_minutes"], after["delay_minutes"]) == ("breached", None, 10)
    bare = await patch(api, step, {"trigger": "approaching_breach"})
    assert (bare.status_code, bare.json()["field"]) == (422, "threshold_minutes")
    back = (await patch(api, step, {"trigger": "approaching_breach", "trigger_percent": 50})).json()
    assert (back["trigger_percent"], back["delay_minutes"]) == (50, 0)


async def test_an_inactive_escalation_does_nothing_until_it_is_active_again(api: Any) -> None:
    step = await escalation(api)
    for status, milestones in (("inactive", 3), ("active", 4)):
        assert (await patch(api, step, {"status": status})).json()["status"] == status
        opened = await api.ticket()
        assert len(opened["targets"]["first_response"]["milestones"]) == milestones


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"threshold_minutes": 5, "trigger_percent": 50}, "threshold_minutes", None),
        ({"threshold_minutes": None}, "threshold_minutes", None),
        ({"threshold_minutes": 0}, "threshold_minutes", 0),
        ({"trigger_percent": 101}, "trigger_percent", 101),
        ({"trigger": "soon"}, "trigger", "soon"),
        ({"status": "asleep"}, "status", "asleep"),
        ({"status": None}, "status", None),
        ({"target_type": "reply"}, "target_type", "reply"),
        ({"actions": ["call"]}, "actions[0]", "call"),
        ({"action_type": ""}, "action_type", ""),
        ({"actions": [{"type": "webhook"}], "action_type": "notify"}, "action_type", "notify"),
        ({"percent": 90}, "percent", 90),
    ],
)
async def test_a_change_of_an_escalation_that_cannot_be_accepted_is_named(
    api: Any, body: dict[str, Any], field: str, value: Any
) -> None:
    step = await escalation(api)
    answer = await patch(api, step, body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert value is None or answer.json()["value"] == value
    assert await in_policy(api, step, "escalations") == [alone(step)]


async def test_a_deleted_escalation_is_gone(api: Any) -> None:
    step = await escalation(api)
    path = f"{V2}/escalations/{step['id']}"
    answer = await api.http.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await in_policy(api, step, "escalations") == []
    assert (await api.http.delete(path)).status_code == 404
    assert (await patch(api, step, CHANGE)).status_code == 404


async def test_a_target_is_no_escalation(api: Any) -> None:
    policy = await api.policy()
    assert (await api.http.delete(f"{V2}/escalations/{policy['targets'][0]['id']}")).status_code == 404
    assert (await api.post("/policies/sla_none/targets", TARGET)).status_code == 404
    assert (await api.post("/policies/sla_none/escalations", BEFORE)).status_code == 404


async def test_a_ladder_is_read_as_it_was_given_and_does_without_what_it_does_not_say(api: Any) -> None:
    hours = (await api.post("/business-hours", {"name": "Day", "timezone": "UTC", "weekly_hours": DAY})).json()["id"]
    given = {"repeat_minutes": 15, "repeat_at_most": 3, "hours": hours, "skip_if_nobody": True}
    step = await escalation(api, despite_acknowledgement=True, **given)
    assert {name: step[name] for name in given} == given
    assert step["despite_acknowledgement"] is True
    kept = await api.http.delete(f"{V2}/business-hours/{hours}")
    assert (kept.status_code, "are used by" in kept.json()["detail"]) == (409, True)
    plain = dict.fromkeys((*given, "despite_acknowledgement"))
    changed = (await patch(api, step, plain)).json()
    assert not {*given, "despite_acknowledgement"} & changed.keys()


@pytest.mark.parametrize(
    ("wrong", "field", "value", "says"),
    [
        ({"actions": [{"type": "page"}]}, "actions[0].type", "page", "must be one of notify, notify_team_lead,"),
        ({"action_type": "reassign"}, "action_type", "reassign", "needs team_id; give it in actions"),
        ({"actions": [{"type": "notify_contact"}]}, "actions[0].contact", None, "must be given for notify_contact"),
        ({"actions": [{"type": "add_tag", "tags": "x"}]}, "actions[0].tags", "x", "add_tag takes only tag"),
        ({"hours": "bh_none"}, "hours", "bh_none", "must name business hours that exist"),
        ({"repeat_at_most": 3}, "repeat_at_most", 3, "is for a step with repeat_minutes"),
    ],
)
async def test_an_action_or_a_step_that_cannot_be_is_refused(
    api: Any, wrong: dict[str, Any], field: str, value: Any, says: str
) -> None:
    policy = await api.policy()
    refused = await api.post(f"/policies/{policy['id']}/escalations", {"trigger": "breached", **wrong})
    problem = refused.json()
    assert (refused.status_code, problem["field"], problem["value"]) == (422, field, value)
    assert says in problem["detail"]
