"""Bodies that ticket systems send: signatures hold, broken ones do not, and the events are what they should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from sources.hooks import Outcome
from tests.sources.hooks.corpus import COPIED, SECRET, SHARED, known, rows

# What the index asks for otherwise, and why this is better.
OURS: Mapping[str, tuple[list[str], str]] = {
    "gitlab/test-hook-issue-test-payload.json": (
        [],
        "the Test button sends an issue that has been there for long; opening it would promise what nobody asked for",
    ),
    "gitlab/note-hook-issue-note.json": (["customer_replied"], "the author of the note is the author of the issue"),
    "gitlab/go-gitlab-note-issue.json": (["customer_replied"], "the author of the note is the author of the issue"),
    "freshdesk/ticket-created.json": (
        ["opened", "paused"],
        "it is created as Pending, so its clocks wait from the start",
    ),
    "freshdesk/status-changed.json": (["reopened", "paused"], "it was Resolved (4): it waits now, and is open again"),
    "alertmanager/alert.json": (["opened", "opened"], "both alerts of the group are firing"),
    "github/derived-issue_comment-created-bot.json": (
        ["agent_replied"],
        "a bot's reply is told as a bot's: it answers nothing, unless a policy counts bots",
    ),
    "intercom/conversation-operator-replied.json": (
        ["agent_replied"],
        "a bot's reply is told as a bot's: it answers nothing, unless a policy counts bots",
    ),
    "hubspot/batch-out-of-order.json": (
        ["paused", "updated", "opened", "resumed", "resolved"],
        "stage 2 of HubSpot's own pipeline is Waiting on contact, a pause; and the batch is read in order of time",
    ),
}

TRIED = {row.name: row for row in [*rows(COPIED), *rows(SHARED)]}
BY_NAME = sorted(TRIED)


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/webhooks is not here: the copied bodies only")
def test_every_shared_body_is_tried() -> None:
    assert {row.name for row in rows(SHARED)} <= set(BY_NAME)
    assert len(rows(SHARED)) > 100


def test_what_is_better_here_is_still_there() -> None:
    assert not SHARED.is_dir() or set(OURS) <= set(BY_NAME)


@pytest.mark.parametrize("name", BY_NAME)
def test_the_signature_of_a_body_holds_and_a_broken_one_does_not(name: str) -> None:
    source = TRIED[name].source()
    for delivery in TRIED[name].signed():
        assert source.verify([SECRET], delivery).accepted, name
        assert source.verify(["before", SECRET], delivery).accepted, "two secrets are valid while one is changed"
        refused = source.verify(["another"], delivery)
        assert not refused.accepted
        assert "does not fit" in refused.reason
        if not any(scheme.scheme == "token" for scheme in source.mapping.verify if scheme.by_default):
            assert not source.verify([SECRET], replace(delivery, body=delivery.body + b" ")).accepted
    unsigned = replace(TRIED[name].delivery(), headers={})
    assert not source.verify([SECRET], unsigned).accepted
    assert not source.verify([""], unsigned).accepted


@pytest.mark.parametrize("name", BY_NAME)
def test_a_body_comes_to_its_events(name: str) -> None:
    row = TRIED[name]
    outcomes = row.source().preview(row.delivery(), known(row))
    expected, reason = OURS.get(name, (row.kinds, ""))
    assert sorted(event.kind for one in outcomes for event in one.events) == sorted(expected), reason
    assert [one.reason for one in outcomes if one.outcome is Outcome.SET_ASIDE] == []
    assert all(one.reason for one in outcomes if one.outcome is Outcome.IGNORED)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_body_that_comes_again_tells_the_same_events(name: str) -> None:
    row = TRIED[name]
    before = known(row)
    first = row.source().preview(row.delivery(), before)
    after = {one.ticket.subject: one.remembered for one in first if one.ticket and one.remembered}
    again = row.source().preview(row.delivery(), {**before, **after})
    assert {event.event_id for one in again for event in one.events} <= {
        event.event_id for one in first for event in one.events
    }


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_remembered_reads_back_and_events_are_such_as_the_engine_takes(name: str) -> None:
    row = TRIED[name]
    for outcome in row.source().preview(row.delivery()):
        if outcome.remembered is not None:
            assert type(outcome.remembered).from_json(outcome.remembered.to_json()) == outcome.remembered
        for event in outcome.events:
            assert event.event(row.delivery().received_at, "a source").kind is event.kind
        if outcome.ticket is not None and outcome.events:
            assert outcome.ticket.ticket().instance.subject == outcome.ticket.subject


@pytest.mark.parametrize("vendor", sorted({row.vendor for row in TRIED.values()}))
def test_a_copied_body_says_where_it_comes_from(vendor: str) -> None:
    text = (COPIED / vendor / "index.jsonl").read_text()
    assert text.count('"source": "') == text.count('"licence": "') == len([*(COPIED / vendor).glob("*.json")])
