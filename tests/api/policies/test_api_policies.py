from __future__ import annotations

from typing import Any

import pytest

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


@pytest.mark.parametrize("kind", ["", "/ola"])
async def test_a_page_of_policies_has_bounds_and_leaves_archived_ones_out(api: Any, kind: str) -> None:
    for query, field in (("limit=0", "limit"), ("limit=101", "limit"), ("offset=-1", "offset")):
        answer = await api.http.get(f"/api/v2/sla{kind}/policies?{query}")
        assert (answer.status_code, answer.json()["field"]) == (422, field)
    created = (await api.post(f"{kind}/policies", SEED)).json()
    await api.http.delete(f"/api/v2/sla{kind}/policies/{created['id']}")
    assert (await api.get(f"{kind}/policies", limit=100)).json()["total"] == 0
    assert (await api.get(f"{kind}/policies", include_archived=True)).json()["total"] == 1


FIELDS = {"customer": {"tier": "gold", "seats": 40, "tags": ["eu", "vip"], "note": None}, "subject": "Order 66 lost"}
HOLDING = [
    ("customer.tier", "eq", "gold"),
    ("customer.tier", "eq", "Gold"),
    ("customer.tier", "neq", "silver"),
    ("customer.tier", "in", ["gold", "platinum"]),
    ("customer.tier", "not_in", ["silver"]),
    ("customer.seats", "gt", 39),
    ("customer.seats", "gte", 40),
    ("customer.seats", "lt", 40.5),
    ("customer.seats", "lte", 40),
    ("customer.tags", "contains", "vip"),
    ("customer.tags", "not_contains", "us"),
    ("subject", "contains", "66"),
    ("subject", "starts_with", "Order"),
    ("subject", "ends_with", "lost"),
    ("customer.tier", "is_set", None),
    ("customer.note", "is_not_set", None),
    ("customer.age.years", "is_not_set", None),
    ("priority", "eq", "urgent"),
]
FAILING = [
    ("customer.tier", "eq", "silver"),
    ("customer.tier", "contains", "Gol"),
    ("customer.tier", "neq", "gold"),
    ("customer.tier", "in", ["silver"]),
    ("customer.tier", "not_in", ["gold"]),
    ("customer.seats", "gt", 40),
    ("customer.seats", "gte", "40"),
    ("customer.seats", "lt", 40),
    ("customer.seats", "lte", 39),
    ("customer.tags", "contains", "us"),
    ("subject", "not_contains", "66"),
    ("subject", "starts_with", "lost"),
    ("subject", "ends_with", "Order"),
    ("customer.note", "is_set", None),
    ("customer.tier", "is_not_set", None),
    ("customer.tier.deeper", "eq", "gold"),
]


@pytest.mark.parametrize(
    ("condition", "holds"), [*((one, True) for one in HOLDING), *((one, False) for one in FAILING)], ids=str
)
async def test_a_condition_decides_which_tickets_a_policy_is_for(api: Any, condition: Any, holds: bool) -> None:
    field, operator, value = condition
    shown = {"field": field, "operator": operator, **({} if value is None else {"value": value})}
    policy = await api.policy(conditions=[shown])
    assert policy["conditions"] == [shown]
    ticket = {"conversation_id": "conv_1", "priority": "urgent", "fields": FIELDS}
    answer = await api.post("/instances", ticket)
    assert (answer.status_code, answer.json()["policy_id"]) == ((201, policy["id"]) if holds else (200, None))


@pytest.mark.parametrize(("match", "holds"), [("all", False), ("any", True)])
async def test_all_conditions_must_hold_or_any(api: Any, match: str, holds: bool) -> None:
    conditions = [
        {"field": "priority", "operator": "eq", "value": "urgent"},
        {"field": "channel", "operator": "is_set"},
    ]
    await api.policy(match=match, conditions=conditions)
    answer = await api.post("/instances", {"conversation_id": "conv_1", "priority": "urgent"})
    assert (answer.status_code == 201) is holds


EVERY_OPERATOR = "eq, neq, in, not_in, gt, gte, lt, lte, contains, not_contains, starts_with, ends_with, is_set, is_not"


@pytest.mark.parametrize(
    ("operator", "value", "part", "told"),
    [
        ("is", "x", "operator", EVERY_OPERATOR),
        ("", "x", "operator", EVERY_OPERATOR),
        (5, "x", "operator", EVERY_OPERATOR),
        (None, "x", "operator", EVERY_OPERATOR),
        (["eq"], "x", "operator", EVERY_OPERATOR),
        ("eq", ["x"], "value", "a text, a number, true, false or null"),
        ("neq", {"a": 1}, "value", "a text, a number, true, false or null"),
        ("in", "urgent", "value", "a list with at least one text or number"),
        ("in", None, "value", "a list with at least one text or number"),
        ("not_in", [], "value", "a list with at least one text or number"),
        ("gt", True, "value", "a number or a text"),
        ("gte", None, "value", "a number or a text"),
        ("lt", ["1"], "value", "a number or a text"),
        ("lte", {}, "value", "a number or a text"),
        ("contains", ["x"], "value", "a text or a number"),
        ("not_contains", {}, "value", "a text or a number"),
        ("starts_with", 1, "value", "a text"),
        ("ends_with", "", "value", "a text"),
        ("is_set", "x", "value", "no value"),
        ("is_not_set", False, "value", "no value"),
    ],
)
async def test_an_operator_or_value_that_makes_no_sense_is_refused_with_the_valid_ones(
    api: Any, operator: Any, value: Any, part: str, told: str
) -> None:
    wanted = [{"field": "a", "operator": "eq", "value": 1}, {"field": "b", "operator": operator, "value": value}]
    for answer in (
        await api.post("/policies", {**SEED, "conditions": wanted}),
        await api.http.patch(f"/api/v2/sla/policies/{(await api.policy())['id']}", json={"conditions": wanted}),
    ):
        assert (answer.status_code, answer.json()["field"]) == (422, f"conditions[1].{part}")
        assert told in answer.json()["detail"]
