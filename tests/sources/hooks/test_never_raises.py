"""Whatever a stranger sends, nothing is raised: it is understood, ignored or set aside, as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.instants import Instant, parse
from domain.ticket.events import EventKind
from domain.ticket.tickets import Ticket
from sources.hooks import Delivery, Interpretation, Outcome, Remembered, Source, vendor, vendors
from tests.sources.hooks.corpus import COPIED, rows
from tests.support.examples import examples
from workflows.signals import SignalledEvent, read_signal, spread

NOW = parse("2026-11-01T00:00:00Z")
SOURCES = [Source(vendor(name)) for name in vendors()]
BODIES = {name: [] for name in vendors()} | {
    name: [json.loads(row.path.read_text()) for row in rows(COPIED) if row.vendor == name] for name in vendors()
}
HEADERS = {name: [dict(row.headers) for row in rows(COPIED) if row.vendor == name] or [{}] for name in vendors()}
BAD_TEXTS = ("\0", "\ud800", "", " ", "x" * 70_000, "0001-01-01T00:00:00Z", "9" * 40, "-1", "null", "é\u202e")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**300, max_value=10**301)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(BAD_TEXTS)
    | st.text(max_size=20)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def outcomes_of(source: Source, body: bytes, headers: dict[str, str]) -> list[Interpretation]:
    """Everything that is done with a delivery, on memories of several kinds."""
    delivery = Delivery(body, NOW, headers, "POST", "https://x.example/%ff?%")
    source.verify(["s"], delivery)
    source.challenge(delivery)
    outcomes = source.preview(delivery)
    again = {one.ticket.subject: one.remembered for one in outcomes if one.ticket and one.remembered}
    empty = {subject: Remembered() for subject in again}
    return [*outcomes, *source.preview(delivery, again), *source.preview(delivery, empty)]


def check(outcomes: list[Interpretation]) -> None:
    for one in outcomes:
        json.dumps(one.to_json(), allow_nan=False).encode()
        assert (one.outcome is Outcome.UNDERSTOOD) == bool(one.events)
        assert one.events or one.reason
        for event in one.events:
            event.event(Instant(NOW), "source").to_json()
            if event.kind is not EventKind.OPENED:
                ((name, payload),) = spread("events", {"events": [event.to_json()]}, lambda: "none")
                assert isinstance(read_signal(name, payload, NOW, 0, lambda: "none"), SignalledEvent)
        if one.ticket is not None and one.events:
            body = {name: value for name, value in one.ticket.to_json().items() if name != "occurred_at"}
            assert Ticket.from_json(body) == one.ticket.ticket()
        if one.remembered is not None:
            Remembered.from_json(json.loads(json.dumps(one.remembered.to_json())))


@st.composite
def spoiled(draw: Any) -> tuple[Source, bytes, dict[str, str]]:
    """A real body of a vendor with some of its parts replaced by anything."""
    source = draw(st.sampled_from(SOURCES))
    name = source.mapping.name
    document = draw(st.sampled_from(BODIES[name])) if BODIES[name] else draw(JSON)
    for _ in range(draw(st.integers(0, 4))):
        document = _with(document, draw(st.integers(0, 60)), draw(JSON))
    return source, json.dumps(document).encode("utf-8", "surrogatepass"), draw(st.sampled_from(HEADERS[name]))


def _with(document: Any, place: int, value: Any) -> Any:
    """The document with one of its parts, in the order of a walk, replaced."""
    left = [place]

    def walk(part: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            left[0] = 10**9
            return value
        if isinstance(part, dict):
            return {key: walk(inner) for key, inner in part.items()}
        return [walk(inner) for inner in part] if isinstance(part, list) else part

    return walk(document)


@given(spoiled())
@settings(max_examples=examples(300))
def test_a_real_body_with_anything_in_its_parts_is_told_ignored_or_set_aside(
    case: tuple[Source, bytes, dict[str, str]],
) -> None:
    source, body, headers = case
    check(outcomes_of(source, body, headers))


@given(
    st.sampled_from(SOURCES),
    st.binary(max_size=60) | JSON.map(lambda one: json.dumps(one).encode("utf-8", "surrogatepass")),
)
@settings(max_examples=examples(200))
def test_any_bytes_are_told_ignored_or_set_aside(source: Source, body: bytes) -> None:
    check(outcomes_of(source, body, HEADERS[source.mapping.name][0]))


@pytest.mark.parametrize("name", vendors())
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{",
        b"NaN",
        b"1e999",
        b"9" * 5000,
        b'"\\ud800"',
        b"[" * 100_000,
        b"[" * 90 + b"]" * 90,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"[" + b"{}," * 5000 + b"{}]",
        b"payload=%7B",
    ],
    ids=[
        "empty",
        "no UTF-8",
        "null",
        "list",
        "half",
        "NaN",
        "infinite",
        "digits",
        "half a character",
        "deep",
        "less deep",
        "deep objects",
        "many",
        "form",
    ],
)
def test_a_hostile_body_is_ignored_or_set_aside(name: str, body: bytes) -> None:
    outcomes = outcomes_of(Source(vendor(name)), body, dict(HEADERS[name][0]))
    check(outcomes)
    assert all(one.outcome is not Outcome.UNDERSTOOD for one in outcomes)
