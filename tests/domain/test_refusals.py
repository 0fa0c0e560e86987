"""Nonsense in documents of the outside world: refused as InvalidValue, naming the field by its path and the value."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from domain.conditions import Condition
from domain.errors import InvalidValue
from domain.escalations import EscalationRule
from domain.events import Event, EventKind
from domain.ids import InstanceId, Kind, SubjectType, parse_workflow_id, workflow_id
from domain.instants import HOUR, MINUTE, Instant, Micros, duration, from_datetime, parse, to_datetime
from domain.planning import plan
from domain.policies import Policy, TargetRule
from domain.snapshot import Snapshot
from domain.tickets import Ticket
from tests.support.builders import a_snapshot, at, opened, resolved

NOTHING: Any = object()
ODD: tuple[Any, ...] = ([], {}, [1], {"a": 1}, True, False, 3, 1.5, float("nan"), "nonsense \0", b"x", {1}, object())


def nested(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(levels - 1):
        document = {"a": document}
    return document


TARGET: dict[str, Any] = {"type": "resolution", "hours": 1}
STEP: dict[str, Any] = {"id": "1", "trigger": "approaching_breach", "threshold_minutes": 5}
SHARE: dict[str, Any] = {"id": "1", "trigger": "approaching_breach", "trigger_percent": 50}
CONDITION: dict[str, Any] = {"field": "priority", "operator": "eq", "value": "high"}
POLICY: dict[str, Any] = {"name": "P", "targets": [TARGET], "escalations": [STEP], "conditions": [CONDITION]}
TICKET: dict[str, Any] = {"ticket_id": "42"}
EVENT: dict[str, Any] = {
    "kind": "paused",
    "event_id": "e1",
    "occurred_at": "2026-03-02T09:00:00Z",
    "received_at": "2026-03-02T09:00:00Z",
}
SNAPSHOT: dict[str, Any] = a_snapshot().to_json()

REFUSED: list[tuple[Callable[..., Any], dict[str, Any], str, tuple[Any, ...], str]] = [
    (TargetRule.from_json, TARGET, "type", (None, "", "periodic_update", *ODD), "target.type"),
    (TargetRule.from_json, TARGET, "hours", (0, -1, "x", "", "NaN", "inf", float("inf"), 878_401, "1e999999999", 10**5000, *(odd for odd in ODD if odd not in (3, 1.5))), "target.hours"),
    (TargetRule.from_json, TARGET, "minutes", (61, 59.9, 0, -5, True, [], {}, "sixty", float("nan")), "target.minutes"),
    (TargetRule.from_json, TARGET, "pausable", (None, "true", 1, 0, [], {}), "target.pausable"),
    (TargetRule.from_json, TARGET, "priority", (1, True, [], {}, " ", "a\0"), "target.priority"),
    (TargetRule.from_json, TARGET, "id", (1, [], {}), "target.id"),
    (EscalationRule.from_json, STEP, "trigger", (None, "", "soon", *ODD), "escalation.trigger"),
    (EscalationRule.from_json, STEP, "threshold_minutes", (None, 0, -5, True, "x", float("nan"), [], {}), "escalation.threshold_minutes"),
    (EscalationRule.from_json, SHARE, "trigger_percent", (0, -1, 100.1, "NaN", "sNaN", "inf", "x", "1e-400", 10**400, True, [], {}, float("nan")), "escalation.trigger_percent"),
    (EscalationRule.from_json, STEP, "trigger_percent", (50,), "escalation.threshold_minutes"),
    (EscalationRule.from_json, STEP, "delay_minutes", (False, True, "", "x", -1, [], {}, float("nan"), float("inf")), "escalation.delay_minutes"),
    (EscalationRule.from_json, STEP, "target_type", ("next_week", 1, [], {}), "escalation.target_type"),
    (EscalationRule.from_json, STEP, "status", (None, "", "on", [], {}, True), "escalation.status"),
    (EscalationRule.from_json, STEP, "actions", ("x", {}, 1, True), "escalation.actions"),
    (EscalationRule.from_json, STEP, "actions", (["x"], [{}], [{"type": 1}], [None]), "escalation.actions[0]"),
    (EscalationRule.from_json, STEP, "action_type", ("", " ", 1, [], {}), "escalation.action_type"),
    (Condition.from_json, CONDITION, "field", (None, "", " ", "x" * 201, 1, [], {}), "condition.field"),
    (Condition.from_json, CONDITION, "operator", (None, "", "like", *ODD), "condition.operator"),
    (Condition.from_json, CONDITION, "value", ([], ["a"], {}, float("nan"), float("inf"), {1}), "condition.value"),
    (Condition.from_json, CONDITION, "valeu", (1,), "condition.valeu"),
    (Policy.from_json, POLICY, "name", (None, "", "  ", "x" * 201, *ODD), "name"),
    (Policy.from_json, POLICY, "description", (1, [], {}, "x" * 5001), "description"),
    (Policy.from_json, POLICY, "kind", (None, "", "xla", [], {}, 1), "kind"),
    (Policy.from_json, POLICY, "match", ("some", [], {}, True, 1), "match"),
    (Policy.from_json, POLICY, "enabled", (None, "yes", 1, [], {}), "enabled"),
    (Policy.from_json, POLICY, "business_hours", ("yes", 1, [], {}), "business_hours"),
    (Policy.from_json, POLICY, "business_hours_id", (1, True, [], {}), "business_hours_id"),
    (Policy.from_json, POLICY, "at_risk_percent", (None, 0, -1, 101, "NaN", "x", True, [], {}, float("nan"), Decimal("Infinity")), "at_risk_percent"),
    (Policy.from_json, POLICY, "version", (None, 0, -1, 1.0, "x", True, [], {}), "version"),
    (Policy.from_json, POLICY, "conditions", ("x", {}, 1, False), "conditions"),
    (Policy.from_json, POLICY, "conditions", (["x"], [[]], [None]), "conditions[0]"),
    (Policy.from_json, POLICY, "targets", ("x", {}, 1, False), "targets"),
    (Policy.from_json, POLICY, "targets", ([TARGET, TARGET],), "targets[1]"),
    (Policy.from_json, POLICY, "targets", ([TARGET, TARGET | {"priority": "high", "hours": None}],), "targets[1].hours"),
    (Policy.from_json, POLICY, "escalations", ([STEP, STEP],), "escalations[1].id"),
    (Policy.from_json, POLICY, "escalations", ([STEP | {"trigger": {}}],), "escalations[0].trigger"),
    (Ticket.from_json, TICKET, "ticket_id", (None, "", 42, [], {}, True, "x" * 1001, "a\0b"), "ticket_id"),
    (Ticket.from_json, TICKET, "ticket_id", ("é" * 101,), "ticket_id"),
    (Ticket.from_json, TICKET, "conversation_id", ("7",), "ticket_id"),
    (Ticket.from_json, TICKET, "kind", (None, "", "xla", [], {}), "kind"),
    (Ticket.from_json, TICKET, "priority", (1, True, [], {}, "x" * 101), "priority"),
    (Ticket.from_json, TICKET, "fields", ([], "", 0, False, "x", nested(51), nested(1000), nested(100_000), {1: 2}), "fields"),
    (Ticket.from_json, TICKET, "fields", ({"a": [float("nan")]}, {"a": [{1}]}, {"a": [b"x"]}), "fields.a[0]"),
    (Event.from_json, EVENT, "kind", (None, "", "closed", *ODD), "event.kind"),
    (Event.from_json, EVENT, "event_id", (None, "", " ", 1, [], {}), "event.event_id"),
    (Event.from_json, EVENT, "occurred_at", (None, "", "soon", 5, [], {}, "2026-03-02", "2026-03-02T09:00:00", "1969-12-31T23:59:59Z", "2101-01-01T00:00:01Z"), "event.occurred_at"),
    (Event.from_json, EVENT, "received_at", (None, float("nan"), "9999-12-31T23:59:59-23:59"), "event.received_at"),
    (Event.from_json, EVENT, "reason", (1, [], {}, True), "event.reason"),
    (Event.from_json, EVENT, "cause", (1, [], {}, True), "event.cause"),
    (Event.from_json, EVENT, "attributes", ([], "x", 0, False, nested(1000)), "event.attributes"),
    (Snapshot.from_json, SNAPSHOT, "facts", (None, [], "x"), "snapshot.facts"),
    (Snapshot.from_json, SNAPSHOT, "facts", ({}, {"organization": 1}), "snapshot.facts.organization"),
    (Snapshot.from_json, SNAPSHOT, "policy", (None, [], 1), "snapshot.policy"),
    (Snapshot.from_json, SNAPSHOT, "ticket", (None, [], 1), "snapshot.ticket"),
    (Snapshot.from_json, SNAPSHOT, "calendar", (None, [], {}, 1), "calendar"),
    (Snapshot.from_json, SNAPSHOT, "calendar", (SNAPSHOT["calendar"] | {"version": "x"},), "calendar.version"),
    (Snapshot.from_json, SNAPSHOT, "calendar", (SNAPSHOT["calendar"] | {"id": []},), "calendar.id"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("read", "document", "key", "values", "path"),
    REFUSED,
    ids=[f"{case[4]}-{index}" for index, case in enumerate(REFUSED)],
)
def test_a_value_that_cannot_be_is_refused_by_its_path(
    read: Callable[..., Any], document: dict[str, Any], key: str, values: tuple[Any, ...], path: str
) -> None:
    read(document)
    for value in values:
        with pytest.raises(InvalidValue) as refusal:
            read({**document, key: value})
        assert refusal.value.field == path
        assert str(refusal.value).startswith(f"{path}: ")
        assert len(str(refusal.value)) < 2000


@pytest.mark.parametrize(
    "read", [TargetRule.from_json, EscalationRule.from_json, Condition.from_json, Policy.from_json, Ticket.from_json, Event.from_json, Snapshot.from_json]
)  # fmt: skip
def test_a_document_that_is_no_object_is_refused(read: Callable[..., Any]) -> None:
    for document in (None, "x", 1, [], [["a", 1]], True, float("nan")):
        with pytest.raises(InvalidValue, match="must be an object"):
            read(document)
    with pytest.raises(InvalidValue):
        read({})


def test_the_path_starts_where_the_document_stands() -> None:
    for read, field in ((Policy.from_json, "body.policy"), (Ticket.from_json, "body.ticket")):
        with pytest.raises(InvalidValue) as refusal:
            read({"name": 1, "ticket_id": 1}, field)
        assert str(refusal.value.field).startswith(f"{field}.")


def test_the_message_names_the_value() -> None:
    with pytest.raises(InvalidValue, match=r"targets\[0\]\.hours: must be greater than zero, got -3"):
        Policy.from_json({"name": "P", "targets": [{"type": "resolution", "hours": -3}]})


def test_hours_and_minutes_may_both_be_given_if_they_agree() -> None:
    assert TargetRule.from_json(TARGET | {"minutes": 60}).budget == HOUR
    assert TargetRule.from_json({"type": "resolution", "minutes": 1.5}).budget == 90_000_000
    with pytest.raises(InvalidValue, match=r"target\.minutes: contradicts hours 1"):
        TargetRule.from_json(TARGET | {"minutes": 61})
    with pytest.raises(InvalidValue, match=r"target\.hours: hours or minutes must be given"):
        TargetRule.from_json({"type": "resolution"})


def test_what_is_left_out_or_null_has_its_default() -> None:
    bare = Policy.from_json({"name": "P"})
    nulls = (
        "id",
        "description",
        "conditions",
        "match",
        "targets",
        "escalations",
        "business_hours",
        "business_hours_id",
    )
    assert Policy.from_json({"name": "P", **dict.fromkeys(nulls)}) == bare
    assert (bare.enabled, bare.version, bare.at_risk_percent, bare.business_hours) == (True, 1, 75, False)
    assert Policy.from_json({"name": "P", "business_hours_id": "bh_1"}).business_hours is True
    step = STEP | dict.fromkeys(("trigger_percent", "delay_minutes", "target_type", "actions", "action_type"))
    assert EscalationRule.from_json(step) == EscalationRule.from_json(STEP)
    assert Ticket.from_json({**TICKET, "fields": None, "priority": None}) == Ticket.from_json(TICKET)
    assert Event.from_json({**EVENT, "reason": None, "attributes": None}) == Event.from_json(EVENT)


def test_a_blank_remark_costs_no_event() -> None:
    assert Event.from_json({**EVENT, "reason": "  "}).reason == "  "


def test_a_single_action_type_is_a_list_of_one_action() -> None:
    assert EscalationRule.from_json(STEP | {"action_type": "page"}).actions == ({"type": "page"},)


@pytest.mark.parametrize("text", ["", "42", "inst_", "inst_sla_ticket_", "inst_xla_ticket_1", "inst_sla_chat_1", "inst_sla_ticket_é", "inst_sla_ticket_~4", "inst_sla_ticket_~41", "inst_sla_ticket_~e9", "inst_sla_ticket_~FF", "inst_sla_ticket_1\n", "INST_sla_ticket_1", "inst_sla_ticket_" + "x" * 201])  # fmt: skip
def test_a_text_that_is_no_instance_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        InstanceId.parse(text)


@pytest.mark.parametrize("subject", ["", "x" * 201, "é" * 101, "\ud800"])
def test_a_subject_of_no_bytes_or_too_many_or_no_unicode_is_refused(subject: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        InstanceId(Kind.SLA, SubjectType.TICKET, subject)
    assert refusal.value.field == "ticket_id"


def test_a_workflow_id_of_another_kind_is_refused() -> None:
    for text in (
        "",
        "sla",
        "sla/acme",
        "sla//inst_sla_ticket_1",
        "ola/acme/inst_sla_ticket_1",
        "sla/a b/inst_sla_ticket_1",
    ):
        with pytest.raises(InvalidValue):
            parse_workflow_id(text)
    for organization in ("", "a/b", "x" * 65, "é", "a\n"):
        with pytest.raises(InvalidValue):
            workflow_id(organization, "inst_sla_ticket_1")


def test_a_plan_without_an_opening_is_refused() -> None:
    for events in ([], [resolved("09:00")]):
        with pytest.raises(InvalidValue, match="must hold the opening of the ticket"):
            plan(a_snapshot(), events)
    assert plan(a_snapshot(), [resolved("08:00"), opened("09:00")]).opened_at == at("09:00")


def test_an_event_needs_an_id_and_attributes_that_json_can_carry() -> None:
    with pytest.raises(InvalidValue, match="event_id"):
        Event(EventKind.PAUSED, "", at("09:00"), at("09:00"))
    with pytest.raises(InvalidValue, match="attributes.a"):
        Event(EventKind.UPDATED, "e", at("09:00"), at("09:00"), attributes={"a": float("inf")})
    deep = Event(EventKind.UPDATED, "e", at("09:00"), at("09:00"), attributes=nested(50))
    assert json.loads(json.dumps(deep.to_json()))


def test_a_length_of_time_is_a_positive_number_of_at_most_a_hundred_years() -> None:
    assert [duration(amount, MINUTE, "x") for amount in (1, "0.5", Decimal("1e-6"), 1.5)] == [
        60_000_000,
        30_000_000,
        60,
        90_000_000,
    ]
    for amount in (0, -1, 1e-9, "1e-999999999", "1e999999", Decimal("NaN"), Decimal("-Infinity"), None, [], b"1"):
        with pytest.raises(InvalidValue, match="^x: "):
            duration(amount, MINUTE, "x")


def test_instants_end_with_the_year_2100() -> None:
    last = parse("2101-01-01T00:00:00Z")
    assert from_datetime(to_datetime(last)) == last
    assert parse("1970-01-01T00:00:00Z") == Instant(0) == Micros(0)
