from __future__ import annotations

import json
from typing import Any

import pytest

TARGET: dict[str, Any] = {"type": "resolution", "hours": 1}
POLICY: dict[str, Any] = {"name": "Urgent", "targets": [TARGET]}
HOURS = {"name": "Office", "timezone": "UTC", "weekly_hours": {"mon": [["09:00", "17:00"]]}}
TICKET = {"conversation_id": "conv_1", "priority": "urgent"}
PREVIEW = {"start_at": "2026-03-08T09:00:00Z", "duration_minutes": 240}
FUTURE = "2099-01-01T00:00:00Z"


def target(**changes: Any) -> dict[str, Any]:
    return {**POLICY, "targets": [TARGET | changes]}


def condition(**changes: Any) -> dict[str, Any]:
    return {**POLICY, "conditions": [{"field": "priority", "operator": "eq", "value": "urgent", **changes}]}


def escalation(**changes: Any) -> dict[str, Any]:
    return {**POLICY, "escalations": [{"trigger": "approaching_breach", "threshold_minutes": 30, **changes}]}


REFUSED: list[tuple[str, Any, str | None, Any]] = [
    ("/policies", {}, "name", None),
    ("/policies", None, "body", None),
    ("/policies", [], "body", []),
    ("/policies", {**POLICY, "name": ""}, "name", ""),
    ("/policies", {**POLICY, "name": 5}, "name", 5),
    ("/policies", {**POLICY, "nmae": "x"}, "nmae", "x"),
    ("/policies", {**POLICY, "id": "mine"}, "id", "mine"),
    ("/policies", {**POLICY, "enabled": "yes"}, "enabled", "yes"),
    ("/policies", {**POLICY, "match": "some"}, "match", "some"),
    ("/policies", {**POLICY, "at_risk_percent": 0}, "at_risk_percent", 0),
    ("/policies", {**POLICY, "at_risk_percent": 101}, "at_risk_percent", 101),
    ("/policies", {**POLICY, "business_hours": 1}, "business_hours", 1),
    ("/policies", {**POLICY, "business_hours_id": "bh_no"}, "business_hours_id", "bh_no"),
    ("/policies", target(hourz=1), "targets[0].hourz", 1),
    ("/policies", target(hours="1"), "targets[0].hours", "1"),
    ("/policies", target(hours=True), "targets[0].hours", True),
    ("/policies", target(hours=0), "targets[0].hours", 0),
    ("/policies", target(hours=-1), "targets[0].hours", -1),
    ("/policies", target(hours=1e300), "targets[0].hours", 1e300),
    ("/policies", target(hours=None), "targets[0].hours", None),
    ("/policies", target(minutes=5), "targets[0].minutes", 5),
    ("/policies", target(type="resolutoin"), "targets[0].type", "resolutoin"),
    ("/policies", target(pausable=None), "targets[0].pausable", None),
    ("/policies", {**POLICY, "targets": [TARGET] * 2}, "targets[1]", "resolution for any priority"),
    ("/policies", {**POLICY, "targets": {}}, "targets", {}),
    ("/policies", condition(operator="is"), "conditions[0].operator", "is"),
    ("/policies", condition(operator="in"), "conditions[0].value", "urgent"),
    ("/policies", condition(feild="x"), "conditions[0].feild", "x"),
    ("/policies", condition(field=""), "conditions[0].field", ""),
    ("/policies", escalation(trigger="soon"), "escalations[0].trigger", "soon"),
    ("/policies", escalation(threshold_minutes=0), "escalations[0].threshold_minutes", 0),
    ("/policies", escalation(target_type="reply"), "escalations[0].target_type", "reply"),
    ("/policies", escalation(actions=["call"]), "escalations[0].actions[0]", "call"),
    ("/business-hours", {**HOURS, "timezone": "Mars/Base"}, "timezone", "Mars/Base"),
    ("/business-hours", {**HOURS, "timezone": None}, "timezone", None),
    ("/business-hours", {**HOURS, "weekly_hours": {"monday": []}}, "weekly_hours.monday", []),
    ("/business-hours", {**HOURS, "weekly_hours": {"mon": [["9", "5"]]}}, "weekly_hours.mon[0]", ["9", "5"]),
    ("/business-hours", {**HOURS, "holidays": ["2026-02-30"]}, "holidays[0]", "2026-02-30"),
    ("/business-hours", {**HOURS, "holidays": [{"day": "2026-01-01"}]}, "holidays[0].day", "2026-01-01"),
    ("/business-hours", {**HOURS, "special_days": {"soon": []}}, "special_days.soon", "soon"),
    ("/business-hours", {**HOURS, "breaks": []}, "breaks", []),
    ("/business-hours", {**HOURS, "always": True}, None, None),
    ("/business-hours", {**HOURS, "time_zone": "UTC"}, "time_zone", "UTC"),
    ("/business-hours", {**HOURS, "name": "  "}, "name", "  "),
    ("/preview-deadline", {**PREVIEW, "start_at": "2026-03-08T09:00:00"}, "start_at", "2026-03-08T09:00:00"),
    ("/preview-deadline", {**PREVIEW, "start_at": "yesterday"}, "start_at", "yesterday"),
    ("/preview-deadline", {**PREVIEW, "start_at": "1969-12-31T23:59:59Z"}, "start_at", "1969-12-31T23:59:59Z"),
    ("/preview-deadline", {**PREVIEW, "start_at": 1772960400}, "start_at", 1772960400),
    ("/preview-deadline", {**PREVIEW, "duration_minutes": -1}, "duration_minutes", -1),
    ("/preview-deadline", {**PREVIEW, "duration_minutes": "240"}, "duration_minutes", "240"),
    ("/preview-deadline", {**PREVIEW, "minutes": 240}, "minutes", 240),
    ("/preview-deadline", {**PREVIEW, "business_hours": {"timezone": "UTC"}}, "business_hours.weekly_hours", None),
    ("/instances", {"priority": "urgent"}, "ticket_id", None),
    ("/instances", {**TICKET, "ticket_id": "1"}, "ticket_id", ["conversation_id", "ticket_id"]),
    ("/instances", {**TICKET, "conversation_id": 42}, "conversation_id", 42),
    ("/instances", {**TICKET, "conversation_id": "ü" * 101}, "conversation_id", "ü" * 101),
    ("/instances", {**TICKET, "kind": "xla"}, "kind", "xla"),
    ("/instances", {**TICKET, "fields": []}, "fields", []),
    ("/instances", {**TICKET, "prioritee": "high"}, "prioritee", "high"),
    ("/instances", {**TICKET, "occurred_at": FUTURE}, "occurred_at", FUTURE),
    ("/instances", {**TICKET, "occurred_at": "9999-12-31T23:59:59-23:59"}, "occurred_at", "9999-12-31T23:59:59-23:59"),
    ("/instances", {**TICKET, "occurred_at": "0001-01-01T00:00:00+23:59"}, "occurred_at", "0001-01-01T00:00:00+23:59"),
    ("/instances", {**TICKET, "occurred_at": "2026-03-08"}, "occurred_at", "2026-03-08"),
    ("/instances/inst_sla_conversation_known/pause", {"occurred_at": FUTURE}, "occurred_at", FUTURE),
    ("/instances/inst_sla_conversation_known/pause", {"occurred_at": "now"}, "occurred_at", "now"),
    ("/instances/inst_sla_conversation_known/pause", {"event_id": 5}, "event_id", 5),
    ("/instances/inst_sla_conversation_known/pause", {"event_id": " "}, "event_id", " "),
    ("/instances/inst_sla_conversation_known/pause", {"cuase": "x"}, "cuase", "x"),
    ("/instances/inst_sla_conversation_known/resolve", {"cause": "x"}, "cause", "x"),
    ("/instances/inst_sla_conversation_known/resolve", [], "body", []),
]


