from __future__ import annotations

from typing import Any

import pytest

from api.auth import KeyCache
from api.dependencies import Dependencies
from store.keys import ensure_key

ROUTES = (
    ("GET", "/policies"),
    ("POST", "/policies"),
    ("GET", "/policies/sla_1"),
    ("GET", "/business-hours"),
    ("PATCH", "/business-hours/bh_default"),
    ("POST", "/preview-deadline"),
    ("GET", "/instances"),
    ("POST", "/instances"),
    ("POST", "/instances/inst_sla_ticket_1/resolve"),
    ("GET", "/no-such-route"),
)


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("key", [None, "", "ak_live_wrong", "\xff\xfe"])
async def test_nothing_under_api_answers_without_a_valid_key(api: Any, method: str, path: str, key: str | None) -> None:
    headers = {} if key is None else {"X-API-Key": key.encode("latin-1")}
    del api.http.headers["X-API-Key"]
    answer = await api.http.request(method, f"/api/v2/sla{path}", headers=headers, content=b"{not json")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "X-API-Key" in answer.headers["www-authenticate"]
    assert answer.json()["code"] == "unauthorized"


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/openapi.json", "/readyz"])
async def test_health_and_documentation_need_no_key(api: Any, path: str) -> None:
    del api.http.headers["X-API-Key"]
    assert (await api.http.get(path)).status_code == 200


async def test_what_belongs_to_another_organization_is_not_found(make_api: Any) -> None:
    ours, theirs = await make_api(), await make_api()
    await theirs.policy()
    hours = (await theirs.get("/business-hours")).json()["data"][0]
    policy = (await theirs.get("/policies")).json()["data"][0]
    ticket = await theirs.ticket("conv_1")
    own_hours = (await theirs.post("/business-hours", {**hours_body(hours), "name": "theirs"})).json()
    assert (await ours.get(f"/policies/{policy['id']}")).status_code == 404
    assert (await ours.get(f"/business-hours/{own_hours['id']}")).status_code == 404
    assert (await ours.get(f"/instances/{ticket['id']}")).status_code == 404
    assert (await ours.post(f"/instances/{ticket['id']}/resolve")).status_code == 404
    assert (await ours.get("/instances")).json()["total"] == 0
    assert (await ours.post("/instances", {"conversation_id": "conv_1", "priority": "urgent"})).json()["id"] is None


def hours_body(hours: dict[str, Any]) -> dict[str, Any]:
    return {name: hours[name] for name in ("name", "timezone", "weekly_hours")}


async def test_a_key_may_do_what_its_scopes_say(api: Any) -> None:
    url = api.dependencies.store.database.shown_url
    await ensure_key(url, "ak_test_reader_0123456789", "reader", api.organization, ("sla:read",))
    headers = {"X-API-Key": "ak_test_reader_0123456789"}
    assert (await api.http.get("/api/v2/sla/policies", headers=headers)).status_code == 200
    refused = await api.http.post("/api/v2/sla/policies", headers=headers, json={"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_a_verified_key_is_asked_for_again_after_a_short_while(api: Any) -> None:
    time = [0.0]
    cache = KeyCache(clock=lambda: time[0])
    dependencies: Dependencies = api.dependencies
    key = api.http.headers["X-API-Key"]
    assert (await cache.owner(key, dependencies)).organization == api.organization
    await revoke_everything(dependencies)
    time[0] = 9.9
    assert (await cache.owner(key, dependencies)).organization == api.organization
    time[0] = 10.1
    with pytest.raises(Exception, match="revoked"):
        await cache.owner(key, dependencies)


async def revoke_everything(dependencies: Dependencies) -> None:
    async with dependencies.store.database.write() as conn:
        await conn.exec_driver_sql("UPDATE api_keys SET revoked_at = '2026-01-01 00:00:00.000000'")
