"""Aurion's document walked top to bottom: every request as printed, every field of every printed answer.

The host and the key are ours, and so is the id of the instance that is asked for: ours are made of the subject.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from domain.calendar import Calendar
from domain.instants import parse
from domain.plan.planning import plan
from domain.plan.status import InstanceStatus, instance_status
from domain.policy.catalog import AROUND_THE_CLOCK
from domain.policy.clocks.clocks import CLOCKS
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.record.records import FIRST, Record, first_record
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from store.database.types import moment
from store.schema.tables import calendars
from tests.support.documents.curls import Curl, curls

DOCUMENT = Path(__file__).parents[4] / "shared" / "seeds" / "aurion-sla-api-v2.txt"
TEXT = DOCUMENT.read_text() if DOCUMENT.exists() else ""
CURLS = list(curls(TEXT))

pytestmark = pytest.mark.skipif(not TEXT, reason="NO SEED: ../shared/seeds/aurion-sla-api-v2.txt is not here")

POLICIES = "/api/v2/sla/policies"
POLICY = f"{POLICIES}/sla_abc123"
EXPECTED = {"GET": 200, "POST": 201, "PATCH": 200, "DELETE": 204}
ASKED = {f"{POLICIES}/reorder": 200, "/api/v2/sla/preview-deadline": 200}
Scene = Callable[[Any], Awaitable[None]]


def printed(path: str) -> Any:
    """The answer that the document shows for a GET of this path."""
    return next(curl.answer for curl in CURLS if curl.path == path and curl.answer is not None)


async def _a_policy(api: Any, **changes: Any) -> None:
    # The document says nothing of a kind, of positions or of escalations here; only what it says is given.
    document = {**printed(POLICIES)["data"][0], **changes}
    answer = await api.post("/policies", document)
    assert answer.status_code == 201, answer.text


async def _three_policies(api: Any) -> None:
    await _a_policy(api)
    for name in ("Second", "Third"):
        await api.policy(name=name)


async def _ordered_policies(api: Any) -> None:
    for id_ in ("sla_standard", "sla_high", "sla_critical"):
        await _a_policy(api, id=id_)


async def _a_target(api: Any) -> None:
    await _a_policy(api, targets=[{"id": "target_abc123", "type": "resolution", "hours": 4}])


async def _an_escalation(api: Any) -> None:
    step = {"id": "esc_abc123", "trigger": "approaching_breach", "threshold_minutes": 30}
    await _a_policy(api, escalations=[{**step, "actions": [{"type": "notify_team_lead"}], "status": "inactive"}])


async def _hours_of_new_york(api: Any) -> None:
    """09:00 to 17:00 on every day; the clocks change on the day that is asked for."""
    days = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    hours = Calendar.from_json({"timezone": "America/New_York", "weekly_hours": days})
    now = moment(api.dependencies.now())
    row = {"organization": api.organization, "id": "bh_abc123", "name": "New York", "version": 1}
    await api.dependencies.store.database.write(
        lambda conn: conn.execute(
            sa.insert(calendars).values(**row, doc=hours.to_json(), created_at=now, updated_at=now)
        )
    )


async def _an_answered_conversation(api: Any) -> None:
    """As the store holds it half an hour after it was opened and a few minutes after it was answered."""
    api.use(now=lambda: parse("2026-03-08T13:30:00Z"))
    policy = Policy.from_json(
        {
            "id": "sla_abc123",
            "name": "Standard Support",
            "targets": [
                {"id": "target_1", "type": "first_response", "hours": 1},
                {"id": "target_2", "type": "resolution", "hours": 21},
            ],
        }
    )
    ticket = Ticket.from_json({"conversation_id": "conv_456", "priority": "medium"})
    snapshot = Snapshot(api.organization, ticket, policy, AROUND_THE_CLOCK, "2026a")
    at = parse("2026-03-08T13:00:00Z")
    opened = Event(EventKind.OPENED, "1", at, at)
    answered = Event(EventKind.ACKNOWLEDGED, "2", parse("2026-03-08T13:20:00Z"), parse("2026-03-08T13:20:00Z"))
    first = first_record(snapshot.to_json(), plan(snapshot, (opened,)), opened)
    later = plan(snapshot, (opened, answered))
    second: Record = replace(
        first,
        sequence=FIRST + 1,
        plan=later.to_json(),
        status=instance_status(later, answered.occurred_at),
        snapshot=None,
        events=(answered,),
    )
    for record in (first, second):
        await api.dependencies.store.instances.apply(record)


async def _nothing(api: Any) -> None:
    pass


SCENES: Mapping[tuple[str, str], Scene] = {
    ("GET", POLICIES): _three_policies,
    ("POST", POLICIES): _nothing,
    ("GET", POLICY): _a_policy,
    ("PATCH", POLICY): _a_policy,
    ("DELETE", POLICY): _a_policy,
    ("POST", f"{POLICIES}/reorder"): _ordered_policies,
    ("POST", f"{POLICY}/targets"): _a_policy,
    ("DELETE", "/api/v2/sla/targets/target_abc123"): _a_target,
    ("POST", f"{POLICY}/escalations"): _a_policy,
    ("PATCH", "/api/v2/sla/escalations/esc_abc123"): _an_escalation,
    ("DELETE", "/api/v2/sla/escalations/esc_abc123"): _an_escalation,
    ("GET", "/api/v2/sla/instances"): _an_answered_conversation,
    ("GET", "/api/v2/sla/instances/inst_789"): _an_answered_conversation,
    ("POST", "/api/v2/sla/preview-deadline"): _hours_of_new_york,
    ("GET", "/api/v2/sla/analytics/summary"): _an_answered_conversation,
    ("GET", "/api/v2/sla/analytics/trends"): _an_answered_conversation,
    ("GET", "/api/v2/sla/analytics/breaches"): _an_answered_conversation,
    ("GET", "/api/v2/sla/ola/policies"): _nothing,
}

OUR_IDS = {"inst_789": "inst_sla_conversation_conv_456"}


async def send(api: Any, curl: Curl) -> Any:
    """The answer to the line as printed, with our key and our instance's id."""
    target = curl.target
    for theirs, ours in OUR_IDS.items():
        target = target.replace(theirs, ours)
    headers = {name: value for name, value in curl.headers.items() if name != "X-API-Key"}
    assert headers.keys() == curl.headers.keys() - {"X-API-Key"}
    return await api.http.request(curl.method, target, headers=headers, content=curl.body)


