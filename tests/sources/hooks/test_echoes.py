"""What the engine wrote, as it comes back by webhook: the system's doing, told once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.ticket.authors import Role
from sources.hooks import Delivery, Echo, Interpretation, Item, Outcome, Remembered
from sources.hooks.echoes import REASON, marker_of
from tests.sources.hooks.mappings import NOW, a_source
from tests.sources.hooks.test_traps import body

FIELDS = {"id": "body.ticket", "team_id": "body.team", "priority": "body.rank", "fields": {"labels": "body.labels"}}


def heard(echo: Echo, **parts: Any) -> Interpretation:
    source = a_source(
        ticket=FIELDS,
        state={"from": "body.status", "table": {"open": "open", "busy": "in_progress", "done": "solved"}},
        events={"change": ["changes", "state"], "message": {"tell": "reply", "text": "body.text"}},
    )
    (item,) = source.items(Delivery(json.dumps(body(**parts)).encode(), NOW))
    assert isinstance(item, Item)
    return source.interpret(item, Remembered(), [echo])


@pytest.mark.parametrize(
    ("action", "value", "parts", "kind"),
    [
        ("reassign", "network", {"team": "network"}, "assigned"),
        ("set_priority", "high", {"rank": "high"}, "updated"),
        ("add_tag", "late", {"labels": ["old", "Late"]}, "updated"),
        ("set_status", "busy", {"status": "busy"}, "acknowledged"),
    ],
)
def test_what_was_written_is_the_systems_when_it_comes_back(
    action: str, value: str, parts: dict[str, Any], kind: str
) -> None:
    """An event that tells what an escalation wrote is the system's: it changes the ticket, and answers and acknowledges
    nothing."""
    outcome = heard(Echo("n/0", action, value), event="change", **parts)
    assert outcome.heard == ("n/0",)
    taken = [event.event(NOW, "src_1") for event in outcome.events]
    assert [(one.role, one.reason) for one in taken if one.kind == kind] == [(Role.SYSTEM, REASON)]
    assert not any(one.kind == "acknowledged" and one.is_told_by_usual_author for one in taken)


@pytest.mark.parametrize(
    ("action", "value", "parts"),
    [
        ("reassign", "network", {"team": "frontline"}),
        ("set_priority", "high", {"rank": "low"}),
        ("add_tag", "late", {"labels": ["old"]}),
        ("comment", "Hurry", {"rank": "high"}),
    ],
)
def test_what_somebody_else_does_is_his(action: str, value: str, parts: dict[str, Any]) -> None:
    outcome = heard(Echo("n/0", action, value), event="change", **parts)
    assert outcome.heard == ()
    assert outcome.events
    assert Role.SYSTEM not in {event.author for event in outcome.events}


@pytest.mark.parametrize("by", ["agent", "customer", "bot"])
def test_a_comment_of_the_engines_own_is_no_reply_whoever_the_system_says_wrote_it(by: str) -> None:
    echo = Echo("n/2", "comment", "Hurry")
    own = heard(echo, event="message", by=by, text=f"Hurry {marker_of('n/2')}")
    assert (own.outcome, own.events, own.heard) == (Outcome.IGNORED, (), ("n/2",))
    other = heard(echo, event="message", by=by, text=f"Hurry {marker_of('n/3')}")
    assert (len(other.events), other.heard) == (1, ())
