"""What is told to nobody, and what comes together: the first sync of a ticket system is no reason to call anybody."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.explaining import RecordedHistory, explain
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from domain.instants import MINUTE, Instant
from domain.plan.milestones import AUTOMATIC
from domain.plan.planning import plan
from domain.plan.status import met
from domain.policy.catalog import Catalog
from domain.policy.snapshot import Snapshot
from domain.record.chain import FORMAT, NOTHING_BEFORE, link_hash, verify
from domain.record.ledger import Firing, Key, reconcile, standing
from domain.record.quiet import was_quiet
from domain.ticket.events import Event
from tests.domain.clocks import test_laws_of_every_clock as every_clock
from tests.support.builders import (
    ALWAYS,
    a_policy,
    a_snapshot,
    acknowledged,
    at,
    opened,
    paused,
    promise,
    resolved,
    resumed,
)
from tests.support.strategies import brief, deterministic, histories, tracked_snapshots
from workflows.signals import SignalledEvent
from workflows.state.instance_state import InstanceState
from workflows.state.serializing import new_state, state_document, state_from

END = Instant(10**16)
HOUR_TO_ANSWER = a_snapshot(promise("first_response", 60), calendar=ALWAYS)


@dataclass
class Desk:
    """An instance as its workflow walks it, and what it has told."""

    snapshot: Snapshot
    state: InstanceState
    told: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, snapshot: Snapshot, opening: Event) -> Desk:
        first = plan(snapshot, [opening])
        return cls(snapshot, new_state(snapshot.to_json(), first.to_json(), opening.to_json()))

    def look(self, now: Instant) -> None:
        wanted = set(self.state.fire(now))
        self.told += [dict(notice) for notice in self.state.step.notices if notice["id"] in wanted]
        self.state.close_step(now)

    def take(self, events: Sequence[Event], now: Instant) -> None:
        """Events that come together at that instant."""
        fresh, _ = self.state.receive([SignalledEvent(replace(event, received_at=now)) for event in events])
        new = [one.event for one in fresh]
        after = plan(self.snapshot, [*self.state.events.values(), *new])
        made = self.state.step_context(self.state.next_sequence(), now).step(new, after, None)
        self.state.apply(new, after, made.plan_digest)
        self.state.unrecorded.append(made)
        self.look(now)

    @property
    def names(self) -> list[str]:
        return [notice["type"].partition(".")[2] for notice in self.told]

    @property
    def history(self) -> RecordedHistory:
        events = tuple(self.state.events.values())
        return RecordedHistory(self.snapshot, events, self.state.ledger, self.state.plan)


def quietly(event: Event) -> Event:
    return replace(event, quiet=True)


def a_late_desk(*, quiet: bool) -> Desk:
    """A ticket of nine o'clock with an hour to answer, of which the desk learns at 9:40, quietly or not."""
    desk = Desk.of(HOUR_TO_ANSWER, replace(opened("09:00", received="09:40"), quiet=quiet))
    desk.look(at("09:40"))
    return desk


def test_nobody_is_told_of_what_was_planned_before_a_quiet_event_was_received() -> None:
    """A milestone planned before a quiet event was received stands as fired, told to nobody; later ones are told."""
    loud, quiet = a_late_desk(quiet=False), a_late_desk(quiet=True)
    assert (loud.names, quiet.names) == (["halfway"], [])
    assert [(one.key.milestone, one.skipped) for one in quiet.state.ledger] == [("halfway", True)]
    quiet.look(at("10:00"))
    assert quiet.names == ["at_risk", "breached"]


def test_what_a_later_event_brings_to_light_stays_quiet_as_long_as_it_lies_before() -> None:
    """What lies before a quiet event stays quiet, whichever event brings it to light."""
    desk = Desk.of(HOUR_TO_ANSWER, quietly(opened("09:00", received="12:00")))
    desk.take([quietly(paused("09:10"))], at("12:00"))
    assert (desk.names, desk.state.ledger) == ([], ())
    desk.take([resumed("09:20")], at("12:30"))
    assert desk.names == []
    assert [one.key.milestone for one in desk.state.ledger] == ["halfway", "at_risk", "breached"]


