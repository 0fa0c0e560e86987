"""Whatever happens to a ticket, its explanation adds up to the second."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.explaining import RecordedHistory, explain
from domain.explaining.view import explanation_view
from domain.instants import MINUTE, Instant, parse, render_optional
from domain.plan.planning import plan
from domain.plan.plans import TargetPlan
from domain.policy.budgets import Deadline
from domain.policy.field_deadlines import FieldDeadline
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Ledger, merge, reconcile
from domain.record.views import calendar_of, target_view
from domain.ticket.events import Event
from tests.domain.clocks.test_laws_of_every_clock import snapshots, stories, stories_of_closings_at_one_instant
from tests.support.examples import examples

some = settings(derandomize=True, deadline=None, max_examples=examples(30))
# Microseconds off every grid, so that nothing adds up by luck.
moments = st.integers(-2 * 24 * 60, 20 * 24 * 60).map(lambda minute: minute * MINUTE + 123_457)


def exactly(number: float) -> Decimal:
    return Decimal(str(number))


def told(
    snapshot: Snapshot, events: tuple[Event, ...], after: int, most: int = 500
) -> tuple[Instant, Iterator[tuple[TargetPlan, dict[str, Any]]]]:
    """The instant, and each target with its part of the explanation."""
    now = Instant(max(0, events[0].occurred_at + after))
    explained = explain(RecordedHistory(snapshot, events, ()), now, most)
    view = explanation_view(explained)
    assert [one["type"] for one in view["targets"]] == [target.type for target in explained.plan.targets]
    return now, zip(explained.plan.targets, view["targets"], strict=True)


@settings(some, max_examples=examples(120))
@given(snapshots(), stories() | stories_of_closings_at_one_instant(), moments, st.sampled_from((1, 2, 3, 500)))
def test_segments_run_without_gap_or_overlap_and_add_up_to_the_totals(
    snapshot: Snapshot, events: tuple[Event, ...], after: int, most: int
) -> None:
    now, targets = told(snapshot, events, after, most)
    for target, view in targets:
        segments = view["segments"]
        end = max(now, target.since) if target.stopped_at is None else target.stopped_at
        length = 0 if target.started_at is None else end - target.started_at
        assert exactly(view["wall_seconds"]) == Decimal(length) / 1_000_000
        if not segments:
            assert length == 0
            continue
        edges = [parse(segments[0]["start"]), *(parse(one["end"]) for one in segments)]
        assert (edges[0], edges[-1]) == (target.started_at, end)
        assert [parse(one["start"]) for one in segments] == edges[:-1]
        assert all(before < after for before, after in pairwise(edges))
        assert len(segments) <= most + 1
        assert {one["kind"] for one in segments[1:]} <= {"running", "closed", "paused", "stopped"}
        assert sum(exactly(one["seconds"]) for one in segments) == exactly(view["wall_seconds"])
        assert sum(exactly(one["counted_seconds"]) for one in segments) == exactly(view["elapsed_seconds"])
        for kind in ("running", "closed", "paused", "stopped"):
            assert kind_of(segments, kind) == exactly(view[f"{kind}_seconds"])


def kind_of(segments: list[dict[str, Any]], kind: str) -> Decimal:
    whole = [exactly(one["seconds"]) for one in segments if one["kind"] == kind]
    summed = [exactly(one["totals"][f"{kind}_seconds"]) for one in segments if one["kind"] == "summary"]
    return sum([*whole, *summed], Decimal(0))


@some
@given(snapshots(), stories(), moments)
def test_the_seconds_are_those_that_the_instance_shows(
    snapshot: Snapshot, events: tuple[Event, ...], after: int
) -> None:
    now, targets = told(snapshot, events, after)
    policies = [snapshot.policy, *(one.policy for one in snapshot.alternatives)]
    rules = [rule for policy in policies for rule in policy.targets]
    fixed = {rule.id for rule in rules if isinstance(rule.budget, Deadline | FieldDeadline)}
    for target, view in targets:
        shown = target_view(target, calendar_of(snapshot, target), {}, now)
        for name in ("elapsed_seconds", "remaining_seconds", "paused_seconds", "due_at", "met", "state", "breached_at"):
            assert view[name] == shown[name], name
        # Until a fixed instant all time counts, that of a stop included.
        if target.id not in fixed:
            assert kind_of(view["segments"], "running") == exactly(shown["elapsed_seconds"])


@some
@given(snapshots(), stories(), moments)
def test_the_causes_of_a_pause_cover_it_and_none_is_longer(
    snapshot: Snapshot, events: tuple[Event, ...], after: int
) -> None:
    _, targets = told(snapshot, events, after)
    for _target, view in targets:
        for segment in view["segments"]:
            shares = [exactly(one["seconds"]) for one in segment.get("causes", [])]
            if segment["kind"] == "paused":
                assert max(shares) <= exactly(segment["seconds"]) <= sum(shares)
            else:
                assert shares == []
        paused = [segment for segment in view["segments"] if segment["kind"] == "paused"]
        for share in view["causes"]:
            own = [one for segment in paused for one in segment["causes"] if one["cause"] == share["cause"]]
            assert sum(exactly(one["seconds"]) for one in own) == exactly(share["seconds"])
            assert sum(exactly(one["working_seconds"]) for one in own) == exactly(share["working_seconds"])


@some
@given(snapshots(), stories(), moments)
def test_every_milestone_and_every_firing_is_told_once(
    snapshot: Snapshot, events: tuple[Event, ...], after: int
) -> None:
    """The ledger is the one of a workflow that took each event as it arrived."""
    now = Instant(max(0, events[0].occurred_at + after))
    ledger: Ledger = ()
    for count, event in enumerate(events, start=1):
        ledger = merge(ledger, reconcile(plan(snapshot, events[:count]), ledger, event.received_at))
    explained = explain(RecordedHistory(snapshot, events, ledger), now)
    view = explanation_view(explained)
    told = [(one["target"], one["cycle"], one) for one in view["other_milestones"]]
    for target, one in zip(explained.plan.targets, view["targets"], strict=True):
        told += [(target.name, target.cycle, milestone) for milestone in one["milestones"]]
    fired = {(t, cycle, one["name"], one["generation"]) for t, cycle, one in told if one["fired_at"] is not None}
    known = {(one.key.target, one.key.cycle, one.key.milestone, one.generation) for one in ledger}
    assert fired == known
    assert sum(one["fired_at"] is not None for _, _, one in told) == len(ledger)
    for target, one in zip(explained.plan.targets, view["targets"], strict=True):
        planned = [(mark.name, render_optional(mark.planned_at)) for mark in target.milestones]
        assert [(mark["name"], mark["planned_at"]) for mark in one["milestones"]][: len(planned)] == planned
    assert all(one["lateness_seconds"] >= 0 for _, _, one in told if one["fired_at"] is not None)
