"""Steps of events that came with their plan: recorded by their sender, kept by the instance until it hears of that."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from domain.instants import HOUR, MINUTE, Instant
from domain.policy.policies import Policy
from domain.record.histories import Applied, KnownHistories, KnownHistory
from domain.record.steps import StepContext
from domain.ticket.events import Event, EventKind
from tests.support.clockwork import snapshot_of
from workflows.state.entrusted import MOST
from workflows.state.instance_state import InstanceState
from workflows.state.serializing import new_state, state_document, state_from

START = Instant(1_700_000_000_000_000)
POLICY = Policy.from_json(
    {"id": "p", "name": "P", "targets": [{"type": "first_response", "hours": 1}, {"type": "resolution", "hours": 4}]}
)


class Told:
    """An instance, and whoever tells it events with their plans."""

    def __init__(self) -> None:
        snapshot = snapshot_of(POLICY)
        opened = Event(EventKind.OPENED, "opened", START, START)
        self.known = KnownHistory(snapshot.to_json(), snapshot, (), "").with_events([opened]).history
        assert self.known.plan is not None
        self.state: InstanceState = new_state(
            snapshot.to_json(), self.known.plan.to_json(), opened.to_json(), recorded=True
        )

    def tell(self, event_id: str, kind: EventKind, minutes: float) -> tuple[Applied, StepContext]:
        at = Instant(START + round(minutes * MINUTE))
        applied = self.known.with_events([Event(kind, event_id, at, at, source="api")])
        self.known = applied.history
        assert self.known.plan is not None
        context = self.state.apply_planned(applied.events[0], self.known.plan, self.known.plan_digest, at)
        return applied, StepContext.from_json(json.loads(json.dumps(context.to_json())))

    @property
    def left_to_others(self) -> Sequence[str]:
        return list(self.state.entrusted.steps)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.mark.parametrize("kind", [EventKind.ACKNOWLEDGED, EventKind.PAUSED, EventKind.RESOLVED, EventKind.CANCELLED])
def test_whoever_records_the_step_it_is_the_same(told: Told, kind: EventKind) -> None:
    told.state.fire(Instant(START + HOUR))
    told.state.close_step(Instant(START + HOUR))
    applied, context = told.tell("e", kind, 61)
    [own] = told.state.entrusted.records
    theirs = applied.step(context)
    assert (own.digest, own.link, own.plan) == (theirs.digest, theirs.link, theirs.plan)
    assert own.sequence == 3


def test_an_instance_that_is_over_waits_for_no_step_that_others_record(told: Told) -> None:
    told.tell("a", EventKind.ACKNOWLEDGED, 5)
    told.tell("r", EventKind.RESOLVED, 6)
    assert told.state.is_finished()
    assert told.state.is_settled()
    assert not told.state.said_ongoing.last


def test_the_next_run_records_what_nobody_said_was_recorded(told: Told) -> None:
    told.tell("a", EventKind.ACKNOWLEDGED, 5)
    told.tell("p", EventKind.PAUSED, 6)
    told.state.entrusted.forget(2)
    following = state_from(state_document(told.state))
    assert [[event.event_id for event in record.events] for record in following.unrecorded] == [["p"]]
    assert following.next_sequence() == 4


def test_an_event_that_comes_again_has_its_step_recorded_once(told: Told) -> None:
    told.tell("a", EventKind.ACKNOWLEDGED, 5)
    told.state.record_again(["unknown", "a"])
    told.state.record_again(["a"])
    assert [record.sequence for record in told.state.unrecorded] == [2]
    assert told.left_to_others == []


def test_only_so_many_steps_are_left_to_others(told: Told) -> None:
    for number in range(MOST + 3):
        told.tell(f"e{number:02}", (EventKind.PAUSED, EventKind.RESUMED)[number % 2], number + 1)
    assert len(told.left_to_others) == MOST
    assert [record.events[0].event_id for record in told.state.unrecorded] == ["e00", "e01", "e02"]


def test_histories_that_are_used_stay_and_those_that_weigh_too_much_together_go(told: Told) -> None:
    kept = KnownHistories(heaviest=130)
    for name in ("a", "b", "c"):
        kept.keep(("o", name), told.known)
        kept.latest(("o", "a"))
    assert [name for name in "abc" if kept.latest(("o", name)) is not None] == ["a", "b", "c"]
    kept.latest(("o", "a"))
    kept.keep(("o", "d"), told.known)
    assert [name for name in "abcd" if kept.latest(("o", name)) is not None] == ["a", "c", "d"]
    kept.forget(("o", "c"))
    assert kept.latest(("o", "c")) is None
    assert kept.get(("o", "d"), told.known.basis) is told.known
    assert kept.get(("o", "d"), "another") is None