def test_the_whole_document_was_read() -> None:
    assert len(CURLS) == TEXT.count("curl ") == 18
    assert {(curl.method, curl.path) for curl in CURLS} == set(SCENES)
    assert sum(curl.answer is not None for curl in CURLS) == TEXT.count("Response:") == 3


@pytest.mark.parametrize("curl", CURLS, ids=str)
async def test_a_printed_request_works_as_printed(api: Any, curl: Curl) -> None:
    await SCENES[curl.method, curl.path](api)
    answer = await send(api, curl)
    assert answer.status_code == ASKED.get(curl.path, EXPECTED[curl.method]), answer.text


@pytest.mark.parametrize("curl", [curl for curl in CURLS if curl.answer is not None], ids=str)
async def test_a_printed_answer_is_given_with_every_field_and_value(api: Any, curl: Curl) -> None:
    await SCENES[curl.method, curl.path](api)
    missing = list(differences(with_our_ids(curl.answer), (await send(api, curl)).json()))
    assert missing == []


def with_our_ids(document: Any) -> Any:
    text = json.dumps(document)
    for theirs, ours in OUR_IDS.items():
        text = text.replace(theirs, ours)
    return json.loads(text)


def differences(wanted: Any, found: Any, path: str = "") -> Any:
    """Where an answer lacks what was printed; more fields and more elements are no difference."""
    if isinstance(wanted, dict):
        for name, value in wanted.items():
            if not isinstance(found, dict) or name not in found:
                yield f"{path}.{name} is not there"
            else:
                yield from differences(value, found[name], f"{path}.{name}")
    elif isinstance(wanted, list):
        for index, value in enumerate(wanted):
            if not isinstance(found, list) or index >= len(found):
                yield f"{path}[{index}] is not there"
            else:
                yield from differences(value, found[index], f"{path}[{index}]")
    elif wanted != found or type(wanted) is not type(found):
        yield f"{path} is {found!r}, not {wanted!r}"


