"""`sla show`: a ticket as its page on the board tells it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from cli import administration, console
from cli.administration import printable
from cli.board.options import DEFAULT, AsJson, Organization
from cli.explain import existing, history_of
from domain.explaining.view import explanation_view
from domain.instants import Instant, render, render_optional
from service.instances.reading.explaining import explain_instance
from store.database.clock import system_clock
from store.store import Store
from web.pages.ticket.clocks import ClockView
from web.pages.ticket.reading import FoundTicket, found_of
from web.pages.ticket.view import Reason, TicketView, Why, ticket_view
from web.showing import instants

SEGMENTS = 200

Shown = tuple[TicketView, FoundTicket, str]
"""A ticket with what it was made of, and the organization's zone."""


def show(
    name: Annotated[
        str,
        typer.Argument(metavar="ID", help="The ticket's own id, such as 42, or inst_sla_ticket_42 for one instance."),
    ],
    organization: Organization = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show a ticket: its clocks, why it got its policy, whom it told, and what happened."""
    found = asyncio.run(_show(name, organization))
    if as_json:
        console.say(json.dumps([_json(*one) for one in found], ensure_ascii=False, indent=2))
        return
    for index, (ticket, source, zone) in enumerate(found):
        if index:
            console.say("")
        for line in _lines(ticket, zone, source.explained.at):
            console.say(printable(line))


async def _show(name: str, organization: str) -> Sequence[Shown]:
    """One at least. Raises NotFound, and Conflict where the opening of an instance is not recorded."""
    found: list[Shown] = []
    async with administration.opened() as store:
        zone = (await store.organizations.get(organization)).timezone
        for instance_id in await existing(store, organization, name):
            source = await _found(store, organization, instance_id)
            found.append((ticket_view(source, organization, system_clock(), zone), source, zone))
    return found


async def _found(store: Store, organization: str, instance_id: str) -> FoundTicket:
    explained = await explain_instance(
        lambda: history_of(store, organization, instance_id), instance_id, None, SEGMENTS, system_clock
    )
    return await found_of(store, organization, explained, None)


def _lines(ticket: TicketView, zone: str, now: Instant) -> Iterator[str]:
    yield f"{ticket.subject}  {ticket.title}"
    yield f"{ticket.word}; policy {ticket.policy}, priority {ticket.priority}, team {ticket.team}" + (
        f", assignee {ticket.assignee}" if ticket.assignee else ""
    )
    if ticket.url:
        yield ticket.url
    yield from ticket.notes
    yield f"opened {instants.moment(ticket.opened, zone, now)}" + (
        "" if ticket.closed is None else f", closed {instants.moment(ticket.closed, zone, now)}"
    )
    yield ""
    yield "Clocks"
    for clock in (*ticket.clocks, *ticket.earlier_clocks):
        yield from _clock(clock, zone, now)
    yield ""
    yield "Why this policy"
    yield from ["  not recorded"] if ticket.why is None else _why(ticket.why)
    yield ""
    yield "Notices"
    yield from list(_notices(ticket, zone, now)) or ["  none yet"]
    yield ""
    yield "Events, newest first"
    for event in ticket.events:
        parts = (instants.moment(event.at, zone, now), event.what, event.who, event.notes)
        yield "  " + "  ".join(part for part in parts if part)
    if ticket.events_left_out:
        yield f"  and {ticket.events_left_out} more"


def _clock(clock: ClockView, zone: str, now: Instant) -> Iterator[str]:
    due = "" if clock.due is None else f", due {instants.moment(clock.due, zone, now)}"
    promised = f" ({clock.promise})" if clock.promise else ""
    cycle = f", {clock.cycle}" if clock.cycle else ""
    yield f"  {clock.name}{promised}{cycle}: {clock.word}{due}"
    if clock.bar is not None:
        yield f"    {clock.bar.text}"
    if clock.excuse:
        yield f"    {clock.excuse}"


def _why(why: Why) -> Iterator[str]:
    yield from _reason(why.chosen)
    for one in why.passed:
        yield from _reason(one)
    if why.left_out:
        yield f"  and {why.left_out} more above it"


def _reason(reason: Reason) -> Iterator[str]:
    yield f"  {reason.policy}: {reason.sentence}"
    yield from (f"    {one}" for one in reason.conditions)


def _notices(ticket: TicketView, zone: str, now: Instant) -> Iterator[str]:
    for clock in (*ticket.clocks, *ticket.earlier_clocks):
        for one in clock.milestones:
            if one.fired is None:
                continue
            yield f"  {instants.moment(one.fired, zone, now)}  {clock.name}, {one.name}: {one.fate}"
            for sent in one.deliveries:
                said = (sent.channel, sent.receiver.name, sent.state, sent.error)
                yield "    " + "  ".join(part for part in said if part)


def _json(ticket: TicketView, source: FoundTicket, zone: str) -> dict[str, Any]:
    """The explanation as the API answers it, and beside it what the page adds."""
    clocks = (*ticket.clocks, *ticket.earlier_clocks)
    return {
        "id": ticket.id,
        "subject": ticket.subject,
        "title": ticket.title,
        "status": ticket.word,
        "priority": ticket.priority,
        "team": ticket.team,
        "assignee": ticket.assignee,
        "policy": ticket.policy,
        "url": ticket.url,
        "timezone": zone,
        "opened_at": render(ticket.opened),
        "closed_at": render_optional(ticket.closed),
        "notices": [
            {
                "clock": clock.name,
                "milestone": one.name,
                "fired_at": render_optional(one.fired),
                "fate": one.fate,
                "deliveries": [
                    {
                        "channel": sent.channel,
                        "receiver": sent.receiver.name,
                        "state": sent.state,
                        "attempts": sent.attempts,
                        "taken_at": render_optional(sent.taken),
                        "error": sent.error,
                    }
                    for sent in one.deliveries
                ],
            }
            for clock in clocks
            for one in clock.milestones
            if one.fired is not None
        ],
        "explanation": explanation_view(source.explained),
    }
