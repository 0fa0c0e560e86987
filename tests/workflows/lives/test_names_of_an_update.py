"""REST says `updated` and `fields`, signals said `update` and `attributes`: an instance takes both names of both."""

from __future__ import annotations

from typing import Any

import pytest

from domain.instants import parse
from domain.ticket.authors import Role
from domain.ticket.events import EventKind
from domain.ticket.precision import Precision
from workflows.signals import Refusal, SignalledEvent, read_signal

NOW = parse("2026-03-02T10:00:00Z")


def read(name: str, payload: Any) -> SignalledEvent | Refusal:
    return read_signal(name, payload, NOW, 1, mint=lambda: "minted")


@pytest.mark.parametrize("name", ["update", "updated"])
@pytest.mark.parametrize("fields", ["fields", "attributes"])
def test_an_update_is_the_same_event_under_either_name(name: str, fields: str) -> None:
    arrived = read(name, {fields: {"priority": "high"}})
    assert isinstance(arrived, SignalledEvent)
    assert arrived.event.kind is EventKind.UPDATED
    assert arrived.event.attributes == {"priority": "high"}


def test_an_update_that_gives_its_fields_under_both_names_is_set_aside() -> None:
    refused = read("update", {"fields": {"priority": "high"}, "attributes": {"priority": "low"}})
    assert isinstance(refused, Refusal)
    assert refused.field == "attributes"
    assert "another name of fields" in refused.problem


def test_a_signal_tells_the_order_of_its_source_and_what_its_times_are_cut_to() -> None:
    arrived = read("agent_reply", {"sequence": 7, "precision": "minute"})
    assert isinstance(arrived, SignalledEvent)
    assert (arrived.event.sequence, arrived.event.precision) == (7, Precision.MINUTE)


@pytest.mark.parametrize(("field", "value"), [("sequence", "7"), ("sequence", 2**63), ("precision", "hour")])
def test_a_signal_with_an_order_or_a_precision_that_no_event_has_is_set_aside(field: str, value: Any) -> None:
    refused = read("agent_reply", {field: value})
    assert isinstance(refused, Refusal)
    assert refused.field == field


@pytest.mark.parametrize("name", ["fields", "attributes"])
def test_fields_that_make_no_sense_are_refused_by_the_name_that_was_given(name: str) -> None:
    refused = read("updated", {name: [1]})
    assert isinstance(refused, Refusal)
    assert refused.field == name


def test_what_another_signal_calls_fields_costs_the_customer_no_acknowledgement() -> None:
    arrived = read("acknowledge", {"fields": ["of a form"]})
    assert isinstance(arrived, SignalledEvent)
    assert arrived.event.attributes == {}


@pytest.mark.parametrize(
    ("given", "name", "role"),
    [
        ("ada", "ada", None),
        (7, "7", None),
        ({"name": "ada", "role": "agent"}, "ada", Role.AGENT),
        ({"name": 7, "role": "bot", "team": "x"}, "7", Role.BOT),
    ],
)
def test_a_signal_tells_who_did_it_by_name_or_with_a_role(given: Any, name: str, role: Role | None) -> None:
    arrived = read("agent_reply", {"actor": given})
    assert isinstance(arrived, SignalledEvent)
    assert (arrived.event.actor, arrived.event.role) == (name, role)


def test_a_signal_whose_author_has_an_unknown_role_is_set_aside() -> None:
    refused = read("agent_reply", {"actor": {"role": "robot"}})
    assert isinstance(refused, Refusal)
    assert (refused.field, refused.value) == ("actor.role", "robot")
    assert "must be one of customer, agent, bot, system" in refused.problem
