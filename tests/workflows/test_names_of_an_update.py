"""REST says `updated` and `fields`, signals said `update` and `attributes`: an instance takes both names of both."""

from __future__ import annotations

from typing import Any

import pytest

from domain.instants import parse
from domain.ticket.events import EventKind
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


@pytest.mark.parametrize("name", ["fields", "attributes"])
def test_fields_that_make_no_sense_are_refused_by_the_name_that_was_given(name: str) -> None:
    refused = read("updated", {name: [1]})
    assert isinstance(refused, Refusal)
    assert refused.field == name


def test_what_another_signal_calls_fields_costs_the_customer_no_acknowledgement() -> None:
    arrived = read("acknowledge", {"fields": ["of a form"]})
    assert isinstance(arrived, SignalledEvent)
    assert arrived.event.attributes == {}
