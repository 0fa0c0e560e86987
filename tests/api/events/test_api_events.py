from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client

from domain.access.subscriptions import Subscription
from service.temporal.engine import CONNECT_OPTIONS
from store.rules.claims import GRACE
from tests.support.apps import openapi_document
from tests.support.ports import free_port
from workflows.messages import SIGNALS
from workflows.signals import LARGEST_ATTRIBUTES

CONVERSATION = {"conversation_id": "conv_1"}
TICKET = {"priority": "urgent"}
SLA, OLA = "inst_sla_conversation_conv_1", "inst_ola_conversation_conv_1"


def hours_ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


async def tell(api: Any, type_: str, **more: Any) -> Any:
    return await api.post("/events", {**CONVERSATION, "type": type_, **more})


async def told(api: Any, type_: str, **more: Any) -> dict[str, Any]:
    """The instances of an event that all of them have applied, by kind."""
    answer = await tell(api, type_, **more)
    body = answer.json()
    assert (answer.status_code, body["status"]) == (200, "applied"), answer.text
    assert {one["status"] for one in body["instances"]} == {"applied"}
    return {one["kind"]: one["instance"] for one in body["instances"]}


async def with_both_kinds(api: Any) -> None:
    await api.policy()
    targets = [{"type": "resolution", "hours": 2}]
    answer = await api.post("/ola/policies", {"name": "Second line", "targets": targets})
    assert answer.status_code == 201, answer.text


async def downgrade(api: Any) -> None:
    """As another process would; this one forgets what it knows of the key."""
    await api.dependencies.store.organizations.change(api.organization, subscription=Subscription.PROFESSIONAL)
    api.app.middleware_stack = None


async def recorded(api: Any, instance_id: str, *event_ids: str) -> list[Any]:
    """The events of an instance, once the store has followed its workflow that far."""
    for _ in range(200):
        stored = await api.dependencies.store.instances.load(api.organization, instance_id)
        events = [] if stored is None else list(stored.events)
        if set(event_ids) <= {event.event_id for event in events}:
            return events
        await asyncio.sleep(0.05)
    raise AssertionError(f"{instance_id} has only {events}")


async def test_an_event_that_opens_a_ticket_answers_with_its_instances(api: Any) -> None:
    await with_both_kinds(api)
    answer = await tell(
        api,
        "opened",
        event_id="zd-1",
        ticket={**TICKET, "team_id": "t1", "fields": {"plan": "gold"}},
        occurred_at=hours_ago(1),
    )
    body = answer.json()
    assert (answer.status_code, body["event_id"], body["status"]) == (200, "zd-1", "applied")
    assert [(one["id"], one["kind"], one["status"]) for one in body["instances"]] == [
        (SLA, "sla", "applied"),
        (OLA, "ola", "applied"),
    ]
    sla, ola = (one["instance"] for one in body["instances"])
    assert (sla["priority"], sla["conversation_id"], sla["team_id"]) == ("urgent", "conv_1", "t1")
    assert sla["targets"]["resolution"]["elapsed_seconds"] == pytest.approx(3600, abs=10)
    assert [stint["team_id"] for stint in ola["stints"]] == ["t1"]


async def test_a_known_subject_is_not_opened_again_and_the_ticket_is_ignored(api: Any) -> None:
    await with_both_kinds(api)
    await api.with_worker()
    opened = await api.ticket("conv_1")
    for more in ({}, {"ticket": {"priority": "low"}}):
        [(kind, instance)] = (await told(api, "opened", **more)).items()
        assert (kind, instance["opened_at"], instance["priority"]) == ("sla", opened["opened_at"], "urgent")
    [(kind, instance)] = (await told(api, "acknowledged", ticket={"priority": "low"})).items()
    assert (kind, instance["targets"]["first_response"]["met"]) == ("sla", True)
    assert (await api.get("/instances")).json()["total"] == 1


