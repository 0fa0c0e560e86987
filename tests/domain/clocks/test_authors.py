"""Who did something: what bots and systems write answers nobody, and is nobody's message, unless the policy says so."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.instants import MINUTE
from domain.plan.planning import plan
from domain.plan.plans import TargetPlan
from domain.policy.clocks.clocks import ClockState
from domain.policy.targets import TargetRule
from domain.ticket.authors import Actor, Role
from domain.ticket.events import Event, EventKind
from domain.ticket.precision import Precision
from tests.support.builders import ALWAYS, a_snapshot, acknowledged, at, event, opened, paused, resolved

customer = partial(event, EventKind.CUSTOMER_REPLIED)
agent = partial(event, EventKind.AGENT_REPLIED)
AUTOMATIC = ["bot", "system"]


def cycles(type_: str, *events: Event, **given: Any) -> tuple[TargetPlan, ...]:
    rule = TargetRule.from_json({"id": "t", "type": type_, "hours": 1, **given})
    return plan(a_snapshot(rule, calendar=ALWAYS), [opened("09:00"), *events]).targets


@pytest.mark.parametrize("author", AUTOMATIC)
@pytest.mark.parametrize("answer", [agent, acknowledged], ids=["a reply", "an acknowledgement"])
def test_what_a_bot_writes_answers_nobody(author: str, answer: Any) -> None:
    """What a bot or a system writes answers nobody and renews nothing, unless the target says whose answers count."""
    (response,) = cycles("first_response", answer("09:10", by=author))
    assert (response.state, response.due_at) == (ClockState.RUNNING, at("10:00"))
    (following,) = cycles("next_response", customer("10:00"), answer("10:10", by=author))
    assert (following.state, following.due_at) == (ClockState.RUNNING, at("11:00"))
    (update,) = cycles("periodic_update", answer("09:30", by=author))
    assert (update.cycle, update.due_at) == (1, at("10:00"))


def test_an_agents_answer_after_that_of_a_bot_is_the_first() -> None:
    (response,) = cycles("first_response", agent("09:00:05", by="bot"), agent("09:40", by="agent"))
    assert (response.stopped_at, response.used) == (at("09:40"), 40 * MINUTE)


@pytest.mark.parametrize("author", [*AUTOMATIC, "agent"])
def test_what_the_customer_did_not_write_is_no_message(author: str) -> None:
    """Only what the customer writes is a message: a reply of a bot in the customer's name is owed no answer."""
    (waiting,) = cycles("next_response", customer("10:00", by=author))
    assert waiting.state is ClockState.WAITING
    (asked,) = cycles("next_response", customer("10:00", by=author), customer("10:30"))
    assert asked.started_at == at("10:30")


def test_what_the_customer_wrote_as_an_agents_reply_is_no_answer() -> None:
    (response,) = cycles("first_response", agent("09:10", by="customer"))
    assert response.state is ClockState.RUNNING


def test_a_resolution_is_one_whoever_resolves() -> None:
    """A resolution closes the ticket and stops its clocks, whoever resolves, be it a rule of the ticket system."""
    (done,) = cycles("resolution", resolved("09:30", by="system"))
    assert (done.state, done.stopped_at) == (ClockState.STOPPED, at("09:30"))


def test_a_policy_lets_a_bot_answer() -> None:
    (response,) = cycles(
        "first_response", agent("09:10", by="bot"), stops_on=[{"event": "agent_replied", "by": ["agent", "bot"]}]
    )
    assert (response.state, response.stopped_at) == (ClockState.STOPPED, at("09:10"))


def test_a_bots_message_ends_no_pause_for_the_customer() -> None:
    waits = paused("09:20", "customer")
    (still,) = cycles("resolution", waits, customer("09:50", by="bot"))
    assert still.state is ClockState.PAUSED
    (goes,) = cycles("resolution", waits, customer("09:50", by="bot"), customer("10:20", by="customer"))
    assert (goes.state, goes.due_at) == (ClockState.RUNNING, at("11:00"))


def cut(told: Event, precision: Precision = Precision.MINUTE) -> Event:
    return Event(told.kind, told.event_id, told.occurred_at, told.received_at, role=told.role, precision=precision)


def test_a_bots_reply_of_cut_time_moves_no_message() -> None:
    """A reply of cut time that no agent wrote may only have followed messages of its own instant."""
    (asked,) = cycles("next_response", customer("10:00:30"), cut(agent("10:00", by="bot")))
    assert (asked.started_at, asked.state) == (at("10:00:30"), ClockState.RUNNING)
    anybody = {"stops_on": [{"event": "agent_replied", "by": ["agent", "bot"]}, "resolved"]}
    (answered,) = cycles("next_response", customer("10:00"), cut(agent("10:00", by="bot")), **anybody)
    assert (answered.started_at, answered.stopped_at) == (at("10:00"), at("10:00"))


@pytest.mark.parametrize(
    ("given", "actor"),
    [
        ("ada", Actor("ada")),
        ({"name": "ada", "role": "agent"}, Actor("ada", Role.AGENT)),
        ({"role": "bot"}, Actor("", Role.BOT)),
        ({"name": "ada"}, Actor("ada")),
        (None, Actor()),
    ],
)
def test_an_actor_is_a_name_or_an_object_with_a_role(given: Any, actor: Actor) -> None:
    assert Actor.from_json(given) == actor
    assert Actor.from_json(actor.to_json()) == actor


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (5, "actor"),
        ({}, "actor"),
        ({"role": "robot"}, "actor.role"),
        ({"role": "Agent"}, "actor.role"),
        ({"name": 5}, "actor.name"),
        ({"id": "ada"}, "actor.id"),
    ],
)
def test_an_actor_that_is_none_is_refused_by_name(given: Any, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Actor.from_json(given)
    assert refused.value.field == field


def test_an_event_keeps_its_authors_role() -> None:
    told = agent("09:10", by="bot")
    assert Event.from_json(told.to_json()) == told
    assert told.to_json()["actor"] == {"role": "bot"}
