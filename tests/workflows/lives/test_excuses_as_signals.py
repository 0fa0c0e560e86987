"""Excuses as signals: read, set aside where they say too little, and applied to an instance that is over."""

from __future__ import annotations

from typing import Any

import pytest

from domain.instants import parse
from domain.ticket.events import EventKind
from domain.ticket.excuses import Covers, ExcuseScope
from workflows.signals import Refusal, SignalledEvent, read_signal, spread

NOW = parse("2026-03-02T10:00:00Z")
STORM = {"target": "resolution", "reason": "storm", "actor": "ada"}


def read(name: str, payload: Any) -> SignalledEvent | Refusal:
    return read_signal(name, payload, NOW, 1, mint=lambda: "minted")


def test_a_signal_excuses_and_another_takes_it_back() -> None:
    said = read("excuse", {**STORM, "cycle": 2, "covers": "result", "reason": "s" * 1000})
    assert isinstance(said, SignalledEvent)
    assert (said.event.kind, said.event.excuse) == (EventKind.EXCUSED, ExcuseScope("resolution", 2, Covers.RESULT))
    assert said.event.reason == "s" * 1000
    undone = read("excuse:undo", {"target": "resolution", "actor": "bob"})
    assert isinstance(undone, SignalledEvent)
    assert (undone.event.kind, undone.event.excuse) == (
        EventKind.EXCUSE_UNDONE,
        ExcuseScope("resolution", covers=None),
    )


def test_among_several_events_an_excuse_has_the_name_of_the_fact_or_of_the_signal() -> None:
    told = [{**STORM, "type": type_} for type_ in ("excused", "excuse", "excuse_undone", "excuse:undo")]
    names = [name for name, _ in spread("events", {"events": told}, mint=lambda: "run/1")]
    assert names == ["excuse", "excuse", "excuse:undo", "excuse:undo"]


@pytest.mark.parametrize(
    ("name", "payload", "field"),
    [
        ("excuse", {**STORM, "target": ""}, "target"),
        ("excuse", {**STORM, "reason": None}, "reason"),
        ("excuse", {**STORM, "reason": 7}, "reason"),
        ("excuse", {**STORM, "reason": "s" * 1001}, "reason"),
        ("excuse", {**STORM, "actor": " "}, "actor"),
        ("excuse", {**STORM, "cycle": "1"}, "cycle"),
        ("excuse", {**STORM, "covers": "everything"}, "covers"),
        ("excuse:undo", {**STORM, "covers": "breach"}, "covers"),
        ("excuse:undo", {"target": "resolution"}, "actor"),
    ],
)
def test_an_excuse_that_says_too_little_is_set_aside(name: str, payload: Any, field: str) -> None:
    refused = read(name, payload)
    assert isinstance(refused, Refusal)
    assert refused.field == field