@pytest.mark.parametrize(
    ("ticket", "event", "opened"), [(3, 1, 3), (None, 2, 2), (1, 3, 1)], ids=["its own", "the event's", "a late event"]
)
async def test_a_carried_ticket_is_opened_when_it_says_else_when_the_event_occurred(
    api: Any, ticket: float | None, event: float, opened: float
) -> None:
    await api.policy()
    await api.with_worker()
    carried = TICKET if ticket is None else {**TICKET, "occurred_at": hours_ago(ticket)}
    sla = (await told(api, "acknowledged", ticket=carried, occurred_at=hours_ago(event)))["sla"]
    away = datetime.now(UTC) - datetime.fromisoformat(sla["opened_at"])
    assert away.total_seconds() == pytest.approx(opened * 3600, abs=20)
    assert sla["targets"]["first_response"]["stopped_at"] >= sla["opened_at"]


async def test_an_unknown_subject_without_its_ticket_is_not_found_and_starts_nothing(api: Any) -> None:
    await api.policy()
    for type_ in ("opened", "acknowledged"):
        answer = await tell(api, type_)
        told_ = answer.json()
        assert (answer.status_code, told_["code"]) == (404, "not_found")
        assert (told_["field"], told_["value"]) == ("conversation_id", "conv_1")
    assert [one async for one in api.temporal.list_workflows(f"TaskQueue = '{api.organization}'")] == []


async def test_a_subject_to_which_no_promise_applies_is_untracked(api: Any) -> None:
    await api.policy()
    for type_ in ("opened", "resolved"):
        answer = await tell(api, type_, ticket={"priority": "low"}, event_id="zd-1")
        assert answer.status_code == 200
        assert answer.json() == {"event_id": "zd-1", "status": "untracked", "instances": []}


async def test_below_enterprise_a_ticket_gets_no_instance_of_kind_ola(api: Any) -> None:
    await with_both_kinds(api)
    await downgrade(api)
    assert set(await told(api, "opened", ticket=TICKET)) == {"sla"}


