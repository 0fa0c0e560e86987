"""The events of a ticket in parts of a page, so that one with hundreds stays light. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from domain.instants import render
from web.pages.ticket.view import EventRow, TicketView

MOST_EVENTS = 50


@dataclass(frozen=True, slots=True)
class EventsPart:
    """`first` to `last` of `in_all`, the newest first, counted from 1.

    `here`, `newest` and `earlier` are addresses of the ticket with this part, the newest and the next one; empty where
    there is none.
    """

    rows: Sequence[EventRow]
    first: int
    last: int
    in_all: int
    here: str
    newest: str
    earlier: str


def events_part(ticket: TicketView, newer: int) -> EventsPart:
    """`newer` is how many of the newest are passed over."""
    in_all = len(ticket.events)
    start = min(newer, in_all)
    end = min(start + MOST_EVENTS, in_all)
    return EventsPart(
        rows=ticket.events[start:end],
        first=min(start + 1, in_all),
        last=end,
        in_all=in_all,
        here=_address(ticket, start),
        newest=_address(ticket, 0) if start else "",
        earlier=_address(ticket, end) if end < in_all else "",
    )


def _address(ticket: TicketView, newer: int) -> str:
    shown = ticket.as_of.shown
    given = {"as_of": "" if shown is None else render(shown), "newer": str(newer or "")}
    query = urlencode({name: value for name, value in given.items() if value})
    return f"/tickets/{quote(ticket.id, safe='')}{f'?{query}' if query else ''}"
