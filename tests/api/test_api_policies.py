from __future__ import annotations

from typing import Any

SEED = {
    "name": "Critical Support",
    "description": "SLA for urgent and high-priority tickets",
    "conditions": [{"field": "priority", "operator": "in", "value": ["urgent", "high"]}],
    "business_hours": False,
}


async def test_the_documented_request_creates_a_policy(api: Any) -> None:
    answer = await api.post("/policies", SEED)
    body = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v2/sla/policies/{body['id']}"
    assert body["id"].startswith("sla_")
    assert {name: body[name] for name in SEED} == SEED
    assert body["targets"] == []
    assert (body["version"], body["at_risk_percent"], body["match"], body["enabled"]) == (1, 75, "all", True)
    assert body["created_at"] == body["updated_at"]
    assert "kind" not in body


async def test_targets_and_escalations_are_created_inline_and_get_ids(api: Any) -> None:
    policy = await api.policy(
        targets=[
            {"type": "first_response", "priority": "urgent", "minutes": 1.5},
            {"type": "resolution", "hours": 0.1},
        ],
        escalations=[
            {
                "trigger": "approaching_breach",
                "threshold_minutes": 30,
                "actions": [{"type": "notify_team_lead"}, {"type": "reassign", "team_id": "team_escalation"}],
            }
        ],
    )
    response, resolution = policy["targets"]
    assert response["id"].startswith("target_")
    assert response["id"] != resolution["id"]
    assert (response["minutes"], resolution["minutes"], resolution["priority"]) == (1.5, 6, None)
    [escalation] = policy["escalations"]
    assert escalation["id"].startswith("esc_")
    assert escalation["threshold_minutes"] == 30
    assert escalation["actions"][1] == {"type": "reassign", "team_id": "team_escalation"}


async def test_policies_are_listed_in_the_order_of_evaluation_page_by_page(api: Any) -> None:
    for name in ("first", "second", "third"):
        await api.policy(name=name)
    page = (await api.get("/policies", limit=2, offset=1)).json()
    assert [policy["name"] for policy in page["data"]] == ["second", "third"]
    assert (page["total"], page["limit"], page["offset"]) == (3, 2, 1)
    assert (await api.get("/policies")).json()["limit"] == 25


async def test_a_policy_is_got_as_it_was_created(api: Any) -> None:
    policy = await api.policy()
    assert (await api.get(f"/policies/{policy['id']}")).json() == policy


async def test_an_unknown_policy_is_not_found(api: Any) -> None:
    answer = await api.get("/policies/sla_none")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_page_holds_at_most_a_hundred(api: Any) -> None:
    answer = await api.get("/policies", limit=101)
    assert answer.status_code == 422
    assert (answer.json()["field"], answer.json()["value"]) == ("limit", "101")


async def test_business_hours_of_a_policy_must_exist(api: Any) -> None:
    answer = await api.post("/policies", {**SEED, "business_hours": True, "business_hours_id": "bh_none"})
    assert answer.status_code == 422
    assert (answer.json()["field"], answer.json()["value"]) == ("business_hours_id", "bh_none")
