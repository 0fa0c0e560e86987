"""Scrubbe's SLA policies over REST: the seed's fields, one policy for a priority, and what v2 may do with them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from domain.access.subscriptions import Subscription
from domain.ids import InstanceId, Kind, SubjectType
from domain.ticket.origins import Origin
from domain.ticket.tickets import Ticket
from service.instances.open_ticket import open_instance

V1, V2 = "/api/v1/sla-policies", "/api/v2/sla/policies"

SEED = {
    "name": "Critical Outage SLA",
    "priority": "CRITICAL",
    "responseTimeMinutes": 15,
    "responseThreshold": 90,
    "resolveTimeMinutes": 60,
    "resolveThreshold": 85,
    "escalationContact": "Tier1",
    "applicableTeam": "oncall@example.com",
    "uptimeTarget": 99.9,
}
LEAST = {"name": "Least", "priority": "LOW", "responseTimeMinutes": 1.5, "resolveTimeMinutes": 0.25}
OPTIONAL = ("responseThreshold", "resolveThreshold", "escalationContact", "applicableTeam", "uptimeTarget")


async def create(api: Any, **changes: Any) -> dict[str, Any]:
    answer = await api.http.post(V1, json={**SEED, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def listed(api: Any) -> list[str]:
    return [policy["priority"] for policy in (await api.http.get(V1)).json()]


async def test_the_request_of_the_seed_creates_a_policy(api: Any) -> None:
    answer = await api.http.post(V1, json=SEED)
    body = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{V1}/{body['id']}")
    assert answer.headers["etag"] == f'"{body["id"]}.1"'
    assert body["id"].startswith("pol_")
    assert {name: body[name] for name in SEED} == SEED
    assert body.keys() == {*SEED, "id", "createdAt", "updatedAt", "version"}
    assert (body["version"], body["createdAt"]) == (1, body["updatedAt"])
    assert (await api.http.get(f"{V1}/{body['id']}")).json() == body


async def test_a_policy_needs_a_name_a_priority_and_two_times_and_nothing_else(api: Any) -> None:
    policy = await create(api, **dict.fromkeys(OPTIONAL))
    assert {policy[name] for name in OPTIONAL} == {None}
    answer = await api.http.post(V1, json=LEAST)
    assert (answer.status_code, {name: answer.json()[name] for name in LEAST}) == (201, LEAST)
    assert {answer.json()[name] for name in OPTIONAL} == {None}
    for name in LEAST:
        answer = await api.http.post(V1, json={key: value for key, value in SEED.items() if key != name})
        assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, name, None)


REFUSED: list[tuple[str, tuple[Any, ...]]] = [
    ("name", ("", "  ", 5, None, "x" * 201)),
    ("priority", ("", "critical", "URGENT", None, 1)),
    *[(name, (0, -1, 1e-9, 1e9, "15", True, None, [])) for name in ("responseTimeMinutes", "resolveTimeMinutes")],
    *[(name, (-0.1, 100.1, "90", True, [])) for name in ("responseThreshold", "resolveThreshold", "uptimeTarget")],
    *[(name, (5, "  ", "x" * 1001, {})) for name in ("escalationContact", "applicableTeam")],
    *[(name, (1, None)) for name in ("unknown", "response_time_minutes", "id", "version", "origin")],
]


@pytest.mark.parametrize(("field", "values"), REFUSED, ids=lambda case: case if isinstance(case, str) else "")
async def test_what_a_field_cannot_hold_is_refused_by_its_name(api: Any, field: str, values: tuple[Any, ...]) -> None:
    policy = await create(api, priority="LOW")
    for value in values:
        for answer in (
            await api.http.post(V1, json={**SEED, field: value}),
            await api.http.put(f"{V1}/{policy['id']}", json={**SEED, field: value}),
        ):
            assert (answer.status_code, answer.json()["field"]) == (422, field), (value, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
    assert await listed(api) == ["LOW"]


async def test_the_ends_of_the_scale_are_percentages_and_a_response_may_take_longer_than_the_rest(api: Any) -> None:
    ends = {"responseThreshold": 0, "resolveThreshold": 100, "uptimeTarget": 0}
    policy = await create(api, responseTimeMinutes=90.5, **ends)
    assert {name: policy[name] for name in ends} == ends
    assert (policy["responseTimeMinutes"], policy["resolveTimeMinutes"]) == (90.5, 60)


async def test_policies_are_listed_as_a_bare_array_the_most_urgent_first(api: Any) -> None:
    assert (await api.http.get(V1)).json() == []
    for priority in ("MEDIUM", "CRITICAL", "LOW", "HIGH"):
        await create(api, priority=priority)
    await api.policy()
    assert await listed(api) == ["CRITICAL", "HIGH", "MEDIUM", "LOW"]


async def test_a_second_policy_for_a_priority_is_refused_and_names_the_first(api: Any) -> None:
    first = await create(api)
    answer = await api.http.post(V1, json=SEED)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert (answer.json()["field"], answer.json()["value"]) == ("priority", first["id"])
    other = await create(api, priority="LOW")
    moved = await api.http.put(f"{V1}/{other['id']}", json=SEED)
    assert (moved.status_code, moved.json()["value"]) == (409, first["id"])
    assert (await api.http.get(f"{V1}/{other['id']}")).json() == other


async def test_of_policies_created_at_once_for_a_priority_one_stays(api: Any) -> None:
    answers = await asyncio.gather(*(api.http.post(V1, json=SEED) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert await listed(api) == ["CRITICAL"]


async def test_put_replaces_every_field_and_what_is_left_out_is_nothing(api: Any) -> None:
    policy = await create(api)
    answer = await api.http.put(f"{V1}/{policy['id']}", json=LEAST)
    replaced = answer.json()
    assert (answer.status_code, replaced["version"]) == (200, 2)
    assert answer.headers["etag"] == f'"{policy["id"]}.2"'
    assert {name: replaced[name] for name in LEAST} == LEAST
    assert {replaced[name] for name in OPTIONAL} == {None}
    assert (await api.http.get(f"{V1}/{policy['id']}")).json() == replaced
    same = await api.http.put(f"{V1}/{policy['id']}", json=LEAST)
    assert (same.status_code, same.json()) == (200, replaced)


async def test_puts_at_once_are_applied_one_after_the_other(api: Any) -> None:
    policy = await create(api)
    bodies = [{**SEED, "name": f"Number {number}"} for number in range(5)]
    answers = await asyncio.gather(*(api.http.put(f"{V1}/{policy['id']}", json=body) for body in bodies))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4, 5, 6]


async def test_a_version_that_has_been_replaced_is_not_replaced_again(api: Any) -> None:
    policy = await create(api)
    path, first = f"{V1}/{policy['id']}", {"If-Match": f'"{policy["id"]}.1"'}
    assert (await api.http.put(path, json=LEAST, headers=first)).status_code == 200
    for answer in (await api.http.put(path, json=SEED, headers=first), await api.http.delete(path, headers=first)):
        assert (answer.status_code, answer.json()["value"]) == (412, f'"{policy["id"]}.2"')
    known = await api.http.get(path, headers={"If-None-Match": f'"{policy["id"]}.2"'})
    assert (known.status_code, known.content) == (304, b"")
    assert (await api.http.delete(path, headers={"If-Match": f'"{policy["id"]}.2"'})).status_code == 204


async def test_a_deleted_policy_is_gone_and_its_priority_is_free(api: Any) -> None:
    policy = await create(api)
    path = f"{V1}/{policy['id']}"
    assert (await api.http.delete(path)).status_code == 204
    for answer in (
        await api.http.get(path),
        await api.http.delete(path),
        await api.http.put(path, json=SEED),
    ):
        assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (404, "policyId", policy["id"])
    assert await listed(api) == []
    assert (await create(api))["id"] != policy["id"]


async def opened(api: Any, subject: str, priority: str = "CRITICAL") -> str:
    """The id of an instance of a ticket that came through the API v1."""
    ticket = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, subject), priority, origin=Origin.V1)
    await open_instance(api.dependencies, api.organization, ticket, None)
    return str(ticket.instance)


async def test_a_policy_with_open_clocks_is_not_deleted_and_the_answer_says_how_many_there_are(api: Any) -> None:
    await api.with_worker()
    policy, other = await create(api), await create(api, priority="LOW")
    instances = [await opened(api, subject) for subject in ("1", "2")]
    answer = await api.http.delete(f"{V1}/{policy['id']}")
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (409, "openInstances", 2)
    assert (await api.http.delete(f"{V1}/{other['id']}")).status_code == 204
    assert await listed(api) == ["CRITICAL"]
    for instance in instances:
        assert (await api.post(f"/instances/{instance}/resolve")).status_code == 200
    assert await deleted(api, policy) == 204
    assert await listed(api) == []


async def deleted(api: Any, policy: dict[str, Any]) -> int:
    """The status, once the store knows what became of the clocks."""
    for _ in range(200):
        answer = await api.http.delete(f"{V1}/{policy['id']}")
        if answer.status_code != 409:
            return int(answer.status_code)
        await asyncio.sleep(0.05)
    raise AssertionError("the store does not follow")


async def test_a_ticket_keeps_the_version_of_the_policy_that_it_was_opened_under(api: Any) -> None:
    await api.with_worker()
    policy = await create(api)
    instance = await opened(api, "1")
    assert (await api.http.put(f"{V1}/{policy['id']}", json={**SEED, "resolveTimeMinutes": 5})).status_code == 200
    seen = (await api.get(f"/instances/{instance}")).json()
    assert (seen["policy_id"], seen["policy_version"]) == (policy["id"], 1)
    assert 59 * 60 < seen["targets"]["resolution"]["remaining_seconds"] <= 60 * 60


async def test_policies_of_v2_do_not_exist_here(api: Any) -> None:
    path = f"{V1}/{(await api.policy())['id']}"
    for answer in (await api.http.get(path), await api.http.delete(path), await api.http.put(path, json=SEED)):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_post_sent_again_under_its_key_is_answered_the_same(api: Any) -> None:
    headers = {"Idempotency-Key": "first"}
    one, again = [await api.http.post(V1, json=SEED, headers=headers) for _ in range(2)]
    assert (one.status_code, again.status_code, again.json()) == (201, 201, one.json())
    assert again.headers["idempotency-replayed"] == "true"


async def test_v2_reads_such_a_policy_and_tells_its_origin(api: Any) -> None:
    own, policy = await api.policy(), await create(api)
    seen = (await api.http.get(f"{V2}/{policy['id']}")).json()
    assert (seen["origin"], seen["name"], seen["at_risk_percent"]) == ("v1", SEED["name"], None)
    assert seen["conditions"] == [{"field": "priority", "operator": "eq", "value": "CRITICAL", "case_sensitive": True}]
    assert [(one["type"], one["minutes"]) for one in seen["targets"]] == [("first_response", 15), ("resolution", 60)]
    assert (seen["business_hours"], seen["escalations"], seen["enabled"]) == (False, [], True)
    assert own["origin"] == "v2"
    (version,) = (await api.get(f"/policies/{policy['id']}/versions")).json()["data"]
    assert version["policy"]["origin"] == "v1"


@pytest.mark.parametrize(("origin", "names"), [(None, ["v2"]), ("v2", ["v2"]), ("v1", ["v1"]), ("all", ["v2", "v1"])])
async def test_the_list_of_v2_is_of_its_own_policies_unless_others_are_asked_for(
    api: Any, origin: str | None, names: list[str]
) -> None:
    await api.policy(name="v2")
    await create(api, name="v1")
    found = (await api.get("/policies", **({} if origin is None else {"origin": origin}))).json()
    assert ([policy["name"] for policy in found["data"]], found["total"]) == (names, len(names))


async def test_an_origin_that_there_is_not_is_refused(api: Any) -> None:
    answer = await api.get("/policies", origin="v3")
    assert (answer.status_code, answer.json()["field"]) == (422, "origin")


async def test_an_order_of_v2_leaves_the_policies_of_v1_out(api: Any) -> None:
    own, policy = await api.policy(), await create(api)
    assert (await api.post("/policies/reorder", {"policy_ids": [own["id"]]})).status_code == 200
    refused = await api.post("/policies/reorder", {"policy_ids": [own["id"], policy["id"]]})
    assert (refused.status_code, refused.json()["errors"][0]["message"]) == (422, "is unknown")


async def test_v2_gives_such_a_policy_what_v1_has_no_words_for_and_a_put_keeps_it(api: Any) -> None:
    policy = await create(api)
    hours = (await api.get("/business-hours")).json()["data"][0]["id"]
    step = {"trigger": "breached", "delay_minutes": 5, "actions": [{"type": "notify_team_lead"}]}
    given = {"business_hours_id": hours, "escalations": [step], "description": "By day", "enabled": False}
    changed = await api.http.patch(f"{V2}/{policy['id']}", json=given)
    assert changed.status_code == 200, changed.text
    assert changed.json()["business_hours"] is True
    more = await api.post(f"/policies/{policy['id']}/escalations", {"threshold_minutes": 5, "action_type": "notify"})
    assert more.status_code == 201, more.text
    put = await api.http.put(f"{V1}/{policy['id']}", json=LEAST)
    assert (put.status_code, put.json()["version"]) == (200, 4)
    after = (await api.http.get(f"{V2}/{policy['id']}")).json()
    kept = ("business_hours", "business_hours_id", "description", "enabled")
    assert {name: after[name] for name in kept} == {name: changed.json()[name] for name in kept}
    assert [one["delay_minutes"] for one in after["escalations"]] == [5, 0]
    assert after["name"] == "Least"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Mine"},
        {"conditions": []},
        {"match": "any"},
        {"targets": [{"type": "resolution", "hours": 1}]},
        {"at_risk_percent": 50},
        {"enabled": False, "name": "Mine"},
    ],
    ids=str,
)
async def test_v2_does_not_change_what_belongs_to_v1(api: Any, change: dict[str, Any]) -> None:
    policy = await create(api)
    answer = await api.http.patch(f"{V2}/{policy['id']}", json=change)
    (field,) = change.keys() - {"enabled"}
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert "API v1" in answer.json()["detail"]
    assert (await api.http.get(f"{V1}/{policy['id']}")).json() == policy


async def test_v2_neither_deletes_such_a_policy_nor_changes_its_targets(api: Any) -> None:
    policy = await create(api)
    (target, _) = (await api.http.get(f"{V2}/{policy['id']}")).json()["targets"]
    for answer in (
        await api.http.delete(f"{V2}/{policy['id']}"),
        await api.post(f"/policies/{policy['id']}/targets", {"type": "resolution", "priority": "LOW", "hours": 1}),
        await api.http.delete(f"/api/v2/sla/targets/{target['id']}"),
    ):
        assert (answer.status_code, answer.json()["value"]) == (409, policy["id"]), answer.text
        assert "belongs to the API v1" in answer.json()["detail"]
    assert (await api.http.get(f"{V1}/{policy['id']}")).json() == policy


async def test_subjects_of_v2_do_not_match_policies_of_v1(api: Any) -> None:
    await create(api)
    answer = await api.post("/instances", {"ticket_id": "42", "priority": "CRITICAL"})
    assert (answer.status_code, answer.json()["status"]) == (200, "untracked")


async def test_a_contact_needs_no_other_plan_than_the_rest(api: Any) -> None:
    await api.dependencies.store.organizations.change(api.organization, subscription=Subscription.PROFESSIONAL)
    assert (await create(api))["escalationContact"] == "Tier1"
