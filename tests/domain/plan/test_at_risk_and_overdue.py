"""What is urgent now, as opposed to what was broken once; and the ticket as its events have left it."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from domain.plan.planning import plan
from domain.plan.status import InstanceStatus, at_risk_from, instance_status, is_at_risk, is_overdue, runs_out_at
from domain.record.views import instance_view
from domain.ticket.events import Event
from domain.ticket.pauses import PauseEnd
from domain.ticket.timeline import ticket_after
from tests.support.builders import a_snapshot, a_ticket, assigned, at, opened, paused, promise, resolved, updated

FOUR_HOURS = promise(minutes=240)
AT_RISK = "12:00"
"""Of four hours from nine o'clock, three quarters are used."""


def standing(when: str, *events: Event) -> tuple[bool, bool]:
    made = plan(a_snapshot(FOUR_HOURS), [opened("09:00"), *events])
    return is_at_risk(made, at(when)), is_overdue(made, at(when))


@pytest.mark.parametrize(
    ("when", "expected"),
    [("11:59", (False, False)), (AT_RISK, (True, False)), ("12:59", (True, False)), ("13:00", (False, True))],
)
def test_a_ticket_is_at_risk_until_it_is_overdue(when: str, expected: tuple[bool, bool]) -> None:
    """A ticket is at risk while a clock that runs has come to its warning, and none past its due."""
    assert standing(when) == expected


@pytest.mark.parametrize("ending", [resolved("14:00"), paused("14:00")], ids=["resolved", "paused"])
def test_a_ticket_is_overdue_while_a_clock_runs_past_its_due_and_breached_for_ever(ending: Event) -> None:
    """A ticket is overdue while a clock runs past its due; `breached` it stays for ever."""
    made = plan(a_snapshot(FOUR_HOURS), [opened("09:00"), ending])
    assert (is_overdue(made, at("15:00")), is_at_risk(made, at("15:00"))) == (False, False)
    assert (runs_out_at(made), at_risk_from(made)) == (None, None)
    assert instance_status(made, at("15:00")) is InstanceStatus.BREACHED
    assert standing("14:00") == (False, True)


def test_a_clock_that_runs_on_by_itself_is_overdue_and_at_risk_again_from_then_on() -> None:
    late = replace(paused("13:30"), pause_end=PauseEnd(at=at("15:00")))
    assert [standing(when, late) for when in ("14:00", "15:00")] == [(False, False), (False, True)]
    early = replace(paused("12:30"), pause_end=PauseEnd(at=at("14:00")))
    assert [standing(when, early) for when in ("13:00", "14:00", "14:30")] == [
        (False, False), (True, False), (False, True)
    ]  # fmt: skip


def test_an_instance_shows_the_ticket_as_its_events_have_left_it_whenever_they_arrive() -> None:
    """An instance shows the ticket as its events have left it, by when they happened."""
    ticket = replace(a_ticket("high"), fields={"subject": "No dial tone", "plan": "gold"})
    changes = [
        updated("10:00", url="https://desk.example.com/1", assignee="ada"),
        updated("11:00", assignee="grace", plan=None),
        assigned("network", "11:30"),
    ]
    for arrived in permutations(changes):
        left = ticket_after(ticket, [opened("09:00"), *arrived, resolved("12:00")])
        assert (left.title, left.url, left.assignee) == ("No dial tone", "https://desk.example.com/1", "grace")
        assert (left.team_id, left.fields["plan"]) == ("network", None)
    snapshot = a_snapshot(FOUR_HOURS)
    view = instance_view(snapshot, plan(snapshot, [opened("09:00")]), (), at(AT_RISK), left)
    shown = {name: view[name] for name in ("subject", "assignee", "team_id", "at_risk", "is_overdue", "next_due_at")}
    assert list(shown.values()) == ["No dial tone", "grace", "network", True, False, "2026-03-02T13:00:00Z"]
    assert view["fields"] == left.fields
