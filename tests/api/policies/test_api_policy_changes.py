from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.ids import Kind
from domain.policy.policies import Policy

V2 = "/api/v2/sla"
URGENT = {"conversation_id": "conv_1", "priority": "urgent"}


async def patch(api: Any, path: str, **body: Any) -> Any:
    return await api.http.patch(f"{V2}{path}", json=body)


async def delete(api: Any, path: str) -> Any:
    return await api.http.delete(f"{V2}{path}")


async def read(api: Any, policy: dict[str, Any]) -> dict[str, Any]:
    return dict((await api.get(f"/policies/{policy['id']}")).json())


async def names(api: Any, **params: Any) -> list[str]:
    return [policy["name"] for policy in (await api.get("/policies", **params)).json()["data"]]


async def test_a_patch_of_a_policy_changes_only_what_it_names(api: Any) -> None:
    created = await api.policy(description="All of it", escalations=[{"trigger": "breached", "action_type": "webhook"}])
    answer = await patch(api, f"/policies/{created['id']}", name="Critical Support (Updated)", business_hours=True)
    changed = answer.json()
    assert answer.status_code == 200
    assert (changed["name"], changed["business_hours"]) == ("Critical Support (Updated)", True)
    assert changed["version"] == 2
    assert changed["updated_at"] > created["updated_at"]
    untouched = created.keys() - {"name", "business_hours", "version", "updated_at"}
    assert {name: changed[name] for name in untouched} == {name: created[name] for name in untouched}
    assert await read(api, created) == changed


async def test_a_patch_that_changes_nothing_makes_no_version_of_a_policy(api: Any) -> None:
    created = await api.policy()
    assert (await patch(api, f"/policies/{created['id']}")).json() == created
    assert (await patch(api, f"/policies/{created['id']}", name=created["name"])).json() == created


async def test_true_in_place_of_one_is_a_change(api: Any) -> None:
    created = await api.policy(conditions=[{"field": "vip", "operator": "eq", "value": 1}])
    wanted = [{"field": "vip", "operator": "eq", "value": True}]
    changed = (await patch(api, f"/policies/{created['id']}", conditions=wanted)).json()
    assert changed["conditions"][0]["value"] is True
    assert changed["version"] == 2


async def test_naming_business_hours_in_a_patch_is_wanting_them(api: Any) -> None:
    created = await api.policy(business_hours=False)
    changed = (await patch(api, f"/policies/{created['id']}", business_hours_id="bh_default")).json()
    assert (changed["business_hours"], changed["business_hours_id"]) == (True, "bh_default")


async def test_patches_of_a_policy_at_the_same_moment_all_count(api: Any) -> None:
    created = await api.policy()
    changes: list[dict[str, Any]] = [{"name": "Renamed"}, {"description": "Other"}, {"at_risk_percent": 60}]
    answers = await asyncio.gather(*(patch(api, f"/policies/{created['id']}", **change) for change in changes))
    changed = await read(api, created)
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert changed["version"] == 4
    assert [{name: changed[name] for name in change} for change in changes] == changes


async def test_of_many_patches_at_once_each_is_a_version_or_told_that_it_is_not(api: Any) -> None:
    created = await api.policy()
    path = f"/policies/{created['id']}"
    answers = await asyncio.gather(*(patch(api, path, description=f"edit {number}") for number in range(30)))
    done = [answer.json()["description"] for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    versions = (await api.get(f"{path}/versions", limit=100)).json()["data"]
    assert sorted(one["policy"]["description"] for one in versions[1:]) == sorted(done)
    assert [one["version"] for one in versions] == list(range(1, len(done) + 2))


async def test_what_was_read_may_be_sent_back_and_its_parts_keep_their_ids(api: Any) -> None:
    step = {"trigger": "breached", "actions": [{"type": "reassign", "team_id": "team_2"}]}
    created = await api.policy(escalations=[step, {"trigger": "breached", "action_type": "webhook"}])
    parts = {name: created[name] for name in ("targets", "escalations")}
    assert (await patch(api, f"/policies/{created['id']}", **parts)).json() == created


async def test_targets_that_are_replaced_keep_the_ids_of_their_pairs(api: Any) -> None:
    created = await api.policy()
    response, resolution = created["targets"]
    wanted = [{"type": "resolution", "priority": "urgent", "hours": 2}, {"type": "resolution", "hours": 9}]
    changed = (await patch(api, f"/policies/{created['id']}", targets=wanted)).json()["targets"]
    assert [(target["hours"], target["priority"]) for target in changed] == [(2, "urgent"), (9, None)]
    assert changed[0]["id"] == resolution["id"]
    assert changed[1]["id"] not in {response["id"], resolution["id"]}


async def test_an_id_moves_with_the_target_that_claims_it(api: Any) -> None:
    created = await api.policy()
    response, resolution = created["targets"]
    wanted = [{**resolution, "priority": "low"}, {"type": "resolution", "priority": "urgent", "hours": 1}]
    changed = (await patch(api, f"/policies/{created['id']}", targets=wanted)).json()["targets"]
    assert changed[0]["id"] == resolution["id"]
    assert changed[1]["id"] not in {response["id"], resolution["id"]}


TARGET = {"type": "resolution", "hours": 1}
STEP = {"trigger": "approaching_breach", "threshold_minutes": 5}
CONTRADICTION = {**STEP, "actions": [{"type": "webhook"}], "action_type": "notify"}


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        ({"nmae": "x"}, "nmae", "x"),
        ({"kind": "ola"}, "kind", "ola"),
        ({"version": 7}, "version", 7),
        ({"name": ""}, "name", ""),
        ({"enabled": None}, "enabled", None),
        ({"business_hours_id": "bh_none"}, "business_hours_id", "bh_none"),
        ({"targets": [{**TARGET, "hours": 0}]}, "targets[0].hours", 0),
        ({"targets": [TARGET, TARGET]}, "targets[1]", "resolution for any priority"),
        ({"targets": [{**TARGET, "id": "target_none"}]}, "targets[0].id", "target_none"),
        ({"escalations": [STEP, {**STEP, "id": "esc_none"}]}, "escalations[1].id", "esc_none"),
        ({"escalations": [CONTRADICTION]}, "escalations[0].action_type", "notify"),
        ({"conditions": [{"field": "a", "operator": "is", "value": 1}]}, "conditions[0].operator", "is"),
    ],
)
async def test_a_patch_that_cannot_be_accepted_changes_nothing(
    api: Any, body: dict[str, Any], field: str, value: Any
) -> None:
    created = await api.policy()
    answer = await patch(api, f"/policies/{created['id']}", **body)
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, field, value)
    assert await read(api, created) == created


