"""Internal commitments: the routes of policies under `/ola`, apart from those towards the customer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.access.subscriptions import Subscription
from domain.policy.policies import Policy

V2 = "/api/v2/sla"
TARGET = {"type": "resolution", "hours": 2}
STEP = {"trigger": "approaching_breach", "threshold_minutes": 5, "action_type": "notify"}
INTERNAL = {"name": "Handover", "targets": [TARGET], "escalations": [STEP]}
PREFIXES = {"sla": "", "ola": "/ola"}


async def create(api: Any, kind: str, **changes: Any) -> dict[str, Any]:
    answer = await api.post(f"{PREFIXES[kind]}/policies", {**INTERNAL, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def call(api: Any, method: str, path: str, body: Any = None) -> Any:
    return await api.http.request(method, f"{V2}{path}", **({} if body is None else {"json": body}))


def routes_of(policy: dict[str, Any], kind: str) -> list[tuple[str, str, Any]]:
    """Every request that names this policy or a part of it, under the routes of a kind."""
    path = f"{PREFIXES[kind]}/policies/{policy['id']}"
    step = f"{PREFIXES[kind]}/escalations/{policy['escalations'][0]['id']}"
    return [
        ("GET", path, None),
        ("GET", f"{path}/versions", None),
        ("PATCH", path, {"name": "Changed"}),
        ("POST", f"{path}/targets", {**TARGET, "priority": "low"}),
        ("POST", f"{path}/escalations", STEP),
        ("PATCH", step, {"status": "inactive"}),
        ("DELETE", step, None),
        ("DELETE", f"{PREFIXES[kind]}/targets/{policy['targets'][0]['id']}", None),
        ("DELETE", path, None),
    ]


async def test_an_internal_policy_is_created_and_shown_in_the_shape_of_any_other(api: Any) -> None:
    answer = await api.post("/ola/policies", INTERNAL)
    policy = answer.json()
    assert answer.status_code == 201
    assert policy["id"].startswith("ola_")
    assert answer.headers["location"] == f"{V2}/ola/policies/{policy['id']}"
    assert policy.keys() == (await create(api, "sla")).keys()
    assert (await api.get(f"/ola/policies/{policy['id']}")).json() == policy
    page = (await api.get("/ola/policies")).json()
    assert page == {"data": [policy], "total": 1, "limit": 25, "offset": 0, "next_cursor": None}


@pytest.mark.parametrize("kind", ["sla", "ola"])
async def test_every_verb_works_for_either_kind(api: Any, kind: str) -> None:
    policy = await create(api, kind)
    answers = [await call(api, *route) for route in routes_of(policy, kind)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 201, 201, 200, 204, 204, 204]
    versions = (await api.get(f"{PREFIXES[kind]}/policies/{policy['id']}/versions")).json()
    assert [one["change"] for one in versions["data"]] == ["created", *["updated"] * 6, "archived"]
    last = versions["data"][-1]["policy"]
    assert [target["priority"] for target in last["targets"]] == ["low"]
    assert [step["id"] for step in last["escalations"]] == [answers[4].json()["id"]]


@pytest.mark.parametrize(("kind", "other"), [("sla", "ola"), ("ola", "sla")])
async def test_a_policy_of_one_kind_and_its_parts_are_not_found_under_the_other(
    api: Any, kind: str, other: str
) -> None:
    policy = await create(api, kind)
    answers = [await call(api, *route) for route in routes_of(policy, other)]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "not_found")}
    assert (await api.get(f"{PREFIXES[kind]}/policies/{policy['id']}")).json() == policy
    assert (await api.get(f"{PREFIXES[other]}/policies", include_archived=True)).json()["data"] == []


@pytest.mark.parametrize(("kind", "other"), [("sla", "ola"), ("ola", "sla")])
async def test_each_kind_has_an_order_of_its_own(api: Any, kind: str, other: str) -> None:
    first, foreign, second = [await create(api, each) for each in (kind, other, kind)]
    path = f"{PREFIXES[kind]}/policies"
    refused = await api.post(f"{path}/reorder", {"policy_ids": [second["id"], foreign["id"], first["id"]]})
    assert (refused.status_code, refused.json()["errors"][0]["message"]) == (422, "is unknown")
    wanted = [second["id"], first["id"]]
    assert (await api.post(f"{path}/reorder", {"policy_ids": wanted})).json() == {"policy_ids": wanted}
    assert [policy["id"] for policy in (await api.get(path)).json()["data"]] == wanted


async def test_a_ticket_gets_no_internal_policy_as_its_promise_to_the_customer(api: Any) -> None:
    await create(api, "ola")
    answer = await api.post("/instances", {"conversation_id": "conv_1", "kind": "sla"})
    assert (answer.status_code, answer.json()["status"]) == (200, "untracked")


async def test_an_internal_target_is_of_the_same_types(api: Any) -> None:
    policy = await create(api, "ola")
    answer = await api.post(f"/ola/policies/{policy['id']}/targets", {**TARGET, "type": "handover"})
    assert (answer.status_code, answer.json()["field"]) == (422, "type")
    assert "first_response, resolution" in answer.json()["detail"]


async def without_enterprise(api: Any) -> None:
    """Before the first request, after which the plan is remembered for a while."""
    await api.dependencies.store.organizations.change(api.organization, subscription=Subscription.PROFESSIONAL)


async def test_below_enterprise_every_route_of_escalations_and_internal_policies_needs_the_plan(api: Any) -> None:
    await without_enterprise(api)
    document = (await api.http.get("/openapi.json")).json()
    needing = [
        (method, path.format(policy_id="x", escalation_id="x", target_id="x"))
        for path, methods in document["paths"].items()
        for method in methods
        if "/ola/" in path or "/escalations" in path
    ]
    assert len(needing) == 15
    for method, path in needing:
        answer = await api.http.request(method.upper(), path, json=None if method in {"get", "delete"} else {})
        assert (answer.status_code, answer.json()["code"]) == (403, "plan_required"), (method, path)


async def test_below_enterprise_a_policy_may_lose_its_escalations_and_gain_none(api: Any) -> None:
    await without_enterprise(api)
    document = {"id": "sla_1", "name": "Old", "escalations": [{**STEP, "id": "esc_1"}]}
    await api.dependencies.store.policies.create(api.organization, Policy.from_json(document))
    refused = [
        await api.post("/policies", INTERNAL),
        await call(api, "PATCH", "/policies/sla_1", {"escalations": [STEP]}),
    ]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "plan_required")}
    assert (await api.get("/policies")).json()["total"] == 1
    assert (await api.post("/policies", {**INTERNAL, "escalations": []})).status_code == 201
    renamed = await call(api, "PATCH", "/policies/sla_1", {"name": "New"})
    assert (renamed.json()["name"], len(renamed.json()["escalations"])) == ("New", 1)
    assert (await call(api, "PATCH", "/policies/sla_1", {"escalations": []})).json()["escalations"] == []


@pytest.mark.parametrize("kind", ["sla", "ola"])
async def test_a_client_may_bring_the_ids_it_knows_its_policies_and_their_parts_by(api: Any, kind: str) -> None:
    parts = {
        "targets": [{**TARGET, "id": "target_abc123"}, {**TARGET, "priority": "low"}],
        "escalations": [{**STEP, "id": "esc_abc123"}],
    }
    policy = await create(api, kind, id=f"{kind}_abc123", **parts)
    assert policy["id"] == f"{kind}_abc123"
    assert policy["targets"][0]["id"] == "target_abc123"
    assert policy["targets"][1]["id"].startswith("target_")
    assert policy["escalations"][0]["id"] == "esc_abc123"
    path = f"{PREFIXES[kind]}/policies/{policy['id']}"
    target = await api.post(f"{path}/targets", {**TARGET, "priority": "high", "id": "target_-_9"})
    step = await api.post(f"{path}/escalations", {**STEP, "id": "esc_-_9"})
    assert (target.json()["id"], step.json()["id"]) == ("target_-_9", "esc_-_9")
    assert (await call(api, "DELETE", f"{PREFIXES[kind]}/targets/target_-_9")).status_code == 204


async def test_an_id_that_is_taken_in_the_organization_conflicts(make_api: Any) -> None:
    api, elsewhere = await make_api(), await make_api()
    taken = await create(api, "ola", targets=[{**TARGET, "id": "target_1"}], escalations=[{**STEP, "id": "esc_1"}])
    await call(api, "DELETE", f"/ola/policies/{taken['id']}")
    own = await create(api, "sla", id="sla_1", escalations=[{**STEP, "id": "esc_2"}])
    low = {**TARGET, "priority": "low"}
    for path, body, value in (
        ("/ola/policies", {"name": "x", "id": taken["id"]}, taken["id"]),
        ("/policies", {"name": "x", "id": "sla_1"}, "sla_1"),
        ("/policies", {"name": "x", "targets": [{**TARGET, "id": "target_1"}]}, "target_1"),
        ("/policies", {"name": "x", "escalations": [{**STEP, "id": "esc_1"}]}, "esc_1"),
        ("/policies/sla_1/targets", {**low, "id": "target_1"}, "target_1"),
        ("/policies/sla_1/targets", {**low, "id": own["targets"][0]["id"]}, own["targets"][0]["id"]),
        ("/policies/sla_1/escalations", {**STEP, "id": "esc_1"}, "esc_1"),
        ("/policies/sla_1/escalations", {**STEP, "id": "esc_2"}, "esc_2"),
    ):
        answer = await api.post(path, body)
        assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (409, "id", value), path
    assert (await api.get("/policies/sla_1")).json() == own
    theirs = await create(elsewhere, "sla", id="sla_1", targets=[{**TARGET, "id": "target_1"}])
    assert theirs["id"] == "sla_1"


async def test_of_those_who_choose_the_same_id_at_once_one_gets_it(api: Any) -> None:
    body = {**INTERNAL, "targets": [{**TARGET, "id": "target_1"}]}
    answers = await asyncio.gather(*(api.post("/policies", body) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        *(("/policies", {"id": bad}, "id") for bad in ("ola_1", "sla_", "sla_a b", "sla_1\n", "x", "", 5)),
        ("/policies", {"id": f"sla_{'x' * 101}"}, "id"),
        ("/ola/policies", {"id": "sla_1"}, "id"),
        ("/policies", {"targets": [{**TARGET, "id": "esc_1"}]}, "targets[0].id"),
        ("/policies", {"targets": [{**TARGET, "priority": p, "id": "target_1"} for p in "ab"]}, "targets[1].id"),
        ("/policies", {"escalations": [STEP, {**STEP, "id": "1"}]}, "escalations[1].id"),
        ("/policies", {"escalations": [{**STEP, "id": "esc_1"}, {**STEP, "id": "esc_1"}]}, "escalations[1].id"),
    ],
)
async def test_an_id_of_another_shape_is_refused(api: Any, path: str, body: Any, field: str) -> None:
    answer = await api.post(path, {"name": "x", **body})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await api.get(path)).json()["total"] == 0