@pytest.mark.parametrize(
    ("path", "method"),
    [(POLICIES, "POST"), (POLICY, "PATCH"), (f"{POLICY}/targets", "POST"), (f"{POLICY}/escalations", "POST")],
)
async def test_what_a_printed_request_says_is_what_is_answered_and_kept(api: Any, path: str, method: str) -> None:
    curl = next(one for one in CURLS if (one.path, one.method) == (path, method))
    await SCENES[method, path](api)
    answer = (await send(api, curl)).json()
    assert list(differences(json.loads(curl.body or ""), answer)) == []
    policy_id = answer.get("policy_id", answer["id"])
    kept = (await api.get(f"/policies/{policy_id}")).json()
    part = path.rpartition("/")[2]
    held = kept if part not in kept else next(one for one in kept[part] if one["id"] == answer["id"])
    assert list(differences(json.loads(curl.body or ""), held)) == []


async def test_the_printed_change_of_an_escalation_replaces_its_threshold_and_its_actions(api: Any) -> None:
    curl = next(one for one in CURLS if (one.method, one.path.rpartition("/")[2]) == ("PATCH", "esc_abc123"))
    await _an_escalation(api)
    changed = (await send(api, curl)).json()
    assert list(differences(json.loads(curl.body or ""), changed)) == []
    assert (changed["threshold_minutes"], changed["actions"]) == (None, [{"type": "notify"}])


async def test_the_printed_order_is_the_order_from_then_on(api: Any) -> None:
    curl = next(one for one in CURLS if one.path.endswith("/reorder"))
    await _ordered_policies(api)
    await send(api, curl)
    listed = (await api.get("/policies")).json()["data"]
    assert [policy["id"] for policy in listed] == json.loads(curl.body or "")["policy_ids"]


async def test_a_policy_with_open_instances_is_not_deleted_and_without_any_it_is_archived(
    api: Any, make_api: Any
) -> None:
    curl = next(one for one in CURLS if one.method == "DELETE" and one.path == POLICY)
    await _a_policy(api, conditions=[])
    await api.ticket("conv_456", priority="medium")
    refused = await send(api, curl)
    assert (refused.status_code, refused.json()["value"]) == (409, 1)
    other = await make_api()
    await _a_policy(other)
    assert (await send(other, curl)).status_code == 204
    assert (await other.get("/policies/sla_abc123")).json()["archived_at"] is not None


def test_the_target_types_of_the_document_are_known() -> None:
    names = re.findall(r"^(first_response|resolution) \|", TEXT, re.MULTILINE)
    assert sorted(names) == ["first_response", "resolution"]
    assert set(names) <= set(CLOCKS)


def test_the_statuses_of_the_document_are_known() -> None:
    names = re.findall(r"^(\w+) \| [A-Z]", TEXT.partition("Instance Statuses")[2], re.MULTILINE)
    assert names[:4] == ["active", "paused", "met", "breached"]
    assert set(names[:4]) <= set(InstanceStatus)


def scoped() -> list[tuple[str, str, str]]:
    """Scope, method and path of each endpoint in the table of scopes."""
    table = TEXT.partition("Required Scopes")[2]
    rows = re.findall(r"^(sla:\w+) \| (.*?) \|$", table, re.MULTILINE)
    return [(scope, *endpoint.split(" ")) for scope, listed in rows for endpoint in listed.split(", ")]


@pytest.mark.parametrize(("scope", "method", "path"), scoped())
async def test_an_endpoint_asks_for_the_scope_that_the_table_says(api: Any, scope: str, method: str, path: str) -> None:
    other = {"sla:read": "sla:write", "sla:write": "sla:read"}[scope]
    target = f"/api{path}".replace(":id", "x").replace("*", "summary")
    refused = await request_with(api, other, method, target)
    assert refused.status_code == 403
    assert scope in refused.json()["detail"]
    let_in = await request_with(api, scope, method, target)
    assert let_in.status_code not in (401, 403, 405)


async def request_with(api: Any, scope: str, method: str, target: str) -> Any:
    """With a key that has this scope only."""
    key = f"ak_live_{secrets.token_urlsafe(24)}"
    await api.dependencies.store.keys.ensure(key, scope, api.organization, [scope])
    return await api.http.request(method, target, json={}, headers={"X-API-Key": key})


def test_the_table_of_scopes_was_read() -> None:
    assert len(scoped()) == 15