async def test_an_id_named_twice_is_refused(api: Any) -> None:
    created = await api.policy(escalations=[STEP])
    one, step = created["targets"][0], created["escalations"][0]
    for body, field in (
        ({"targets": [one, {**one, "priority": "low"}]}, "targets[1].id"),
        ({"escalations": [step, step]}, "escalations[1].id"),
    ):
        answer = await patch(api, f"/policies/{created['id']}", **body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_a_policy_cannot_grow_without_end(api: Any) -> None:
    created = await api.policy()
    long = [{"type": "comment", "text": "x" * 1000}] * 200
    path = f"/policies/{created['id']}/escalations"
    first = await api.post(path, {"trigger": "breached", "actions": long})
    second = await api.post(path, {"trigger": "breached", "actions": long})
    assert (first.status_code, second.status_code) == (201, 409)
    assert "256 KiB" in second.json()["detail"]


async def test_a_running_instance_keeps_its_due_when_its_policy_changes(api: Any) -> None:
    created = await api.policy()
    await api.with_worker()
    opened = await api.ticket(occurred_at="2026-03-08T13:00:00Z")
    await patch(api, f"/policies/{created['id']}", targets=[{"type": "resolution", "hours": 1}])
    kept = (await api.post(f"/instances/{opened['id']}/acknowledge", {"event_id": "later"})).json()
    fresh = await api.ticket(occurred_at="2026-03-08T13:00:00Z")
    assert kept["targets"]["resolution"]["due_at"] == opened["targets"]["resolution"]["due_at"]
    assert opened["targets"]["resolution"]["due_at"] == "2026-03-08T17:00:00Z"
    assert fresh["targets"]["resolution"]["due_at"] == "2026-03-08T14:00:00Z"
    assert (kept["policy_version"], fresh["policy_version"]) == (1, 2)


async def test_an_archived_policy_matches_nothing_and_can_still_be_read(api: Any) -> None:
    created = await api.policy(name="gone")
    await api.policy(name="stays", conditions=[{"field": "priority", "operator": "eq", "value": "low"}])
    assert created["archived_at"] is None
    answer = await delete(api, f"/policies/{created['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await api.post("/instances", URGENT)).json()["status"] == "untracked"
    found = await read(api, created)
    assert found["archived_at"] is not None
    assert found["name"] == "gone"
    assert await names(api) == ["stays"]
    assert await names(api, include_archived=True) == ["gone", "stays"]


async def test_an_archived_policy_cannot_be_changed_and_archiving_it_again_is_no_change(api: Any) -> None:
    created = await api.policy(escalations=[STEP])
    path = f"/policies/{created['id']}"
    await delete(api, path)
    refused = [
        await patch(api, path, name="x"),
        await api.post(f"{path}/targets", TARGET),
        await api.post(f"{path}/escalations", STEP),
        await delete(api, f"/targets/{created['targets'][0]['id']}"),
        await patch(api, f"/escalations/{created['escalations'][0]['id']}", status="inactive"),
        await delete(api, f"/escalations/{created['escalations'][0]['id']}"),
    ]
    assert [answer.status_code for answer in refused] == [409] * 6
    assert all("is archived" in answer.json()["detail"] for answer in refused)
    assert (await delete(api, path)).status_code == 204
    assert (await api.get(f"{path}/versions")).json()["total"] == 2


async def test_a_policy_with_open_instances_is_not_archived_and_told_how_many(api: Any) -> None:
    created = await api.policy()
    paused, breached = await api.ticket(), await api.ticket(occurred_at="2026-03-08T13:00:00Z")
    await api.with_worker()
    await api.post(f"/instances/{paused['id']}/pause")
    refused = await delete(api, f"/policies/{created['id']}")
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["value"]) == (409, "conflict", 2)
    assert "2 open instances" in problem["detail"]
    for instance in (paused, breached):
        await api.post(f"/instances/{instance['id']}/resolve")
        await api.temporal.get_workflow_handle(f"sla/{api.organization}/{instance['id']}").result()
    assert (await delete(api, f"/policies/{created['id']}")).status_code == 204


async def test_the_versions_of_a_policy_show_who_changed_what_and_when(api: Any) -> None:
    created = await api.policy()
    path = f"/policies/{created['id']}"
    changed = (await patch(api, path, name="Second")).json()
    await delete(api, path)
    page = (await api.get(f"{path}/versions")).json()
    first, second, third = page["data"]
    assert page["total"] == 3
    assert [one["change"] for one in page["data"]] == ["created", "updated", "archived"]
    assert [one["version"] for one in page["data"]] == [1, 2, 3]
    stamps = ("created_at", "updated_at", "archived_at", "lints")
    assert first["policy"] == {name: value for name, value in created.items() if name not in stamps}
    assert second["policy"]["name"] == "Second"
    assert (first["changed_at"], second["changed_at"]) == (created["created_at"], changed["updated_at"])
    key = await api.dependencies.store.keys.verify(api.http.headers["X-API-Key"])
    assert {(one["changed_by"], one["changed_by_name"]) for one in page["data"]} == {(key.id, "test")}
    assert (await api.get(f"{path}/versions", limit=1, offset=2)).json()["data"] == [third]


async def test_reordered_policies_are_evaluated_in_the_new_order(api: Any) -> None:
    created = [await api.policy(name=name, conditions=[]) for name in ("a", "b", "c")]
    wanted = [created[at]["id"] for at in (2, 0, 1)]
    answer = await api.post("/policies/reorder", {"policy_ids": wanted})
    assert (answer.status_code, answer.json()) == (200, {"policy_ids": wanted})
    assert await names(api) == ["c", "a", "b"]
    assert (await api.ticket())["policy_id"] == created[2]["id"]


async def test_an_order_that_is_not_every_live_policy_once_moves_nothing_and_names_each_id_at_fault(api: Any) -> None:
    a, b, c, gone = [(await api.policy(name=name))["id"] for name in ("a", "b", "c", "gone")]
    await delete(api, f"/policies/{gone}")
    answer = await api.post("/policies/reorder", {"policy_ids": [c, "sla_none", c, gone, b]})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (422, "invalid_value", "policy_ids")
    told = [(error["value"], error["message"]) for error in problem["errors"]]
    assert told == [(a, "is missing"), ("sla_none", "is unknown"), (gone, "is unknown"), (c, "is doubled")]
    assert f"missing: {a}; unknown: sla_none, {gone}; doubled: {c}" in problem["detail"]
    assert await names(api) == ["a", "b", "c"]


@pytest.mark.parametrize("body", [{}, {"policy_ids": "sla_1"}, {"policy_ids": [1]}, {"policy_ids": [], "force": True}])
async def test_an_order_of_another_shape_is_refused(api: Any, body: Any) -> None:
    assert (await api.post("/policies/reorder", body)).status_code == 422


async def test_policies_of_other_kinds_are_no_part_of_these_routes(api: Any) -> None:
    body = {"id": "ola_1", "name": "Internal", "kind": Kind.OLA.value, "targets": [{**TARGET, "id": "target_ola"}]}
    await api.dependencies.store.policies.create(api.organization, Policy.from_json(body))
    ours = await api.policy()
    for answer in (
        await patch(api, "/policies/ola_1", name="x"),
        await delete(api, "/policies/ola_1"),
        await api.get("/policies/ola_1/versions"),
        await api.post("/policies/ola_1/targets", TARGET),
        await delete(api, "/targets/target_ola"),
    ):
        assert answer.status_code == 404
    assert (await api.post("/policies/reorder", {"policy_ids": [ours["id"]]})).status_code == 200


async def test_what_belongs_to_another_organization_cannot_be_changed(make_api: Any) -> None:
    ours, theirs = await make_api(), await make_api()
    policy = await theirs.policy(escalations=[STEP])
    target, step = policy["targets"][0]["id"], policy["escalations"][0]["id"]
    path = f"/policies/{policy['id']}"
    answers = [
        await patch(ours, path, name="Ours"),
        await delete(ours, path),
        await ours.get(f"{path}/versions"),
        await ours.post(f"{path}/targets", TARGET),
        await ours.post(f"{path}/escalations", STEP),
        await delete(ours, f"/targets/{target}"),
        await patch(ours, f"/escalations/{step}", status="inactive"),
        await delete(ours, f"/escalations/{step}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 8
    assert {answer.json()["code"] for answer in answers} == {"not_found"}
    reordered = await ours.post("/policies/reorder", {"policy_ids": [policy["id"]]})
    assert (reordered.status_code, reordered.json()["errors"][0]["message"]) == (422, "is unknown")
    assert await read(theirs, policy) == policy
