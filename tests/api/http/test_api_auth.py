from __future__ import annotations

import re
from typing import Any

import pytest

from api.http.auth import KeyCache
from domain.errors import TooManyGuesses, Unauthorized
from domain.instants import Instant
from service.dependencies import Dependencies
from service.tools.guesses import MOST, WITHIN, Guesses
from store.access.keys import ensure_key
from tests.support.documents.operations import Operation, protected_operations

READ, WRITE, ADMIN = "sla:read", "sla:write", "sla:admin"
OPERATIONS = protected_operations()

# As Aurion publishes it.
TABLE = {
    READ: (
        *("GET /v2/sla/policies", "GET /v2/sla/policies/:id", "GET /v2/sla/instances", "GET /v2/sla/instances/:id"),
        *("GET /v2/sla/analytics/*", "POST /v2/sla/preview-deadline"),
    ),
    WRITE: (
        *("POST /v2/sla/policies", "PATCH /v2/sla/policies/:id", "DELETE /v2/sla/policies/:id"),
        *("POST /v2/sla/policies/reorder", "POST /v2/sla/policies/:id/targets", "DELETE /v2/sla/targets/:id"),
        *("POST /v2/sla/policies/:id/escalations", "PATCH /v2/sla/escalations/:id"),
        "DELETE /v2/sla/escalations/:id",
    ),
}


def needed(operation: Operation) -> str:
    """The scope, in the table and outside of it: keys, where notices go and in which words, and who may write events by
    webhook are not for whoever only writes."""
    if re.match(r"/api/v2/sla/keys(/|$)", operation.path):
        return ADMIN
    if operation.method == "GET" or re.search("preview|:try", operation.path):
        return READ
    of_administrators = re.match(r"/api/v2/sla/(contacts|receivers|sources|templates)(/|$)", operation.path)
    return ADMIN if of_administrators and not re.search(":(replay|backfill)", operation.path) else WRITE


@pytest.mark.parametrize(("scope", "line"), [(scope, line) for scope, lines in TABLE.items() for line in lines])
def test_the_rule_says_what_the_published_table_says(scope: str, line: str) -> None:
    method, _, path = line.partition(" ")
    pattern = "/api" + re.sub(r":id", r"\\{[^}]+\\}", path).replace("*", "[^/]+")
    found = [one for one in OPERATIONS if one.method == method and re.fullmatch(pattern, one.path)]
    assert found
    assert {needed(one) for one in found} == {scope}


@pytest.mark.parametrize("scopes", [(), (READ,), (WRITE,), (ADMIN,), (READ, WRITE)], ids=" ".join)
async def test_every_operation_needs_its_scope_and_names_it(api: Any, scopes: tuple[str, ...]) -> None:
    headers = await key_with(api, scopes)
    answers = {one: await api.http.request(one.method, one.url, headers=headers, json={}) for one in OPERATIONS}
    expected = {one: None if needed(one) in scopes else needed(one) for one in OPERATIONS}
    assert {one: missing_scope(answer) for one, answer in answers.items()} == expected


def missing_scope(answer: Any) -> str | None:
    assert answer.status_code < 500
    assert answer.status_code != 401
    if answer.status_code != 403:
        return None
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["code"], problem["field"]) == ("forbidden", "scope")
    assert problem["value"] in problem["detail"]
    return str(problem["value"])


async def key_with(api: Any, scopes: tuple[str, ...]) -> dict[str, str]:
    key = f"ak_test_{'-'.join(scopes)}_0123456789"
    await ensure_key(api.dependencies.store.database.shown_url, key, "test", api.organization, scopes)
    return {"X-API-Key": key}


@pytest.mark.parametrize("key", [None, "", "ak_live_wrong", "\xff\xfe"])
async def test_nothing_under_api_answers_without_a_valid_key(api: Any, key: str | None) -> None:
    headers = {} if key is None else {"X-API-Key": key.encode("latin-1")}
    del api.http.headers["X-API-Key"]
    api.use(guesses=Guesses(most=10_000))
    for operation in (*OPERATIONS, Operation("/api/v2/sla/no-such-route", "GET"), Operation("/api", "POST")):
        answer = await api.http.request(operation.method, operation.url, headers=headers, content=b"{not json")
        assert answer.status_code == 401, operation
        assert answer.headers["content-type"] == "application/problem+json"
        assert "X-API-Key" in answer.headers["www-authenticate"]
        assert answer.json()["code"] == "unauthorized"


@pytest.mark.parametrize("path", ["/", "/healthz", "/docs", "/openapi.json", "/readyz"])
async def test_health_and_documentation_need_no_key(api: Any, path: str) -> None:
    del api.http.headers["X-API-Key"]
    # No worker is there, so the engine is not ready, and says so.
    assert (await api.http.get(path)).status_code == (503 if path == "/readyz" else 200)


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


async def test_after_ten_wrong_keys_no_other_is_looked_at_for_a_while_but_one_that_is_known_goes_on(api: Any) -> None:
    policies = "/api/v2/sla/policies"
    assert (await api.http.get(policies)).status_code == 200
    now = api.dependencies.now()
    api.use(now=lambda: now)
    _, key = await api.dependencies.store.keys.create(api.organization, "a test", (READ,))
    other = {"X-API-Key": key}
    for number in range(MOST):
        assert (await api.http.get(policies, headers={"X-API-Key": f"ak_live_guess_{number}"})).status_code == 401
    refused = await api.http.get(policies, headers={"X-API-Key": "ak_live_one_more"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "300")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "too_many_guesses"
    assert "300 s" in refused.json()["detail"]
    # It may be right: whoever guesses must not learn of it.
    assert (await api.http.get(policies, headers=other)).status_code == 429
    assert (await api.http.get(policies)).status_code == 200
    api.use(now=lambda: Instant(now + WITHIN))
    assert (await api.http.get(policies, headers=other)).status_code == 200


async def test_a_key_that_is_known_is_looked_up_anew_although_its_address_guesses(api: Any) -> None:
    time = [0.0]
    cache = KeyCache(clock=lambda: time[0])
    key, dependencies = api.http.headers["X-API-Key"], api.dependencies
    await cache.owner(key, dependencies, "192.0.2.1")
    for number in range(MOST):
        with pytest.raises(Unauthorized):
            await cache.owner(f"ak_live_wrong_{number}", dependencies, "192.0.2.1")
    time[0] = 60.0
    assert (await cache.owner(key, dependencies, "192.0.2.1")).organization == api.organization
    with pytest.raises(TooManyGuesses):
        await cache.owner("ak_live_wrong", dependencies, "192.0.2.1")
    with pytest.raises(Unauthorized):
        await cache.owner("ak_live_wrong", dependencies, "192.0.2.2")


async def test_a_request_without_a_key_is_no_guess(api: Any) -> None:
    del api.http.headers["X-API-Key"]
    for _ in range(2 * MOST):
        assert (await api.http.get("/api/v2/sla/policies")).status_code == 401


async def revoke_everything(dependencies: Dependencies) -> None:
    await dependencies.store.database.write(
        lambda conn: conn.exec_driver_sql("UPDATE api_keys SET revoked_at = '2026-01-01 00:00:00.000000'")
    )