@pytest.mark.parametrize(("path", "body", "field", "value"), REFUSED, ids=lambda one: str(one)[:40])
async def test_what_cannot_be_accepted_is_named(api: Any, path: str, body: Any, field: str | None, value: Any) -> None:
    await api.policy()
    await api.ticket("known")
    content = b"" if body is None else json.dumps(body).encode()
    answer = await api.http.post(f"/api/v2/sla{path}", content=content, headers={"Content-Type": "application/json"})
    problem = answer.json()
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:slakeeper:problem:invalid_value"
    assert (problem["title"], problem["status"], problem["code"]) == ("Invalid value", 422, "invalid_value")
    if field is not None:
        assert (problem["field"], problem["value"]) == (field, value)
        assert field in problem["detail"]
    assert problem["errors"][0]["field"] == problem["field"]
    assert (await api.get("/policies")).json()["total"] == 1
    assert (await api.get("/instances")).json()["total"] == 1


async def test_every_field_at_fault_is_listed(api: Any) -> None:
    answer = await api.post("/policies", {"nmae": "x", "enabled": "yes", "targets": [{"type": 1}]})
    fields = {error["field"]: error["message"] for error in answer.json()["errors"]}
    assert set(fields) == {"name", "enabled", "targets[0].type", "nmae"}
    assert fields["nmae"] == "is not known here"
