from __future__ import annotations

import json
from typing import Any

from api.app import create_app
from settings import Settings

PROBLEM = "application/problem+json"

ROUTES = {
    "/policies": {"get", "post"},
    "/policies/{policy_id}": {"get", "patch", "delete"},
    "/policies/{policy_id}/versions": {"get"},
    "/policies/reorder": {"post"},
    "/policies/{policy_id}/targets": {"post"},
    "/targets/{target_id}": {"delete"},
    "/policies/{policy_id}/escalations": {"post"},
    "/escalations/{escalation_id}": {"patch", "delete"},
    "/ola/policies": {"get", "post"},
    "/ola/policies/{policy_id}": {"get", "patch", "delete"},
    "/ola/policies/{policy_id}/versions": {"get"},
    "/ola/policies/reorder": {"post"},
    "/ola/policies/{policy_id}/targets": {"post"},
    "/ola/targets/{target_id}": {"delete"},
    "/ola/policies/{policy_id}/escalations": {"post"},
    "/ola/escalations/{escalation_id}": {"patch", "delete"},
    "/business-hours": {"get", "post"},
    "/business-hours/{business_hours_id}": {"get", "patch", "delete"},
    "/business-hours/{business_hours_id}/versions": {"get"},
    "/business-hours/{business_hours_id}/days": {"get"},
    "/business-hours/{business_hours_id}/holidays:import": {"post"},
    "/public-holidays": {"get"},
    "/analytics/deliveries": {"get"},
    "/deliveries": {"get"},
    "/deliveries/{delivery_id}": {"get"},
    "/deliveries/{delivery_id}:resend": {"post"},
    "/deliveries:resend": {"post"},
    "/templates/{channel}": {"get", "put", "delete"},
    "/templates/{channel}:preview": {"post"},
    "/receivers": {"get", "post"},
    "/receivers/{receiver_id}": {"get", "patch", "delete"},
    "/receivers/{receiver_id}:rotate": {"post"},
    "/receivers/{receiver_id}:test": {"post"},
    "/contacts": {"get", "post"},
    "/contacts/{contact_id}": {"get", "patch", "delete"},
    "/contacts/{contact_id}:rotate": {"post"},
    "/contacts/{contact_id}:test": {"post"},
    "/on-call": {"get", "post"},
    "/on-call/{on_call_id}": {"get", "patch", "delete"},
    "/on-call/{on_call_id}/at": {"get"},
    "/on-call/{on_call_id}/schedule": {"get"},
    "/teams": {"get", "post"},
    "/teams/{team_id}": {"get", "patch", "delete"},
    "/preview-deadline": {"post"},
    "/keys": {"get", "post"},
    "/keys/{key_id}": {"delete"},
    "/sources": {"get", "post"},
    "/sources/{source_id}": {"get", "patch", "delete"},
    "/sources/{source_id}:try": {"post"},
    "/sources/{source_id}:test": {"post"},
    "/sources/{source_id}:backfill": {"post"},
    "/sources/{source_id}:replay": {"post"},
    "/sources/{source_id}/bodies": {"get"},
    "/sources/{source_id}/bodies/{body}": {"get"},
    "/sources/{source_id}/bodies/{body}:replay": {"post"},
    "/organization": {"get", "patch"},
    "/events": {"post"},
    "/events:batch": {"post"},
    "/replan:preview": {"post"},
    "/replan:apply": {"post"},
    "/replan:undo": {"post"},
    "/replans": {"get"},
    "/replans/{replan_id}": {"get"},
    "/analytics/summary": {"get"},
    "/analytics/trends": {"get"},
    "/analytics/breaches": {"get"},
    "/analytics/heatmap": {"get"},
    "/instances": {"get", "post"},
    "/instances/{instance_id}": {"get"},
    "/instances/{instance_id}/explain": {"get"},
    "/instances/{instance_id}/cycles": {"get"},
    "/instances/{instance_id}/stints": {"get"},
    "/instances/{instance_id}/events": {"get"},
    "/instances/{instance_id}/events/export": {"get"},
    **{
        f"/instances/{{instance_id}}/{command}": {"post"}
        for command in (
            *("acknowledge", "pause", "resume", "assign", "resolve", "reopen", "cancel", "reset"),
            *("excuse", "excuse:undo"),
        )
    },
}

V1_ROUTES = {
    "/ims/config": {"get", "put"},
    "/sla-policies": {"get", "post"},
    "/sla-policies/analytics": {"get"},
    "/sla-policies/{policyId}": {"get", "put", "delete"},
    "/tickets": {"get", "post"},
    "/tickets/{ticketId}": {"get", "patch"},
}


async def test_every_route_is_described_with_its_answers_its_problems_and_its_key(api: Any) -> None:
    document = (await api.http.get("/openapi.json")).json()
    assert document["info"]["title"] == "Slakeeper"
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
    described = {path: set(methods) for path, methods in document["paths"].items() if path.startswith("/api")}
    v1 = {f"/api/v1{path}": methods for path, methods in V1_ROUTES.items()}
    assert described == {f"/api/v2/sla{path}": methods for path, methods in ROUTES.items()} | v1
    for path, methods in document["paths"].items():
        for operation in methods.values() if path.startswith("/api") else ():
            assert operation["security"] == [{"ApiKey": []}]
            assert {"401", "429", "503"} <= set(operation["responses"])
            refused = operation["responses"]["401"]["$ref"].rpartition("/")[2]
            assert set(document["components"]["responses"][refused]["content"]) == {"application/problem+json"}
            assert operation["tags"]
            good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
            assert "204" in operation["responses"] or "$ref" in good["content"]["application/json"]["schema"]


async def test_a_problem_is_described_once_and_referred_to_by_every_answer_that_is_one(api: Any) -> None:
    text = (await api.http.get("/openapi.json")).text
    document = json.loads(text)
    assert {"type", "title", "status", "detail", "code", "field", "errors"} <= set(
        document["components"]["schemas"]["Problem"]["properties"]
    )
    operations = [one for methods in document["paths"].values() for one in methods.values()]
    answers = [answer for one in operations for answer in one["responses"].values()]
    assert len([answer for answer in answers if "$ref" in answer]) > 400
    assert not [answer for answer in answers if PROBLEM in answer.get("content", {})]
    shared = document["components"]["responses"].values()
    assert all(answer["content"][PROBLEM]["schema"] == {"$ref": "#/components/schemas/Problem"} for answer in shared)
    assert len(text) < 620_000


def test_the_description_stays_whole_when_fastapi_makes_it_again() -> None:
    app = create_app(Settings())
    first = app.openapi()
    app.add_api_route("/more", lambda: None)
    again = app.openapi()
    assert again is not first
    assert "/more" in again["paths"]
    assert "Problem" in again["components"]["schemas"]


async def test_every_reference_in_the_description_leads_somewhere(api: Any) -> None:
    document = (await api.http.get("/openapi.json")).json()
    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [reference for child in node.values() for reference in references(child)]
    return [reference for child in node for reference in references(child)] if isinstance(node, list) else []
