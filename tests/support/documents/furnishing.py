"""An organization with one of each thing, made over the API itself, and the ids that find them."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from domain.record.deliveries import DeliveryKey

CHANNEL = "email"
"""What everybody has: its templates are each organization's own."""


@dataclass(frozen=True)
class Things:
    """Ids by path parameter; what a path with a certain part in it means by the same name stands under that part."""

    everywhere: dict[str, str]
    within: dict[str, dict[str, str]] = field(default_factory=dict)

    def ids(self, path: str) -> dict[str, str]:
        """The ids that the parameters of this path stand for."""
        own = (ids for part, ids in self.within.items() if part in path)
        return {**self.everywhere, **next(own, {})}

    @property
    def all(self) -> set[str]:
        """Every id of the organization's own making; a number says nothing of whose it is."""
        named = {id_ for ids in (self.everywhere, *self.within.values()) for id_ in ids.values()}
        return {id_ for id_ in named - {"bh_default", CHANNEL} if not id_.isdigit()}


def delivery_of(instance_id: str) -> str:
    """The entry of the first notice that its clock comes to, once there is a worker."""
    notice = f"default/{instance_id}/resolution/1/halfway/1"
    return DeliveryKey("default", instance_id, notice, None).id


async def furnish(http: httpx.AsyncClient, mark: str) -> Things:
    """The mark stands in every name; the client sends a key that may do everything."""

    async def made(path: str, body: Any) -> dict[str, Any]:
        answer = await http.post(f"/api/v2/sla{path}", json=body)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    week = {"mon": [["09:00", "17:00"]]}
    hours = await made("/business-hours", {"name": mark, "timezone": "UTC", "weekly_hours": week})
    team = {"id": f"team_{mark}", "name": mark, "lead": mark, "business_hours_id": hours["id"]}
    await made("/teams", team)
    step = {"trigger": "breached", "actions": [{"type": "notify_contact", "contact": mark}]}
    rules = {"name": mark, "targets": [{"type": "resolution", "minutes": 1}], "escalations": [step]}
    policy, ola = await made("/policies", rules), await made("/ola/policies", rules)
    ticket = {"ticket_id": mark, "priority": mark, "team_id": team["id"], "fields": {"subject": mark}}
    instance = await made("/instances", {**ticket, "occurred_at": "2026-11-01T09:00:00Z"})
    await made("/instances", {**ticket, "kind": "ola"})
    renamed = await http.patch("/api/v2/sla/organization", json={"name": mark})
    assert renamed.status_code == 200, renamed.text
    key = await made("/keys", {"name": mark, "scopes": ["sla:read"]})
    source = await made("/sources", {"kind": "github", "name": mark, "secret": "0123456789", "prefix": f"{mark}:"})
    body = json.dumps({"action": mark}).encode()
    signature = f"sha256={hmac.new(b'0123456789', body, 'sha256').hexdigest()}"
    hook = {"X-Hub-Signature-256": signature, "X-GitHub-Event": "issues"}
    sent = await http.post(f"/hooks/{source['id']}", content=body, headers=hook)
    assert sent.status_code == 202, sent.text
    address = f"http://127.0.0.1:9/{mark}"
    receiver = await made("/receivers", {"name": mark, "channel": "webhook", "address": address, "teams": [mark]})
    words = await http.put(f"/api/v2/sla/templates/{CHANNEL}", json={"subject": f"{mark} {{{{ headline }}}}"})
    assert words.status_code == 200, words.text
    contact = await made("/contacts", {"name": mark, "addresses": [{"channel": "webhook", "address": address}]})
    turns = {"members": [contact["id"]], "shift": {"days": 7}, "start": "2026-03-02"}
    on_call = await made("/on-call", {"name": mark, "timezone": "UTC", "rotation": turns})
    replan = await made("/replan:apply", {"business_hours_id": hours["id"], "id": f"replan_{mark}", "reason": mark})
    terms = {"name": mark, "priority": "LOW", "responseTimeMinutes": 1, "resolveTimeMinutes": 1}
    scrubbe = await http.post("/api/v1/sla-policies", json={**terms, "applicableTeam": mark})
    assert scrubbe.status_code == 201, scrubbe.text
    await http.put("/api/v1/ims/config", json={"slaEnabled": True})
    desk = await http.post("/api/v1/tickets", json={"title": mark, "description": mark, "priority": "LOW"})
    assert desk.status_code == 201, desk.text
    return Things(
        {
            **_of_policy(policy),
            "business_hours_id": hours["id"],
            "team_id": team["id"],
            "instance_id": instance["id"],
            "key_id": key["id"],
            "source_id": source["id"],
            "body": str(sent.json()["body"]),
            "receiver_id": receiver["id"],
            "channel": CHANNEL,
            "delivery_id": delivery_of(instance["id"]),
            "contact_id": contact["id"],
            "on_call_id": on_call["id"],
            "replan_id": replan["id"],
            "policyId": scrubbe.json()["id"],
            "ticketId": desk.json()["id"],
        },
        {"/ola/": _of_policy(ola)},
    )


def _of_policy(policy: dict[str, Any]) -> dict[str, str]:
    return {
        "policy_id": policy["id"],
        "target_id": policy["targets"][0]["id"],
        "escalation_id": policy["escalations"][0]["id"],
    }
