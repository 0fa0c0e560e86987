from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from api.http.auth import KeyCache
from domain.errors import Unauthorized


async def create(api: Any, *scopes: str, name: str = "desk", key: str = "") -> dict[str, Any]:
    headers = {"X-API-Key": key} if key else {}
    answer = await api.post("/keys", {"name": name, "scopes": list(scopes)}, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def asked_with(api: Any, key: str, path: str = "/policies") -> httpx.Response:
    answer: httpx.Response = await api.http.get(f"/api/v2/sla{path}", headers={"X-API-Key": key})
    return answer


async def test_a_new_key_is_shown_once_and_does_what_its_scopes_say(api: Any) -> None:
    answer = await api.post("/keys", {"name": "desk", "scopes": ["sla:write", "sla:read", "sla:read"]})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    assert made["key"].startswith("ak_live_")
    assert made["key"].startswith(made["prefix"])
    assert made["scopes"] == ["sla:read", "sla:write"]
    assert (await asked_with(api, made["key"])).status_code == 200
    assert (await asked_with(api, made["key"], "/keys")).status_code == 403
    listed = await api.get("/keys")
    assert made["key"] not in listed.text
    assert {**made, "key": None} == {**listed.json()["data"][-1], "key": None}


async def test_keys_are_listed_oldest_first_in_pages(api: Any) -> None:
    first, second = await create(api, "sla:read", name="one"), await create(api, "sla:read", name="two")
    answer = (await api.get("/keys", limit=1, offset=1)).json()
    assert (answer["total"], answer["limit"], answer["offset"]) == (3, 1, 1)
    assert [one["id"] for one in answer["data"]] == [first["id"]]
    assert (await api.get("/keys", offset=2)).json()["data"][0]["id"] == second["id"]


async def test_a_revoked_key_opens_nothing_from_the_next_request_on(api: Any) -> None:
    made = await create(api, "sla:read")
    assert (await asked_with(api, made["key"])).status_code == 200
    for _ in range(2):
        answer = await api.http.delete(f"/api/v2/sla/keys/{made['id']}")
        assert (answer.status_code, answer.content) == (204, b"")
    assert (await asked_with(api, made["key"])).status_code == 401
    listed = (await api.get("/keys")).json()["data"][-1]
    assert listed["id"] == made["id"]
    assert listed["revoked_at"] is not None


async def test_revoking_again_does_not_move_the_moment(api: Any) -> None:
    made = await create(api, "sla:read")
    moments = set()
    for _ in range(2):
        await api.http.delete(f"/api/v2/sla/keys/{made['id']}")
        moments.add((await api.get("/keys")).json()["data"][-1]["revoked_at"])
    assert len(moments) == 1


async def test_a_key_may_revoke_itself(api: Any) -> None:
    made = await create(api, "sla:admin")
    own = {"X-API-Key": made["key"]}
    assert (await api.http.delete(f"/api/v2/sla/keys/{made['id']}", headers=own)).status_code == 204
    assert (await api.http.delete(f"/api/v2/sla/keys/{made['id']}", headers=own)).status_code == 401


async def test_a_key_that_is_looked_up_while_it_is_revoked_is_not_remembered(api: Any) -> None:
    made, cache = await create(api, "sla:read"), KeyCache()
    lookup = asyncio.create_task(cache.owner(made["key"], api.dependencies))
    await asyncio.sleep(0)
    assert not lookup.done()
    cache.forget(api.organization)
    assert (await lookup).id == made["id"]
    await api.dependencies.store.keys.revoke(made["id"])
    with pytest.raises(Unauthorized):
        await cache.owner(made["key"], api.dependencies)


@pytest.mark.parametrize("key_id", ["key_unknown", "%20", "%F0%9F%94%91"])
async def test_a_key_that_does_not_exist_cannot_be_revoked(api: Any, key_id: str) -> None:
    answer = await api.http.delete(f"/api/v2/sla/keys/{key_id}")
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (404, "not_found", "key_id")


async def test_the_keys_of_another_organization_are_neither_seen_nor_revoked(make_api: Any) -> None:
    ours, theirs = await make_api(), await make_api()
    made = await create(theirs, "sla:read")
    assert made["id"] not in (await ours.get("/keys")).text
    assert (await ours.http.delete(f"/api/v2/sla/keys/{made['id']}")).status_code == 404
    assert (await asked_with(theirs, made["key"])).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/keys"), ("POST", "/keys"), ("DELETE", "/keys/key_1")])
async def test_a_key_that_may_read_and_write_does_not_manage_keys(api: Any, method: str, path: str) -> None:
    made = await create(api, "sla:read", "sla:write")
    body = {"name": "more", "scopes": ["sla:read"]} if method == "POST" else None
    answer = await api.http.request(method, f"/api/v2/sla{path}", headers={"X-API-Key": made["key"]}, json=body)
    assert (answer.status_code, answer.json()["value"]) == (403, "sla:admin")


async def test_a_key_grants_no_scope_that_it_does_not_have(api: Any) -> None:
    admin = await create(api, "sla:admin", "sla:read")
    answer = await api.post(
        "/keys", {"name": "more", "scopes": ["sla:read", "sla:write"]}, headers={"X-API-Key": admin["key"]}
    )
    assert answer.status_code == 422
    assert (answer.json()["field"], answer.json()["value"]) == ("scopes[1]", "sla:write")
    assert (await create(api, "sla:read", key=admin["key"]))["scopes"] == ["sla:read"]


@pytest.mark.parametrize(
    ("body", "field", "named"),
    [
        ({"name": "x", "scopes": ["sla:read", "sla:fly"]}, "scopes[1]", "sla:read, sla:write, sla:admin"),
        ({"name": "x", "scopes": []}, "scopes", "sla:read, sla:write, sla:admin"),
        ({"name": "x", "scopes": [1]}, "scopes[0]", "string"),
        ({"name": "x", "scopes": "sla:read"}, "scopes", "list"),
        ({"name": "x"}, "scopes", "required"),
        ({"name": " ", "scopes": ["sla:read"]}, "name", "not empty"),
        ({"name": "x" * 201, "scopes": ["sla:read"]}, "name", "200"),
        ({"name": "x", "scopes": ["sla:read"], "key": "ak_live_mine"}, "key", "not known"),
    ],
)
async def test_a_bad_key_request_names_the_field_and_what_is_valid(
    api: Any, body: dict[str, Any], field: str, named: str
) -> None:
    answer = await api.post("/keys", body)
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert named in answer.json()["detail"]
    assert (await api.get("/keys")).json()["total"] == 1
