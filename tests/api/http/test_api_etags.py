"""Lost updates: a policy's entity tag names its version, and who sends it changes that version or nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.http.entity_tags import EntityTags, parse_tags
from domain.errors import InvalidValue

V2 = "/api/v2/sla"
STEP = {"trigger": "breached", "action_type": "webhook"}
TARGET = {"type": "resolution", "priority": "low", "hours": 1}
PREFIXES = {"sla": "", "ola": "/ola"}
CHANGES = ("patch", "archive", "add target", "delete target", "add step", "change step", "delete step")


async def create(api: Any, kind: str = "sla") -> tuple[dict[str, Any], str]:
    body = {"name": "Guarded", "targets": [{"type": "resolution", "hours": 4}], "escalations": [STEP]}
    answer = await api.post(f"{PREFIXES[kind]}/policies", body)
    assert answer.status_code == 201, answer.text
    return answer.json(), answer.headers["etag"]


async def send(api: Any, method: str, path: str, body: Any = None, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await api.http.request(method, f"{V2}{path}", headers=sent, **({} if body is None else {"json": body}))


async def change(api: Any, policy: dict[str, Any], name: str, kind: str = "sla", **headers: str) -> Any:
    base = PREFIXES[kind]
    path = f"{base}/policies/{policy['id']}"
    target, step = policy["targets"][0]["id"], policy["escalations"][0]["id"]
    method, where, body = {
        "patch": ("PATCH", path, {"name": "Changed"}),
        "archive": ("DELETE", path, None),
        "add target": ("POST", f"{path}/targets", TARGET),
        "delete target": ("DELETE", f"{base}/targets/{target}", None),
        "add step": ("POST", f"{path}/escalations", STEP),
        "change step": ("PATCH", f"{base}/escalations/{step}", {"status": "inactive"}),
        "delete step": ("DELETE", f"{base}/escalations/{step}", None),
    }[name]
    return await send(api, method, where, body, **headers)


async def read(api: Any, policy: dict[str, Any], kind: str = "sla") -> Any:
    return await api.get(f"{PREFIXES[kind]}/policies/{policy['id']}")


@pytest.mark.parametrize("kind", ["sla", "ola"])
async def test_a_policy_has_a_strong_tag_that_is_new_with_every_version(api: Any, kind: str) -> None:
    policy, created = await create(api, kind)
    tags = [created]
    for name in ("patch", "add target", "delete target", "add step", "change step", "delete step"):
        answer = await change(api, policy, name, kind)
        shown = await read(api, policy, kind)
        assert shown.headers["etag"] == answer.headers["etag"], name
        tags.append(answer.headers["etag"])
    await change(api, policy, "archive", kind)
    tags.append((await read(api, policy, kind)).headers["etag"])
    assert len(set(tags)) == len(tags)
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


async def test_what_changes_nothing_leaves_the_tag(api: Any) -> None:
    policy, tag = await create(api)
    same = await send(api, "PATCH", f"/policies/{policy['id']}", {"name": policy["name"]}, If_Match=tag)
    assert (same.status_code, same.headers["etag"]) == (200, tag)
    await api.post("/policies/reorder", {"policy_ids": [policy["id"]]})
    assert (await read(api, policy)).headers["etag"] == tag


async def test_policies_have_different_tags_at_the_same_version(api: Any) -> None:
    (one, tag), (_, other) = await create(api), await create(api)
    assert tag != other
    assert (await change(api, one, "patch", If_Match=other)).status_code == 412


@pytest.mark.parametrize("kind", ["sla", "ola"])
@pytest.mark.parametrize("name", CHANGES)
async def test_a_change_of_the_present_version_is_made_and_of_a_former_one_refused(
    api: Any, name: str, kind: str
) -> None:
    policy, former = await create(api, kind)
    other = await send(api, "PATCH", f"{PREFIXES[kind]}/policies/{policy['id']}", {"description": "of another"})
    present = await read(api, policy, kind)
    refused = await change(api, policy, name, kind, If_Match=former)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (412, "precondition_failed")
    assert (problem["field"], problem["value"]) == ("If-Match", other.headers["etag"])
    assert refused.headers["content-type"] == "application/problem+json"
    assert (await read(api, policy, kind)).json() == present.json()
    made = await change(api, policy, name, kind, If_Match=present.headers["etag"])
    assert made.status_code in {200, 201, 204}
    assert (await read(api, policy, kind)).json()["version"] == 3


@pytest.mark.parametrize("name", CHANGES)
async def test_of_many_who_saw_the_same_version_one_changes_it(api: Any, name: str) -> None:
    policy, tag = await create(api)
    path = f"/policies/{policy['id']}"
    rivals = [send(api, "PATCH", path, {"description": f"edit {number}"}, If_Match=tag) for number in range(5)]
    answers = await asyncio.gather(*rivals, change(api, policy, name, If_Match=tag))
    made = [answer for answer in answers if answer.status_code in {200, 201, 204}]
    assert len(made) == 1
    # A part that is gone, or a policy that is archived, may be what the others find.
    assert {answer.status_code for answer in answers if answer not in made} == {412}
    assert (await api.get(f"{path}/versions")).json()["total"] == 2


async def test_a_change_without_a_tag_is_merged_with_those_of_others(api: Any) -> None:
    policy, tag = await create(api)
    path = f"/policies/{policy['id']}"
    guarded = [send(api, "PATCH", path, {"name": f"edit {number}"}, If_Match=tag) for number in range(3)]
    answers = await asyncio.gather(*guarded, change(api, policy, "add target"), change(api, policy, "add step"))
    assert [answer.status_code for answer in answers[3:]] == [201, 201]
    changed = (await read(api, policy)).json()
    assert (len(changed["targets"]), len(changed["escalations"])) == (2, 2)


MATCHING = ["{tag}", '"x", {tag}', '{tag}, W/"y"', ",, {tag} ,", '"a,b",{tag}', "*", " * ", "\t{tag}\t"]
FAILING = ['"x"', "W/{tag}", 'W/{tag}, "x"', '""', '"*"', '"é"']


@pytest.mark.parametrize("text", MATCHING)
async def test_one_strong_tag_of_a_list_is_enough(api: Any, text: str) -> None:
    policy, tag = await create(api)
    assert (await change(api, policy, "patch", If_Match=text.format(tag=tag))).status_code == 200


@pytest.mark.parametrize("text", FAILING)
async def test_a_list_without_the_strong_tag_changes_nothing(api: Any, text: str) -> None:
    policy, tag = await create(api)
    headers = [("If-Match", text.format(tag=tag).encode("latin-1"))]
    answer = await api.http.patch(f"{V2}/policies/{policy['id']}", json={"name": "x"}, headers=headers)
    assert answer.status_code == 412
    assert (await read(api, policy)).json() == policy


async def test_several_header_lines_are_one_list(api: Any) -> None:
    policy, tag = await create(api)
    for method, header, status in (("GET", "If-None-Match", 304), ("PATCH", "If-Match", 200)):
        headers = [(header, '"x"'), (header, tag)]
        body = {} if method == "GET" else {"json": {"name": "Changed"}}
        answer = await api.http.request(method, f"{V2}/policies/{policy['id']}", headers=headers, **body)
        assert answer.status_code == status


MALFORMED = ["", " ", ",", "x", '"x', 'x"', '"x" "y"', '"x";q=1', "w/{tag}", "W/ {tag}", "*, {tag}", "**", '"a"b"']


@pytest.mark.parametrize("text", MALFORMED)
async def test_a_header_that_is_no_list_of_tags_is_named(api: Any, text: str) -> None:
    policy, tag = await create(api)
    sent = text.format(tag=tag)
    changed = await change(api, policy, "patch", If_Match=sent)
    got = await send(api, "GET", f"/policies/{policy['id']}", If_None_Match=sent)
    assert [answer.status_code for answer in (changed, got)] == [422, 422]
    assert [answer.json()["field"] for answer in (changed, got)] == ["If-Match", "If-None-Match"]
    assert "entity tags" in changed.json()["detail"]
    assert (await read(api, policy)).json() == policy


@pytest.mark.parametrize("kind", ["sla", "ola"])
@pytest.mark.parametrize("text", ["{tag}", "W/{tag}", '"x", {tag}', "*"])
async def test_what_is_known_already_is_not_sent_again(api: Any, text: str, kind: str) -> None:
    policy, tag = await create(api, kind)
    path = f"{PREFIXES[kind]}/policies/{policy['id']}"
    answer = await send(api, "GET", path, If_None_Match=text.format(tag=tag))
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    await change(api, policy, "patch", kind)
    answer = await send(api, "GET", path, If_None_Match=tag)
    assert (answer.status_code, answer.json()["name"]) == (200, "Changed")


async def test_what_is_not_there_is_not_found_whatever_the_tag(api: Any) -> None:
    policy, _ = await create(api)
    gone = {**policy, "id": "sla_gone", "targets": [{"id": "target_gone"}], "escalations": [{"id": "esc_gone"}]}
    for name in CHANGES:
        assert (await change(api, gone, name, If_Match="*")).status_code == 404
    assert (await send(api, "GET", "/policies/sla_gone", If_None_Match="*")).status_code == 404


async def test_archiving_again_is_no_change_unless_another_version_is_wanted(api: Any) -> None:
    policy, tag = await create(api)
    assert (await change(api, policy, "archive", If_Match=tag)).status_code == 204
    archived = (await read(api, policy)).headers["etag"]
    assert (await change(api, policy, "archive", If_Match=tag)).status_code == 412
    assert (await change(api, policy, "archive", If_Match=archived)).status_code == 204
    assert (await change(api, policy, "archive")).status_code == 204
    assert (await change(api, policy, "patch", If_Match=archived)).status_code == 409


async def test_those_who_archive_at_once_all_find_it_archived(api: Any) -> None:
    policy, _ = await create(api)
    answers = await asyncio.gather(*(change(api, policy, "archive") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {204}
    assert (await api.get(f"/policies/{policy['id']}/versions")).json()["total"] == 2


CONTACT, ON_CALL = "/contacts/{contact_id}", "/on-call/{on_call_id}"


async def test_the_description_tells_of_tags_and_conditions(api: Any) -> None:
    paths = (await api.http.get("/openapi.json")).json()["paths"]
    guarded = {
        (path.removeprefix(V2), method): operation
        for path, methods in paths.items()
        for method, operation in (methods.items() if path.startswith(V2) else ())
        if any(one["name"] == "If-Match" for one in operation.get("parameters", []))
    }
    each = [("/policies/{policy_id}", "patch"), ("/policies/{policy_id}", "delete")]
    each += [("/policies/{policy_id}/targets", "post"), ("/policies/{policy_id}/escalations", "post")]
    each += [("/targets/{target_id}", "delete"), ("/escalations/{escalation_id}", "patch")]
    each += [("/escalations/{escalation_id}", "delete")]
    people = {(path, method) for path in (CONTACT, ON_CALL) for method in ("patch", "delete")}
    policies = {(f"{prefix}{path}", method) for prefix in PREFIXES.values() for path, method in each}
    assert guarded.keys() == policies | people
    assert all("412" in operation["responses"] for operation in guarded.values())
    for prefix in PREFIXES.values():
        got = paths[f"{V2}{prefix}/policies/{{policy_id}}"]["get"]
        assert {"200", "304"} <= got["responses"].keys()
        assert "ETag" in got["responses"]["200"]["headers"]
        assert "content" not in got["responses"]["304"]


def test_a_list_of_tags_is_read_in_a_time_that_grows_with_its_length() -> None:
    many = ", ".join(f'"{number}"' for number in range(10_000))
    tags = parse_tags([many], "If-Match")
    assert tags is not None
    assert tags.match_strongly('"9999"')
    with pytest.raises(InvalidValue):
        parse_tags([", " * 50_000 + "x"], "If-Match")
    assert parse_tags([], "If-Match") is None
    assert parse_tags(['W/"a"'], "If-Match") == EntityTags(weak=frozenset({'"a"'}))
