from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.examples import examples

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=20)
    | st.sampled_from(["urgent", "resolution", "2026-03-08T09:00:00Z", "9999-12-31T23:59:59Z", "09:00", "UTC", 10**400])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
WINDOWS = st.lists(st.lists(st.sampled_from(["00:00", "09:00", "24:00", "23:59:59", "", "9"]), max_size=3), max_size=2)
TARGET = {"type": "resolution", "priority": "urgent", "hours": 1, "minutes": 60, "pausable": True}
CONDITION = {"field": "priority", "operator": "in", "value": ["urgent"]}
ESCALATION = {
    "trigger": "approaching_breach",
    "threshold_minutes": 30,
    "delay_minutes": 0,
    "target_type": "resolution",
    "actions": [{"type": "notify"}],
    "action_type": "notify",
    "status": "active",
}
HOURS = {
    "name": "Office",
    "timezone": "UTC",
    "weekly_hours": {"mon": [["09:00", "17:00"]]},
    "holidays": ["2026-12-25", {"date": "2026-12-26", "name": "Boxing Day"}],
    "special_days": {"2026-12-24": [["09:00", "12:00"]]},
    "breaks": {"2026-03-02": [["15:00", "15:30"]]},
    "always": False,
}
COMMAND = {"event_id": "e1", "occurred_at": "2026-03-08T09:00:00Z", "reason": "x", "actor": "y"}
POLICY = {
    "name": "Urgent",
    "description": "x",
    "conditions": [CONDITION],
    "match": "all",
    "targets": [TARGET],
    "escalations": [ESCALATION, {"trigger": "approaching_breach", "trigger_percent": 90}],
    "at_risk_percent": 75,
    "business_hours": True,
    "business_hours_id": None,
    "enabled": True,
}
BODIES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/policies", POLICY),
    ("PATCH", "/policies/{policy}", POLICY),
    ("POST", "/policies/{policy}/targets", {**TARGET, "priority": "low"}),
    ("POST", "/policies/{policy}/escalations", ESCALATION),
    ("PATCH", "/escalations/{escalation}", ESCALATION),
    ("POST", "/business-hours", HOURS),
    ("PATCH", "/business-hours/bh_default", HOURS),
    (
        "POST",
        "/preview-deadline",
        {"business_hours": HOURS, "start_at": "2026-03-08T09:00:00Z", "duration_minutes": 240},
    ),
    (
        "POST",
        "/instances",
        {"conversation_id": "c1", "kind": "sla", "priority": "urgent", "fields": {"a": 1}, "occurred_at": None},
    ),
    ("POST", "/instances/inst_sla_conversation_known/pause", {**COMMAND, "cause": "z"}),
    ("POST", "/instances/inst_sla_conversation_known/acknowledge", COMMAND),
]


@st.composite
def mutated(draw: st.DrawFn, document: Any) -> Any:
    """The document with some part of it replaced, dropped or added to, at any depth."""
    if isinstance(document, dict) and document and draw(st.integers(0, 9)):
        name = draw(st.sampled_from(sorted(document)))
        kept = {key: value for key, value in document.items() if key != name or draw(st.booleans())}
        extra = {} if draw(st.integers(0, 4)) else draw(st.dictionaries(st.text(max_size=3), SCALARS, max_size=1))
        return {**kept, name: draw(mutated(document[name])), **extra}
    if isinstance(document, list) and document and draw(st.integers(0, 3)):
        return [draw(mutated(document[0])), *document[1:], *draw(st.lists(SCALARS, max_size=1))]
    return draw(JSON | WINDOWS)


@pytest.mark.parametrize(("method", "path", "body"), BODIES, ids=[f"{method} {path}" for method, path, _ in BODIES])
async def test_no_body_is_a_fault_of_ours(api: Any, method: str, path: str, body: dict[str, Any]) -> None:
    policy = await api.policy(conditions=[], escalations=[ESCALATION])
    path = path.format(policy=policy["id"], escalation=policy["escalations"][0]["id"])
    await api.with_worker()
    await api.ticket("known", occurred_at="2026-03-08T09:00:00Z")
    statuses: set[int] = set()

    async def send(document: Any) -> None:
        content = json.dumps(document)
        headers = {"Content-Type": "application/json"}
        answer = await api.http.request(method, f"/api/v2/sla{path}", content=content, headers=headers)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert answer.json()["status"] == answer.status_code
        statuses.add(answer.status_code // 100)

    await fuzz(st.just(body) | mutated(body), send)
    assert statuses == {2, 4}


async def fuzz(strategy: st.SearchStrategy[Any], send: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=examples(40), deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy)
    def run(document: Any) -> None:
        asyncio.run_coroutine_threadsafe(send(document), loop).result(60)

    await asyncio.to_thread(run)
