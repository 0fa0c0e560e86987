"""Nonsense about tickets, events and ids: refused as InvalidValue, naming the field by its path and the value."""

import json
from decimal import Decimal
from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.ids import InstanceId, Kind, SubjectType, parse_workflow_id, workflow_id
from domain.instants import MINUTE, duration, from_datetime, parse, to_datetime
from domain.plan.planning import plan
from domain.policy.escalations import EscalationRule
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.policy.targets import TargetRule
from domain.ticket.conditions.conditions import Condition
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from tests.support.builders import a_snapshot, at, opened, resolved
from tests.support.refusals import (
    EVENT,
    NAN,
    NO_CHOICES,
    NO_INSTANTS,
    NO_TEXTS,
    NO_VERSIONS,
    SNAPSHOT,
    TICKET,
    Case,
    Reader,
    label,
    nested,
    require_refusals,
)

OF_TICKETS: list[Case] = [
    (Ticket.from_json, TICKET, "ticket_id", (None, "", *NO_TEXTS, "x" * 201, "é" * 101, "a\0b"), "ticket_id"),
    (Ticket.from_json, TICKET, "conversation_id", ("7",), "ticket_id"),
    (Ticket.from_json, TICKET, "kind", NO_CHOICES, "kind"),
    (Ticket.from_json, TICKET, "priority", (*NO_TEXTS, "x" * 101), "priority"),
    (Ticket.from_json, TICKET, "fields", ([], "", 0, False, "x", {1: 2}), "fields"),
    (Ticket.from_json, TICKET, "fields", (nested(51), nested(1000), nested(100_000)), "fields"),
    (Ticket.from_json, TICKET, "fields", ({"a": [NAN]}, {"a": [{1}]}, {"a": [b"x"]}), "fields.a[0]"),
]
OF_EVENTS: list[Case] = [
    (Event.from_json, EVENT, "kind", NO_CHOICES, "event.kind"),
    (Event.from_json, EVENT, "event_id", (None, "", " ", *NO_TEXTS), "event.event_id"),
    (Event.from_json, EVENT, "occurred_at", NO_INSTANTS, "event.occurred_at"),
    (Event.from_json, EVENT, "received_at", NO_INSTANTS, "event.received_at"),
    *((Event.from_json, EVENT, name, NO_TEXTS, f"event.{name}") for name in ("source", "actor", "reason", "cause")),
    (Event.from_json, EVENT, "attributes", ([], "x", 0, False, nested(1000)), "event.attributes"),
]
OF_SNAPSHOTS: list[Case] = [
    (Snapshot.from_json, SNAPSHOT, "facts", (None, [], "x"), "snapshot.facts"),
    (Snapshot.from_json, SNAPSHOT, "facts", ({}, {"organization": 1}), "snapshot.facts.organization"),
    (Snapshot.from_json, SNAPSHOT, "policy", (None, [], 1), "snapshot.policy"),
    (Snapshot.from_json, SNAPSHOT, "ticket", (None, [], 1), "snapshot.ticket"),
    (Snapshot.from_json, SNAPSHOT, "calendar", (None, [], {}, 1), "calendar"),
    *(
        (Snapshot.from_json, SNAPSHOT, "calendar", (SNAPSHOT["calendar"] | {"version": value},), "calendar.version")
        for value in NO_VERSIONS
    ),
    (Snapshot.from_json, SNAPSHOT, "calendar", (SNAPSHOT["calendar"] | {"id": []},), "calendar.id"),
]
READERS: list[Reader] = [
    *(TargetRule.from_json, EscalationRule.from_json, Condition.from_json, Policy.from_json),
    *(Ticket.from_json, Event.from_json, Snapshot.from_json),
]
NO_INSTANCE_IDS = (
    *("", "42", "inst_", "inst_sla_ticket_", "inst_xla_ticket_1", "inst_sla_chat_1", "INST_sla_ticket_1"),
    *("inst_sla_ticket_é", "inst_sla_ticket_~4", "inst_sla_ticket_~41", "inst_sla_ticket_~e9", "inst_sla_ticket_~FF"),
    *("inst_sla_ticket_1\n", "inst_sla_ticket_" + "x" * 201),
)


@pytest.mark.parametrize("case", [*OF_TICKETS, *OF_EVENTS, *OF_SNAPSHOTS], ids=label)
def test_a_value_that_cannot_be_is_refused_by_its_path(case: Case) -> None:
    require_refusals(case)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__qualname__)
def test_a_document_that_is_no_object_is_refused(read: Reader) -> None:
    for document in (None, "x", 1, [], [["a", 1]], True, NAN):
        with pytest.raises(InvalidValue, match="must be an object"):
            read(document)
    with pytest.raises(InvalidValue):
        read({})


def test_what_a_ticket_or_an_event_leaves_null_has_its_default() -> None:
    assert Ticket.from_json({**TICKET, "fields": None, "priority": None}) == Ticket.from_json(TICKET)
    assert Event.from_json({**EVENT, "reason": None, "attributes": None}) == Event.from_json(EVENT)


@pytest.mark.parametrize("text", NO_INSTANCE_IDS)
def test_a_text_that_is_no_instance_id_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        InstanceId.parse(text)


def test_the_path_starts_where_the_document_stands() -> None:
    for read, field in ((Policy.from_json, "body.policy"), (Ticket.from_json, "body.ticket")):
        with pytest.raises(InvalidValue) as refusal:
            read({"name": 1, "ticket_id": 1}, field)
        assert str(refusal.value.field).startswith(f"{field}.")


def test_a_blank_remark_costs_no_event() -> None:
    assert Event.from_json({**EVENT, "reason": "  "}).reason == "  "


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
    with pytest.raises(InvalidValue, match=r"attributes\.a"):
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
    refused: list[Any] = [0, -1, 1e-9, "1e-999999999", "1e999999", Decimal("NaN"), Decimal("-Infinity"), None, [], b"1"]
    for amount in refused:
        with pytest.raises(InvalidValue, match=r"^x: "):
            duration(amount, MINUTE, "x")


def test_instants_end_with_the_year_2100() -> None:
    last = parse("2101-01-01T00:00:00Z")
    assert from_datetime(to_datetime(last)) == last
    assert parse("1970-01-01T00:00:00Z") == 0
