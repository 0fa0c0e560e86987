"""Rows of docs/semantics.md about status, notices and lateness; each docstring is the sentence of its row."""

from dataclasses import replace

import pytest

from domain.instants import SECOND, Instant
from domain.plan.planning import plan
from domain.plan.status import InstanceStatus, instance_status, met
from domain.record.ledger import merge, reconcile
from domain.record.notices import notice
from domain.record.views import instance_view
from domain.ticket.events import Event
from tests.support.builders import (
    a_snapshot,
    acknowledged,
    at,
    cancelled,
    opened,
    paused,
    promise,
    reopened,
    resolution,
    resolved,
    resumed,
    two_clocks,
)

STORIES: dict[str, tuple[list[Event], str, str]] = {
    "running": ([], "09:10", "active"),
    "one instant before due": ([], "09:29:59", "active"),
    "at due": ([], "09:30", "breached"),
    "answered late and resolved": ([acknowledged("09:40"), resolved("09:50")], "09:50", "breached"),
    "answered, still open": ([acknowledged("09:10")], "10:00", "active"),
    "every clock paused": ([paused("09:10")], "16:00", "paused"),
    "the only running clock paused": ([acknowledged("09:10"), paused("09:20")], "16:00", "paused"),
    "paused after a breach": ([paused("09:40")], "16:00", "breached"),
    "resolution dated ahead of a breach": ([resolved("11:10")], "09:29", "active"),
    "resumed": ([paused("09:10"), resumed("09:20")], "09:30", "active"),
    "resolved in time": ([resolved("09:20")], "09:20", "met"),
    "withdrawn": ([cancelled("09:20")], "09:20", "cancelled"),
    "answered, then withdrawn": ([acknowledged("09:10"), cancelled("09:20")], "09:20", "cancelled"),
    "withdrawn after a breach": ([cancelled("09:40")], "09:40", "breached"),
    "withdrawn after the resolution": ([resolved("09:20"), cancelled("09:30")], "09:40", "met"),
    "reopened": ([resolved("09:20"), reopened("09:30")], "09:40", "active"),
}


@pytest.mark.parametrize("story", STORIES)
def test_the_instance_status_follows_from_its_targets(story: str) -> None:
    """`breached` as soon as one target is exceeded, else `paused`, `active`, `met`; `closed_at` says whether clocks still run; `paused` when every running clock is paused; `cancelled` when the ticket was withdrawn; `untracked` when no policy or target applies (nothing is started)"""  # noqa: E501 - the row is one line
    events, now, status = STORIES[story]
    planned = two_clocks(opened("09:00"), *events, response=30, resolution=120)
    assert instance_status(planned, at(now)) == status
    closed = (
        "dated ahead" in story
        or status in ("met", "cancelled")
        or any(event.kind in ("resolved", "cancelled") for event in events)
    )
    assert (planned.closed_at is not None) == (closed and story != "reopened")


def test_an_instance_is_finished_when_every_target_has_stopped() -> None:
    """every target stopped or cancelled; a breach stops nothing"""
    breached = two_clocks(opened("09:00"), response=30, resolution=60)
    assert instance_status(breached, at("tue 09:00")) is InstanceStatus.BREACHED
    assert breached.closed_at is None
    half = two_clocks(opened("09:00"), acknowledged("09:10"))
    assert half.closed_at is None
    assert two_clocks(opened("09:00"), acknowledged("09:10"), resolved("11:00")).closed_at == at("11:00")
    assert two_clocks(opened("09:00"), paused("09:10"), cancelled("09:20")).closed_at == at("09:20")


def test_a_notice_has_a_stable_key() -> None:
    """fixed in the workflow's history before sent (the store's copy may follow later: a store that is down delays no notice); sent at least once with a stable idempotency key `(organization, instance, target, cycle, milestone, generation)`"""  # noqa: E501 - the row is one line
    snapshot = a_snapshot(promise(minutes=60))
    events = [opened("09:00")]
    first = reconcile(plan(snapshot, events), (), at("09:30"))
    ids = [notice(snapshot.facts, plan(snapshot, events), firing)["id"] for firing in (*first, *first)]
    assert ids == ["default/inst_sla_ticket_42/resolution/1/halfway/1"] * 2

    moved = plan(snapshot, [*events, paused("09:10", received="09:40"), resumed("09:20", received="09:41")])
    second = reconcile(moved, first, at("09:45"))
    assert [notice(snapshot.facts, moved, firing)["id"] for firing in second] == [
        "default/inst_sla_ticket_42/resolution/1/halfway/1/withdrawn",
        "default/inst_sla_ticket_42/resolution/1/halfway/2",
    ]


def test_every_milestone_keeps_its_planned_fired_and_delivered_instant() -> None:
    """every milestone stores planned, fired and delivered instants; lateness is a metric, never a wrong breach time"""
    snapshot = a_snapshot(promise(minutes=60))
    planned = plan(snapshot, [opened("09:00")])
    late = at("tue 12:00")
    ledger = merge((), reconcile(planned, (), late))
    ledger = merge(ledger, [replace(ledger[-1], delivered_at=Instant(late + 2 * SECOND))])
    view = instance_view(snapshot, planned, ledger, late)["targets"]["resolution"]
    assert view["milestones"][-1] == {
        "name": "breached",
        "planned_at": "2026-03-02T10:00:00Z",
        "fired_at": "2026-03-03T12:00:00Z",
        "delivered_at": "2026-03-03T12:00:02Z",
    }
    assert view["breached_at"] == "2026-03-02T10:00:00Z"


def test_a_cancelled_target_is_neither_met_nor_missed() -> None:
    """A cancelled target is neither met nor missed, unless it was breached before."""
    gone = resolution(opened("09:00"), cancelled("09:20"))
    assert (met(gone, at("12:00")), gone.due_at) == (None, at("10:00"))
    late = resolution(opened("09:00"), cancelled("10:20"))
    assert met(late, at("12:00")) is False


def test_after_the_end_the_due_instant_stays() -> None:
    """After the end the due instant stays: where the budget was, or would have been, used up."""
    target = resolution(opened("15:50"), paused("16:00"), resumed("16:10"), resolved("16:20"), minutes=120)
    assert target.due_at == at("tue 10:00")


def test_the_plan_asked_about_an_earlier_instant_is_not_breached_yet() -> None:
    """A plan knows its future breach; asked about an earlier instant it is not breached yet."""
    target = resolution(opened("09:00"))
    assert target.breached_at == at("10:00")
    assert (met(target, Instant(at("10:00") - 1)), met(target, at("10:00"))) == (None, False)
