"""What is due next, as the board has it: read, as a table of text, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Group as Stack
from rich.table import Table
from rich.text import Text

from cli.administration import printable
from domain.instants import Instant, render_optional
from store.store import Store
from web.pages.due_next import reading, view
from web.pages.due_next.narrowing import DueNextFilters
from web.showing import instants

STYLES = {view.BREACHED: "red", view.AT_RISK_GROUP: "yellow", view.PAUSED: "blue"}
HEADINGS = ("", "ticket", "about", "promise", "priority", "team", "policy", "used", "left", "due")


@dataclass(frozen=True, slots=True)
class Due:
    """A look at what is due: in the organization's zone, as of `now`."""

    board: view.Board
    organization: str
    zone: str
    now: Instant


async def look(store: Store, organization: str, query: DueNextFilters, now: Instant) -> Due:
    """Raises NotFound for the organization, StoreUnavailable."""
    theirs = await store.organizations.get(organization)
    found = await reading.find(store, theirs, query, now)
    return Due(view.board_of(found, query, now, theirs.timezone), organization, theirs.timezone, now)


def as_json(due: Due) -> dict[str, Any]:
    return {
        "organization": due.organization,
        "figures": {one.name.lower(): one.value for one in due.board.figures},
        "shown": due.board.shown,
        "total": due.board.total,
        "tickets": [_row_json(row) for group in due.board.groups for row in group.rows],
    }


def _row_json(row: view.Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "subject": row.subject,
        "title": row.title,
        "group": row.group.lower(),
        "promise": row.promise,
        "priority": row.priority,
        "team": row.team,
        "assignee": row.assignee,
        "policy": row.policy,
        "due_at": render_optional(row.due),
        "seconds_left": None if row.left is None else row.left.seconds,
        "paused_until": render_optional(row.paused_until),
        "url": row.url,
    }


def rows(due: Due) -> Iterator[tuple[str, ...]]:
    """The cells of each ticket, under `HEADINGS`."""
    for group in due.board.groups:
        for row in group.rows:
            yield tuple(map(printable, (group.name, row.subject, row.title, *_measured(row, due))))


def _measured(row: view.Row, due: Due) -> tuple[str, ...]:
    left = "" if row.left is None else row.left.text
    used = "" if row.bar is None else row.bar.text.partition(" used")[0]
    when = row.paused_until if row.group == view.PAUSED else row.due
    prefix = "until " if row.group == view.PAUSED and when is not None else ""
    shown = "" if when is None else f"{prefix}{instants.moment(when, due.zone, due.now)}"
    return row.promise, row.priority, row.team, row.policy, used, left, shown


def figures(due: Due) -> str:
    """One line: how many are breached, at risk and so on."""
    return ", ".join(f"{one.value} {one.name.lower()}" for one in due.board.figures)


def empty(due: Due) -> str:
    """What to do where there is nothing to show; otherwise an empty text."""
    return " ".join(part for part in (due.board.empty + "." if due.board.empty else "", due.board.advice) if part)


def table(due: Due, most: int) -> Stack:
    """For a terminal, the first `most` tickets."""
    made = Table(expand=True, pad_edge=False, box=None)
    for name in HEADINGS:
        made.add_column(name, no_wrap=True, overflow="ellipsis", ratio=3 if name == "about" else None)
    every = list(rows(due))
    for cells in every[:most]:
        style = STYLES.get(cells[0], "")
        made.add_row(*(Text(cell, style if index in (0, 8) else "") for index, cell in enumerate(cells)))
    left = due.board.total - min(most, len(every))
    clock = instants.clock(due.now, due.zone)
    below = [Text(f"and {left} more", "dim")] if left > 0 else []
    nothing = [Text(empty(due))] if due.board.empty else []
    head = Text(f"{due.organization} at {clock} {due.zone}: {figures(due)}", "bold")
    return Stack(head, Text(""), *nothing, made if every else Text(""), *below)
