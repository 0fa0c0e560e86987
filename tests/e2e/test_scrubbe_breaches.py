"""Scrubbe's whole life in real time: four tickets at once, each ending in another breach type, and who was told."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import Start, eventually
from tests.e2e.test_whole_engine import Engine, lateness, receiver  # noqa: F401 - the same real receiver
from tests.support.peers.receiver import Receiver

SECONDS = 1 / 60
POLICY = {
    "name": "Critical Outage SLA",
    "responseThreshold": 90,
    "resolveThreshold": 85,
    "escalationContact": "Tier1",
    "applicableTeam": "oncall@example.com",
    "uptimeTarget": 99.9,
}
BREACHES = {
    "NONE": [],
    "RESPONSE_BREACH": ["first_response"],
    "RESOLVE_BREACH": ["resolution"],
    "BOTH": ["first_response", "resolution"],
}


class Scrubbe(Engine):
    def request(self, method: str, path: str, body: Any = None) -> Any:
        key = Path(self._env["SLA_HOME"], "api_key").read_text().strip()
        url = f"http://127.0.0.1:{self._env['SLA_API_PORT']}/api/v1{path}"
        answer = httpx.request(method, url, json=body, headers={"X-API-Key": key}, trust_env=False, timeout=30)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def promise(self, priority: str, respond: float, resolve: float) -> None:
        minutes = {"responseTimeMinutes": respond * SECONDS, "resolveTimeMinutes": resolve * SECONDS}
        self.request("POST", "/sla-policies", {**POLICY, "priority": priority, **minutes})

    def open(self, priority: str) -> Ticket:
        created = self.request("POST", "/tickets", {"title": "Down", "priority": priority, "status": "OPEN"})
        return Ticket(self, created["id"])


class Ticket:
    def __init__(self, scrubbe: Scrubbe, id_: str) -> None:
        self._scrubbe, self.id, self.subject = scrubbe, id_, f"inst_sla_ticket_{id_}"

    def turn(self, status: str) -> None:
        self._scrubbe.request("PATCH", f"/tickets/{self.id}", {"status": status})

    @property
    def shown(self) -> dict[str, Any]:
        return dict(self._scrubbe.request("GET", f"/tickets/{self.id}"))

    def notices(self, received: Receiver, type_: str) -> list[dict[str, Any]]:
        of_ticket = [one.notice for one in received.received if one.notice["subject"] == self.subject]
        return sorted((one for one in of_ticket if one["type"] == type_), key=lambda one: one["time"])


@pytest.fixture
def scrubbe(start: Start, env: dict[str, str], receiver: Receiver) -> Scrubbe:  # noqa: F811
    engine = Scrubbe(start, env, receiver)
    engine.up()
    return engine


def test_four_tickets_at_once_end_in_the_four_breach_types_and_what_is_breached_goes_to_the_contact(
    scrubbe: Scrubbe,
    receiver: Receiver,  # noqa: F811
) -> None:
    scrubbe.request("PUT", "/ims/config", {"slaEnabled": True, "autoEscalate": True})
    scrubbe.promise("CRITICAL", respond=8, resolve=16)
    tickets = {type_: scrubbe.open("CRITICAL") for type_ in BREACHES}

    for ticket in tickets.values():
        receiver.wait_for("sla.halfway", ticket.subject, target="first_response")
    for type_ in ("NONE", "RESOLVE_BREACH"):
        tickets[type_].turn("ACKNOWLEDGED")
    for ticket in tickets.values():
        receiver.wait_for("sla.halfway", ticket.subject, target="resolution")
    tickets["NONE"].turn("RESOLVED")
    receiver.wait_for("sla.escalated", tickets["RESPONSE_BREACH"].subject, target="first_response")
    tickets["RESPONSE_BREACH"].turn("RESOLVED")
    for type_ in ("RESOLVE_BREACH", "BOTH"):
        receiver.wait_for("sla.escalated", tickets[type_].subject, target="resolution")
        tickets[type_].turn("RESOLVED")

    assert all(0 <= lateness(one) < 1 for one in receiver.received)
    assert len(receiver.ids) == len(set(receiver.ids))
    for type_, ticket in tickets.items():
        shows_what_happened(ticket, type_, receiver)
        assert eventually(partial(is_found, scrubbe, ticket, type_))

    nothing_is_routed_once_it_is_switched_off(scrubbe, receiver)


def shows_what_happened(ticket: Ticket, type_: str, received: Receiver) -> None:
    shown = ticket.shown
    assert (shown["status"], shown["slaBreachType"]) == ("RESOLVED", type_)
    due = {"first_response": shown["slaResponseDueAt"], "resolution": shown["slaResolveDueAt"]}
    assert [notice["data"]["target"] for notice in ticket.notices(received, "sla.halfway")] == list(due)
    escalated = ticket.notices(received, "sla.escalated")
    for notices in (ticket.notices(received, "sla.breached"), escalated):
        happened = [(notice["data"]["target"], notice["time"]) for notice in notices]
        assert happened == [(target, due[target]) for target in BREACHES[type_]]
    for notice in escalated:
        assert notice["data"]["escalation"]["actions"] == [{"type": "escalate", "contact": "Tier1"}]
        assert "to Tier1" in notice["data"]["message"]
        assert notice["data"]["applicable_team"] == "oncall@example.com"
    first = escalated[0]["data"]["fired_at"] if escalated else None
    assert (shown["escalatedTo"], shown["escalatedAt"]) == ("Tier1" if escalated else None, first)


def is_found(scrubbe: Scrubbe, ticket: Ticket, type_: str) -> bool:
    """As the only one of its breach type."""
    return [one["id"] for one in scrubbe.request("GET", f"/tickets?slaBreachType={type_}")] == [ticket.id]


def nothing_is_routed_once_it_is_switched_off(scrubbe: Scrubbe, received: Receiver) -> None:
    scrubbe.promise("LOW", respond=0.6, resolve=1.2)
    scrubbe.request("PUT", "/ims/config", {"autoEscalate": False})
    ticket = scrubbe.open("LOW")
    received.wait_for("sla.breached", ticket.subject, target="resolution")
    assert eventually(partial(has_come_to_its_last_step, scrubbe, ticket))
    ticket.turn("RESOLVED")
    shown = ticket.shown
    assert (shown["slaBreachType"], shown["escalatedTo"], shown["escalatedAt"]) == ("BOTH", None, None)
    halfway = ticket.notices(received, "sla.halfway")
    assert [notice["data"]["target"] for notice in halfway] == ["first_response", "resolution"]
    assert ticket.notices(received, "sla.escalated") == []


def has_come_to_its_last_step(scrubbe: Scrubbe, ticket: Ticket) -> bool:
    target = scrubbe.call("GET", f"/instances/{ticket.subject}")["targets"]["resolution"]
    steps = {one["name"]: one["fired_at"] for one in target["milestones"]}
    return steps["escalation:auto"] is not None