def test_a_quiet_event_takes_back_what_was_told() -> None:
    """What was told is taken back aloud, by a quiet event too; what was told to nobody is taken back without a word."""
    loud, quiet = a_late_desk(quiet=False), a_late_desk(quiet=True)
    for desk in (loud, quiet):
        desk.take([quietly(acknowledged("09:05"))], at("09:50"))
    assert (loud.names, quiet.names) == (["halfway", "withdrawn"], [])
    assert standing(loud.state.ledger) == standing(quiet.state.ledger) == {}


def test_what_is_put_right_among_events_that_come_together_is_never_told() -> None:
    """Events that come together are planned as one: what is put right among them is never told."""
    desk = Desk.of(HOUR_TO_ANSWER, opened("09:00", received="12:00"))
    desk.take([paused("09:10"), resumed("11:50"), acknowledged("11:55"), resolved("11:58")], at("12:00"))
    assert (desk.names, desk.state.ledger, desk.state.sequence) == ([], (), 2)


def test_a_ticket_from_before_the_organization_was_set_up_is_opened_quietly() -> None:
    """A ticket that opened before the organization's `quiet_before` is opened quietly, one of that instant is not."""
    catalog = Catalog("default", (), {}, quiet_before=at("12:00"))
    assert catalog.hushed(opened("11:59")).quiet
    assert not catalog.hushed(opened("12:00")).quiet
    assert not Catalog("default", (), {}).hushed(opened("11:59")).quiet
    assert Catalog("default", (), {}).hushed(quietly(opened("11:59"))).quiet


def test_an_instance_stays_quiet_from_run_to_run() -> None:
    desk = a_late_desk(quiet=True)
    again = state_from(state_document(desk.state))
    assert (again.quiet_until, again.ledger) == (at("09:40"), desk.state.ledger)


def test_nobody_is_asked_about_an_escalation_that_is_quiet() -> None:
    policy = a_policy(promise("first_response", 60), escalation_contact="Tier1")
    snapshot = replace(a_snapshot(calendar=ALWAYS), policy=policy, auto_escalate=True)
    loud, quiet = (Desk.of(snapshot, replace(opened("09:00", received="11:00"), quiet=one)) for one in (False, True))
    assert loud.state.asks_whether_to_escalate(at("11:00"))
    assert not quiet.state.asks_whether_to_escalate(at("11:00"))
    quiet.look(at("11:00"))
    assert (quiet.names, {one.key.milestone for one in quiet.state.ledger if one.skipped}) == (
        [],
        {"halfway", "at_risk", "breached", AUTOMATIC},
    )


def test_a_milestone_of_the_very_instant_of_a_quiet_event_is_told() -> None:
    desk = Desk.of(HOUR_TO_ANSWER, quietly(opened("09:00", received="09:30")))
    desk.look(at("09:30"))
    assert desk.names == ["halfway"]


@pytest.mark.parametrize("quiet", ["yes", 1, []])
def test_whether_an_event_is_quiet_is_true_or_false(quiet: Any) -> None:
    with pytest.raises(InvalidValue, match=r"event\.quiet: must be true or false"):
        Event.from_json({**opened("09:00").to_json(), "quiet": quiet})


def test_an_explanation_says_that_nobody_was_told_for_quiets_sake() -> None:
    explained = explain(a_late_desk(quiet=True).history, at("09:50"))
    (halfway, *later) = explanation_view(explained)["targets"][0]["milestones"]
    assert (halfway["skipped"], halfway["quiet"]) == (True, True)
    assert not any("quiet" in one for one in later)
    text = explanation_text(explained)
    assert "planned Mon 2026-03-02 09:30:00+00:00, fired 10 min later, not told: quiet" in text
    assert "(opened  09:00), quiet" in text
    assert "quiet" not in explanation_text(explain(a_late_desk(quiet=False).history, at("09:50")))


def test_an_escalation_that_was_switched_off_is_not_called_quiet() -> None:
    skipped = Firing(Key("resolution", 1, AUTOMATIC), 1, at("10:00"), at("10:00"), skipped=True)
    later = quietly(acknowledged("11:00"))
    assert not was_quiet(skipped, [later])
    assert was_quiet(replace(skipped, fired_at=at("11:01")), [later])


