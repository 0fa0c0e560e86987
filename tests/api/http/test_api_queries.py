"""Query parameters of every route of both dialects; the routes are those of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support.apps import openapi_document


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path, and by its name each query parameter: whether it takes several values."""
    for path, methods in openapi_document()["paths"].items():
        for method, described in methods.items() if path.startswith("/api") else ():
            queries = [one for one in described.get("parameters", []) if one["in"] == "query"]
            yield method.upper(), path, {one["name"]: is_list(one["schema"]) for one in queries}


def is_list(schema: dict[str, Any]) -> bool:
    return "array" in {one.get("type") for one in (schema, *schema.get("anyOf", ()))}


async def refusal(api: Any, method: str, path: str, *given: tuple[str, str]) -> dict[str, Any]:
    answer = await api.http.request(method, path.replace("{", "").replace("}", ""), params=given)
    return {"status": answer.status_code, **(answer.json() if answer.content else {})}


async def test_a_query_parameter_that_a_route_does_not_have_is_refused_with_those_it_has(api: Any) -> None:
    asked = list(operations())
    assert len(asked) > 70
    for method, path, known in asked:
        refused = await refusal(api, method, path, ("zanzibar", "1"))
        assert (refused["status"], refused.get("field"), refused.get("value")) == (422, "zanzibar", "1"), (method, path)
        valid = f"(its query parameters are {', '.join(sorted(known))})" if known else "(it has no query parameters)"
        assert valid in refused["detail"], (method, path)


async def test_a_parameter_of_one_value_that_is_given_twice_is_refused_on_every_route(api: Any) -> None:
    single = [(*route, name) for *route, known in operations() for name, is_many in known.items() if not is_many]
    assert len(single) > 50
    for method, path, name in single:
        refused = await refusal(api, method, path, (name, "1"), (name, "2"))
        assert (refused["status"], refused.get("field"), refused.get("value")) == (422, name, ["1", "2"]), (path, name)


async def test_only_filters_take_several_values(api: Any) -> None:
    several = {(path, name) for _, path, known in operations() for name, is_many in known.items() if is_many}
    filters = ("status", "policy_id", "priority", "conversation_id", "ticket_id", "incident_id", "kind")
    assert {("/api/v2/sla/instances", name) for name in filters} <= several
    assert {("/api/v1/tickets", name) for name in ("status", "priority", "slaBreachType")} <= several
    assert ("/api/v2/sla/analytics/summary", "team_id") in several
    assert not {name for _, name in several} & {"limit", "offset", "as_of", "timezone", "start_date", "sort"}


async def test_every_operation_is_described_as_refusing_a_query_it_does_not_know(api: Any) -> None:
    document = openapi_document()
    assert "A query parameter that an operation does not have is refused (422)" in document["info"]["description"]
    for path, methods in document["paths"].items():
        for described in methods.values() if path.startswith("/api") else ():
            assert "422" in described["responses"], path


async def test_a_typing_error_in_a_filter_does_not_list_everything(api: Any) -> None:
    refused = await refusal(api, "GET", "/api/v2/sla/instances", ("polcy_id", "x"))
    assert refused["field"] == "polcy_id"
    assert "policy_id, policy_name, priority" in refused["detail"]
    summary = await refusal(api, "GET", "/api/v2/sla/analytics/summary", ("customer", "acme"))
    assert (summary["status"], summary["field"]) == (422, "customer")