async def test_every_type_is_understood_as_a_fact_and_as_a_request(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    await api.ticket("conv_1", occurred_at=hours_ago(1))
    for name in (*SIGNALS, *(kind.value for kind in SIGNALS.values()), "open", "opened"):
        more = {"team_id": "t1"} if name.startswith("assign") else {"fields": {"a": 1}} if "update" in name else {}
        excuses = {"target": "resolution", "reason": "storm"} if name.startswith("excuse") else {}
        excuses |= {"reason": "why"} if name == "reset" else {}
        assert set(await told(api, name, **more, **excuses)) == {"sla"}
    await told(api, "acknowledge", event_id="last")
    events = (await recorded(api, SLA, "last"))[:-1]
    expected = ["opened", *(kind.value for kind in SIGNALS.values()), *(kind.value for kind in SIGNALS.values())]
    assert sorted(event.kind for event in events) == sorted(expected)
    assert {event.team_id for event in events if event.kind == "assigned"} == {"t1"}
    assert all(event.attributes == {"a": 1} for event in events if event.kind == "updated")


async def test_what_a_change_sets_may_be_called_as_a_signal_calls_it_and_one_name_is_described(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    await api.ticket("conv_1")
    await told(api, "updated", event_id="rest", fields={"plan": "gold"})
    await told(api, "update", event_id="signal", attributes={"plan": "basic"})
    events = {event.event_id: event.attributes for event in await recorded(api, SLA, "rest", "signal")}
    assert (events["rest"], events["signal"]) == ({"plan": "gold"}, {"plan": "basic"})
    described = openapi_document()["components"]["schemas"]["EventBody"]["properties"]
    assert ("fields" in described, "attributes" in described) == (True, False)


async def test_an_event_reaches_every_instance_of_its_subject(api: Any) -> None:
    await with_both_kinds(api)
    await api.with_worker()
    await told(api, "opened", ticket={**TICKET, "team_id": "t1"}, occurred_at=hours_ago(0.5))
    parts = await told(api, "paused", cause="customer", reason="awaiting logs", actor="ada")
    assert {kind: one["status"] for kind, one in parts.items()} == {"sla": "paused", "ola": "paused"}
    parts = await told(api, "resumed", cause="customer")
    assert {kind: one["status"] for kind, one in parts.items()} == {"sla": "active", "ola": "active"}
    handed = (await told(api, "assigned", team_id="t2", event_id="zd-7"))["ola"]
    assert [(stint["team_id"], stint["ended_at"] is None) for stint in handed["stints"]] == [
        ("t1", False),
        ("t2", True),
    ]
    nobodys = (await told(api, "assigned", team_id=None))["ola"]
    assert nobodys["stints"][-1]["team_id"] is None


async def test_a_ticket_is_assigned_by_its_instance_too(api: Any) -> None:
    await with_both_kinds(api)
    await api.with_worker()
    await told(api, "opened", ticket=TICKET)
    assigned = await api.post(f"/instances/{OLA}/assign", {"team_id": "t1", "event_id": "zd-2"})
    assert (assigned.status_code, assigned.json()["stints"][-1]["team_id"]) == (200, "t1")
    for body in ({"team_id": None}, {}, None):
        nobodys = await api.post(f"/instances/{OLA}/assign", body)
        assert (nobodys.status_code, nobodys.json()["stints"][-1]["team_id"]) == (200, None)


async def test_an_event_that_arrives_late_or_out_of_order_counts_when_it_occurred(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    await told(api, "opened", ticket={**TICKET, "occurred_at": hours_ago(3)})
    resolved = (await told(api, "resolved", occurred_at=hours_ago(1)))["sla"]
    assert resolved["targets"]["first_response"]["met"] is False
    await api.ended(SLA)
    acknowledged = (await told(api, "acknowledged", occurred_at=hours_ago(2.5)))["sla"]
    assert acknowledged["targets"]["first_response"]["met"] is True
    resumed = (await told(api, "resumed", occurred_at=hours_ago(1.5)))["sla"]
    paused = (await told(api, "paused", occurred_at=hours_ago(2)))["sla"]
    assert resumed["targets"]["resolution"]["paused_seconds"] == 0
    assert paused["targets"]["resolution"]["paused_seconds"] == pytest.approx(1800, abs=1)


async def test_a_finished_instance_goes_on_with_its_past(api: Any) -> None:
    await with_both_kinds(api)
    await api.with_worker()
    await told(api, "opened", ticket={**TICKET, "team_id": "t1", "occurred_at": hours_ago(3)})
    closed = await told(api, "resolved", occurred_at=hours_ago(2))
    assert all(one["closed_at"] for one in closed.values())
    for instance_id in (SLA, OLA):
        await api.ended(instance_id)
    reopened = await told(api, "reopened", occurred_at=hours_ago(1))
    assert {kind: one["closed_at"] for kind, one in reopened.items()} == {"sla": None, "ola": None}
    assert reopened["sla"]["targets"]["resolution"]["elapsed_seconds"] == pytest.approx(2 * 3600, abs=10)


@pytest.mark.parametrize(("minutes", "status"), [(4, 200), (6, 422)])
async def test_an_event_may_lie_at_most_five_minutes_ahead(api: Any, minutes: int, status: int) -> None:
    await api.policy()
    await api.with_worker()
    await api.ticket("conv_1")
    ahead = hours_ago(-minutes / 60)
    answers = [
        ("occurred_at", await tell(api, "acknowledged", occurred_at=ahead)),
        ("ticket.occurred_at", await tell(api, "opened", ticket={**TICKET, "occurred_at": ahead})),
    ]
    for field, answer in answers:
        assert answer.status_code == status
        assert status == 200 or answer.json()["field"] == field


@pytest.mark.parametrize(("field", "value"), [("sequence", "7"), ("sequence", 2**63), ("precision", "hour")])
async def test_an_order_or_a_precision_that_no_event_has_is_refused(api: Any, field: str, value: Any) -> None:
    await api.policy()
    await api.ticket("conv_1")
    for answer in (
        await tell(api, "acknowledged", **{field: value}),
        await api.post(f"/instances/{SLA}/acknowledge", {field: value}),
    ):
        assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_the_order_of_the_source_and_what_it_cuts_its_times_to_are_recorded(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    await api.ticket("conv_1")
    await told(api, "agent_replied", sequence=7, precision="minute", event_id="zd-7")
    explained = (await api.get(f"/instances/{SLA}/explain")).json()
    assert [(one["sequence"], one["precision"]) for one in explained["events"][1:]] == [(7, "minute")]
    steps = (await api.get(f"/instances/{SLA}/events")).json()["data"]
    told_of = [event for step in steps for event in step["link"]["events"] if event["event_id"] == "zd-7"]
    assert [(one["sequence"], one["precision"]) for one in told_of] == [(7, "minute")]


async def test_the_same_event_counts_once(api: Any) -> None:
    await with_both_kinds(api)
    await api.with_worker()
    await told(api, "opened", ticket={**TICKET, "team_id": "t1"}, occurred_at=hours_ago(1), event_id="zd-1")
    await told(api, "paused", event_id="zd-2", occurred_at=hours_ago(0.5))
    await told(api, "resumed", event_id="zd-3", occurred_at=hours_ago(0.4))
    for _ in range(2):
        again = await told(api, "paused", event_id="zd-2")
        assert {one["status"] for one in again.values()} == {"active"}
    await told(api, "opened", ticket=TICKET, event_id="zd-1")
    for instance_id in (SLA, OLA):
        events = await recorded(api, instance_id, "zd-3")
        assert [event.event_id for event in events] == ["zd-1", "zd-2", "zd-3"]


async def test_an_event_without_an_id_is_given_one(api: Any) -> None:
    await api.policy()
    await api.with_worker()
    minted = (await tell(api, "acknowledged", ticket=TICKET)).json()["event_id"]
    assert [event.kind for event in await recorded(api, SLA, minted)] == ["opened", "acknowledged"]


async def test_without_a_worker_an_event_is_accepted_and_lasts(api: Any) -> None:
    await with_both_kinds(api)
    answer = await tell(api, "acknowledged", ticket={**TICKET, "team_id": "t1"}, event_id="zd-7")
    body = answer.json()
    assert (answer.status_code, body["status"], body["event_id"]) == (202, "accepted", "zd-7")
    assert [(one["kind"], one["status"], one["instance"]["id"]) for one in body["instances"]] == [
        ("sla", "accepted", SLA),
        ("ola", "accepted", OLA),
    ]
    again = await tell(api, "acknowledged", event_id="zd-7")
    assert (again.status_code, again.json()["instances"][0]["instance"]["source"]) == (202, "planned")
    await api.with_worker()
    applied = await told(api, "acknowledged", event_id="zd-7")
    assert applied["sla"]["targets"]["first_response"]["met"] is True


async def test_two_events_that_carry_an_unknown_ticket_at_once_open_it_once_and_both_count(api: Any) -> None:
    await with_both_kinds(api)
    await api.with_worker()
    carried = {**TICKET, "team_id": "t1", "occurred_at": hours_ago(0.5)}
    types = {"zd-1": "acknowledged", "zd-2": "paused", "zd-3": "opened", "zd-4": "assigned"}
    answers = await asyncio.gather(*(tell(api, type_, event_id=id_, ticket=carried) for id_, type_ in types.items()))
    assert [answer.status_code for answer in answers] == [200] * 4, [answer.text for answer in answers]
    assert {len(answer.json()["instances"]) for answer in answers} == {2}
    for instance_id in (SLA, OLA):
        events = await recorded(api, instance_id, "zd-1", "zd-2", "zd-4")
        assert [event.kind for event in events].count("opened") == 1


class Flaky:
    """Temporal for the first so many calls, and then no more until it is mended."""

    def __init__(self, api: Any, calls: int) -> None:
        self.client: Client = api.temporal
        self.calls = calls
        api.use(temporal=self)

    async def __call__(self) -> Client:
        self.calls -= 1
        if self.calls >= 0:
            return self.client
        return await Client.connect(f"127.0.0.1:{free_port()}", **CONNECT_OPTIONS)


async def test_an_event_that_reached_one_instance_only_is_completed_by_the_same_event_again(api: Any) -> None:
    await with_both_kinds(api)
    await api.with_worker()
    await told(api, "opened", ticket={**TICKET, "team_id": "t1"})
    flaky = Flaky(api, 1)
    broken = await tell(api, "acknowledged", event_id="zd-2")
    assert (broken.status_code, broken.json()["code"]) == (503, "temporal_unavailable")
    flaky.calls = 1000
    assert set(await told(api, "acknowledged", event_id="zd-2")) == {"sla", "ola"}
    for instance_id in (SLA, OLA):
        events = await recorded(api, instance_id, "zd-2")
        assert [event.event_id for event in events].count("zd-2") == 1


@pytest.mark.parametrize("type_", ["opened", "acknowledged"])
@pytest.mark.parametrize("calls", range(8))
async def test_a_ticket_that_was_half_opened_is_completed_by_the_same_event_again(
    api: Any, type_: str, calls: int
) -> None:
    await with_both_kinds(api)
    await api.with_worker()
    flaky = Flaky(api, calls)
    event = {"event_id": "zd-1", "ticket": {**TICKET, "team_id": "t1", "occurred_at": hours_ago(0.1)}}
    first = await tell(api, type_, **event)
    assert first.status_code in (200, 202, 503)
    assert first.status_code == 503 or calls >= 4
    flaky.calls = 1000
    assert set(await told(api, type_, **event)) == {"sla", "ola"}
    listed = (await api.get("/instances")).json()["data"]
    assert sorted(one["id"] for one in listed) == [OLA, SLA]


async def test_an_event_is_told_to_come_back_while_its_ticket_is_being_opened(api: Any) -> None:
    await api.policy()
    flaky = Flaky(api, 2)
    assert (await tell(api, "opened", ticket=TICKET)).status_code == 503
    flaky.calls = 1000
    early = await tell(api, "acknowledged")
    assert (early.status_code, early.json()["code"]) == (503, "temporal_unavailable")
    claims, ahead = api.dependencies.store.claims, api.dependencies.store.claims.now
    object.__setattr__(claims, "now", lambda: ahead() + GRACE + 1)
    assert (await tell(api, "acknowledged")).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"type": "closed"}, "type"),
        ({"type": "opened", "conversation_id": None}, "ticket_id"),
        ({"type": "opened", "ticket_id": "1"}, "ticket_id"),
        ({"type": "opened", "conversation_id": "x" * 201}, "conversation_id"),
        ({"type": "paused", "fields": {"a": 1}}, "fields"),
        ({"type": "paused", "team_id": "t1"}, "team_id"),
        ({"type": "updated", "fields": {"a": "x" * LARGEST_ATTRIBUTES}}, "fields"),
        ({"type": "paused", "attributes": {"a": 1}}, "attributes"),
        ({"type": "updated", "attributes": {"a": "x" * LARGEST_ATTRIBUTES}}, "attributes"),
        ({"type": "updated", "attributes": [1]}, "attributes"),
        ({"type": "updated"}, "fields"),
        ({"type": "update", "fields": {}}, "fields"),
        ({"type": "updated", "ticket": TICKET}, "fields"),
        ({"type": "updated", "attributes": {"a": 1}, "fields": {"a": 1}}, "attributes"),
        ({"type": "paused", "event_id": " "}, "event_id"),
        ({"type": "paused", "occurred_at": "yesterday"}, "occurred_at"),
        ({"type": "opened", "ticket": {"occurred_at": "yesterday"}}, "ticket.occurred_at"),
        ({"type": "opened", "ticket": {"priority": "x" * 101}}, "ticket.priority"),
        ({"type": "opened", "ticket": {"kind": "ola"}}, "ticket.kind"),
        ({"type": "opened", "tickets": {}}, "tickets"),
    ],
)
async def test_a_malformed_event_is_refused_and_names_the_field(api: Any, body: dict[str, Any], field: str) -> None:
    await api.policy()
    answer = await api.post("/events", {**CONVERSATION, **body})
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text


async def test_a_change_that_says_not_what_has_changed_is_refused_whatever_ticket_it_carries(api: Any) -> None:
    await api.policy()
    await api.ticket("conv_1")
    for more in ({}, {"ticket": {"priority": "low"}}, {"fields": {}, "ticket": {"fields": {"plan": "gold"}}}):
        refused = await tell(api, "updated", event_id="zd-1", **more)
        assert (refused.status_code, refused.json()["field"]) == (422, "fields"), refused.text
        assert "must hold the ticket's fields that have changed" in refused.json()["detail"]