def test_a_record_that_keeps_something_quiet_for_no_reason_is_found() -> None:
    def problems(desk: Desk) -> list[str]:
        steps, previous = [], NOTHING_BEFORE
        for record in desk.state.unrecorded:
            link = json.loads(json.dumps(record.link))
            hashed = link_hash(previous, link)
            kept = {"previous_hash": previous, "hash": hashed, "link": link}
            steps.append({"recorded_at": "2026-03-02T09:40:00Z", **kept})
            previous = hashed
        export = {"format": FORMAT, "organization": "default", "instance_id": "inst_sla_ticket_42"}
        return [str(one) for one in verify({**export, "head": previous, "steps": steps}).findings]

    assert problems(a_late_desk(quiet=True)) == []
    doctored = a_late_desk(quiet=False)
    first, second = doctored.state.unrecorded
    firings = tuple(replace(firing, skipped=True) for firing in second.firings)
    doctored.state.unrecorded = [first, replace(second, firings=firings, notices=())]
    assert any("no quiet event asked for that" in problem for problem in problems(doctored))


splits = st.lists(st.tuples(st.integers(1, 10), st.booleans(), st.integers(0, 900)), min_size=10, max_size=10)


def walked(snapshot: Snapshot, events: Sequence[Event], split: Sequence[tuple[int, bool, int]]) -> Desk:
    """An instance that got its events in batches, some of them quiet, and looked at the clock in between."""
    opening, *others = events
    desk, now = Desk.of(snapshot, opening), opening.received_at
    for size, quiet, wait in split:
        batch, others = others[:size], others[size:]
        now = Instant(max([now + wait * MINUTE, *(event.occurred_at for event in batch)]))
        desk.look(now)
        if batch:
            desk.take([replace(event, quiet=quiet) for event in batch], now)
    if others:
        desk.take(others, Instant(max(event.occurred_at for event in (*events, *others))))
    desk.look(END)
    return desk


def stands(desk: Desk) -> dict[Key, Instant]:
    return {key: firing.planned_at for key, firing in standing(desk.state.ledger).items()}


@deterministic
@given(tracked_snapshots(), histories(), splits)
def test_any_split_of_a_history_into_batches_quiet_or_not_ends_in_the_same_plan_and_verdicts(
    snapshot: Snapshot, events: tuple[Event, ...], split: list[tuple[int, bool, int]]
) -> None:
    """However a history is split into batches, quiet or not, it ends in the same plan, verdicts and firings."""
    desk, at_once = walked(snapshot, events, split), plan(snapshot, events)
    assert desk.state.plan == at_once
    assert [met(one, END) for one in desk.state.plan.targets] == [met(one, END) for one in at_once.targets]
    assert stands(desk) == {one.key: one.planned_at for one in reconcile(at_once, (), END)}


@brief
@given(every_clock.snapshots(), every_clock.stories(), splits)
def test_any_split_ends_in_the_same_plan_whatever_the_clocks_and_changes(
    snapshot: Snapshot, events: tuple[Event, ...], split: list[tuple[int, bool, int]]
) -> None:
    desk = walked(snapshot, events, split)
    assert desk.state.plan == plan(snapshot, events)


@deterministic
@given(tracked_snapshots(), histories(), splits)
def test_in_any_split_what_is_told_and_not_taken_back_is_what_stands_and_is_not_quiet(
    snapshot: Snapshot, events: tuple[Event, ...], split: list[tuple[int, bool, int]]
) -> None:
    desk = walked(snapshot, events, split)
    told = {notice["id"] for notice in desk.told if notice["data"]["withdraws"] is None}
    withdrawn = {notice["data"]["withdraws"] for notice in desk.told} - {None}
    loud = [one for one in desk.state.ledger if one.stands and not one.skipped]
    assert withdrawn <= told
    assert len(told - withdrawn) == len(loud)
    quiet = [one for one in desk.state.ledger if one.skipped]
    assert all(desk.state.quiet_until is not None and one.planned_at < desk.state.quiet_until for one in quiet)
