"""Closures that are taken out of business hours again, in whatever order."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from domain.calendar import Calendar
from domain.calendar.reopening import reopened
from domain.instants import parse
from domain.replan.replanning import ClosureRequest

OFFICE = Calendar.from_json(
    {
        "timezone": "UTC",
        "weekly_hours": {"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]},
        "holidays": ["2026-01-01"],
        "special_openings": {"2026-03-07": [["10:00", "14:00"]]},
    }
)


def closure(start: str, end: str, reason: str) -> ClosureRequest:
    return ClosureRequest(parse(start), parse(end), reason)


STORM = closure("2026-03-02T13:00:00Z", "2026-03-03T10:00:00Z", "storm")
FLOOD = closure("2026-03-02T09:00:00Z", "2026-03-02T12:00:00Z", "flood")
FIRE = closure("2026-03-07T11:00:00Z", "2026-03-07T12:00:00Z", "fire")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_closures_that_are_all_undone_leave_nothing_in_whatever_order(order: tuple[int, ...]) -> None:
    versions = [OFFICE]
    for one in (STORM, FLOOD, FIRE):
        versions.append(one.added_to(versions[-1]))
    now = versions[-1]
    for index in order:
        now = reopened(now, versions[index], versions[index + 1])
    assert now == OFFICE


def test_a_closure_that_was_there_already_takes_nothing_with_it() -> None:
    once = STORM.added_to(OFFICE)
    assert reopened(once, once, STORM.added_to(once)) == once


def test_an_edit_since_stays_when_the_closure_goes() -> None:
    closed = STORM.added_to(OFFICE)
    edited = replace(closed, special_openings=())
    assert reopened(edited, OFFICE, closed) == replace(OFFICE, special_openings=())


def test_a_break_that_was_changed_since_stays_as_it_is() -> None:
    closed = FIRE.added_to(OFFICE)
    longer = closure("2026-03-07T12:00:00Z", "2026-03-07T13:00:00Z", "fire").added_to(closed)
    now = reopened(longer, OFFICE, closed)
    assert now.breaks == longer.breaks
    assert len(now.holidays) == len(longer.holidays) - 1
