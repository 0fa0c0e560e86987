from __future__ import annotations

import re
from typing import Any

import pytest

from domain.access.subscriptions import Subscription
from store.access.keys import ensure_key
from tests.support.documents.operations import Operation, protected_operations

OPERATIONS = protected_operations()
PLANS = tuple(Subscription)


def needed(operation: Operation) -> Subscription:
    enterprise = re.search(r"/(escalations|ola)(/|$)", operation.path)
    return Subscription.ENTERPRISE if enterprise else Subscription.PROFESSIONAL


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("scopes", [("sla:read", "sla:write", "sla:admin"), ()], ids=["every scope", "no scope"])
async def test_every_operation_needs_its_plan_whatever_the_key_may_do(
    api: Any, plan: Subscription, scopes: tuple[str, ...]
) -> None:
    headers = await subscribed(api, plan, scopes)
    answers = {one: await api.http.request(one.method, one.url, headers=headers, json={}) for one in OPERATIONS}
    expected = {one: missing_for(one, plan) for one in OPERATIONS}
    assert {one: missing_plan(answer, plan) for one, answer in answers.items()} == expected


def missing_for(operation: Operation, plan: Subscription) -> Subscription | None:
    """The smallest plan lets nobody in, so which of the others a route is about is not looked at."""
    if plan is Subscription.STARTER:
        return Subscription.PROFESSIONAL
    return None if plan.covers(needed(operation)) else needed(operation)


def missing_plan(answer: Any, plan: Subscription) -> Subscription | None:
    assert answer.status_code < 500
    if answer.status_code != 403 or answer.json()["code"] != "plan_required":
        return None
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["field"], problem["value"]) == ("plan", plan)
    (missing,) = [one for one in PLANS if f"needs the plan {one};" in problem["detail"]]
    return missing


async def subscribed(api: Any, plan: Subscription, scopes: tuple[str, ...]) -> dict[str, str]:
    key = f"ak_test_{api.organization}_{len(scopes)}"
    await ensure_key(api.dependencies.store.database.shown_url, key, "test", api.organization, scopes)
    await api.dependencies.store.organizations.change(api.organization, subscription=plan)
    return {"X-API-Key": key}


async def test_a_key_is_asked_for_before_the_plan(api: Any) -> None:
    await subscribed(api, Subscription.STARTER, ())
    answer = await api.http.get("/api/v2/sla/policies", headers={"X-API-Key": "ak_live_wrong"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


async def test_a_route_that_does_not_exist_needs_the_plan_too(api: Any) -> None:
    headers = await subscribed(api, Subscription.STARTER, ())
    for path in ("/api/v2/sla/no-such-route", "/api/v1/anything", "/api"):
        answer = await api.http.get(path, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "plan_required")


async def test_a_new_plan_counts_for_keys_that_are_looked_up_from_then_on(api: Any) -> None:
    headers = await subscribed(api, Subscription.STARTER, ("sla:read",))
    assert (await api.http.get("/api/v2/sla/policies", headers=headers)).status_code == 403
    more = await subscribed(api, Subscription.PROFESSIONAL, ("sla:read", "sla:write"))
    assert (await api.http.get("/api/v2/sla/policies", headers=more)).status_code == 200


async def test_health_and_documentation_need_no_plan(api: Any) -> None:
    await subscribed(api, Subscription.STARTER, ())
    for path in ("/healthz", "/openapi.json", "/docs"):
        assert (await api.http.get(path)).status_code == 200
    # No worker is there, so the engine is not ready, and says so.
    assert (await api.http.get("/readyz")).status_code == 503
