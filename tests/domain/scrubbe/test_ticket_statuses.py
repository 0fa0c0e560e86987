from __future__ import annotations

from itertools import product

import pytest

from domain.errors import Conflict
from domain.instants import Instant
from domain.scrubbe.ticket_statuses import (
    LIVING,
    ONGOING,
    TRANSITIONS,
    History,
    StatusChange,
    TicketStatus,
    answered_at,
    first_at,
    ongoing_since,
    resolved_at,
    transition,
)
from domain.ticket.events import EventKind

NEW, OPEN, ACKNOWLEDGED, RESOLVED, CLOSED = TicketStatus
# What the documented table says, written once more.
TOLD = {
    (NEW, OPEN): EventKind.OPENED,
    (NEW, CLOSED): None,
    (OPEN, ACKNOWLEDGED): EventKind.ACKNOWLEDGED,
    (OPEN, RESOLVED): EventKind.RESOLVED,
    (OPEN, CLOSED): EventKind.CANCELLED,
    (ACKNOWLEDGED, RESOLVED): EventKind.RESOLVED,
    (ACKNOWLEDGED, CLOSED): EventKind.CANCELLED,
    (RESOLVED, OPEN): EventKind.REOPENED,
    (RESOLVED, CLOSED): None,
}


def history(*statuses: TicketStatus) -> History:
    """One status a microsecond."""
    return tuple(StatusChange(status, Instant(number)) for number, status in enumerate(statuses))


@pytest.mark.parametrize(("before", "after"), TOLD)
def test_a_status_that_may_follow_tells_the_clocks_what_the_table_says(
    before: TicketStatus, after: TicketStatus
) -> None:
    assert transition(before, after) is TOLD[before, after]


@pytest.mark.parametrize(("before", "after"), [pair for pair in product(TicketStatus, repeat=2) if pair not in TOLD])
def test_a_status_that_cannot_follow_is_a_conflict_that_names_both(before: TicketStatus, after: TicketStatus) -> None:
    with pytest.raises(Conflict) as caught:
        transition(before, after)
    assert (caught.value.field, caught.value.value) == ("status", after)
    assert f"is {before} cannot become {after}" in caught.value.message


def test_every_status_has_its_row_and_nothing_follows_a_closed_ticket() -> None:
    assert set(TRANSITIONS) == set(TicketStatus)
    assert TRANSITIONS[CLOSED] == {}


def test_clocks_run_exactly_between_what_starts_and_what_stops_them() -> None:
    starts, stops = {EventKind.OPENED, EventKind.REOPENED}, {EventKind.RESOLVED, EventKind.CANCELLED}
    for (before, after), told in TOLD.items():
        assert (before not in ONGOING and after in ONGOING) == (told in starts), (before, after)
        assert (before in ONGOING and after not in ONGOING) == (told in stops), (before, after)
    assert {NEW, *ONGOING} == LIVING


def test_a_turn_reads_back_as_it_was_written() -> None:
    turn = StatusChange(ACKNOWLEDGED, Instant(1_700_000_000_123_456))
    assert StatusChange.from_json(turn.to_json()) == turn
    assert turn.to_json() == {"status": "ACKNOWLEDGED", "at": "2023-11-14T22:13:20.123456Z"}


@pytest.mark.parametrize(
    ("statuses", "opened", "resolved", "since", "answered"),
    [
        ((NEW,), None, None, None, None),
        ((NEW, CLOSED), None, None, None, None),
        ((NEW, OPEN), 1, None, 1, None),
        ((NEW, OPEN, ACKNOWLEDGED), 1, None, 1, 2),
        ((NEW, OPEN, CLOSED), 1, None, None, None),
        ((NEW, OPEN, RESOLVED), 1, 2, None, 2),
        ((NEW, OPEN, ACKNOWLEDGED, RESOLVED, CLOSED), 1, 3, None, 2),
        ((NEW, OPEN, RESOLVED, OPEN), 1, None, 3, 2),
        ((NEW, OPEN, RESOLVED, OPEN, ACKNOWLEDGED), 1, None, 3, 2),
        ((NEW, OPEN, RESOLVED, OPEN, RESOLVED, CLOSED), 1, 4, None, 2),
        ((NEW, OPEN, RESOLVED, OPEN, CLOSED), 1, None, None, 2),
    ],
)
def test_a_history_tells_when_the_ticket_opened_was_answered_and_resolved_and_since_when_it_is_open(
    statuses: tuple[TicketStatus, ...],
    opened: int | None,
    resolved: int | None,
    since: int | None,
    answered: int | None,
) -> None:
    turns = history(*statuses)
    assert (first_at(turns, OPEN), resolved_at(turns), ongoing_since(turns), answered_at(turns)) == (
        opened,
        resolved,
        since,
        answered,
    )
