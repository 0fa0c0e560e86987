"""`sla breaches`: what was broken, newest first."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer

from cli import administration, console
from cli.board.options import DEFAULT, AsJson, OfPriority, OfTeam, Organization
from domain.analytics.periods import Period, read_period
from domain.ids import Kind
from domain.instants import SECOND, Instant, render, render_optional
from store.analytics.breaches import MeasuredBreach
from store.analytics.queries import Scope
from store.analytics.summaries import Breaches
from store.database.clock import system_clock
from web.showing import instants
from web.showing.durations import duration
from web.showing.words import words

HEADINGS = ("ticket", "promise", "due", "over by", "state", "priority", "team", "policy")
Day = Annotated[str | None, typer.Option(help="A day such as 2026-03-01; the last 30 days unless told.")]


def breaches(  # noqa: PLR0913, PLR0917 - each is an option
    since: Day = None,
    until: Day = None,
    team: OfTeam = "",
    priority: OfPriority = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The newest so many.")] = 50,
    excused: Annotated[bool, typer.Option("--excused", help="Those that count in no rate.")] = False,
    organization: Organization = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """List the breaches of a period, newest first, and by how much each promise was overrun."""
    narrow = {"team_id": team or None, "priority": priority or None}
    found, period, now = asyncio.run(_find(organization, since, until, narrow, limit, excused=excused))
    if as_json:
        console.say(json.dumps(_json(found, period), ensure_ascii=False, indent=2))
        return
    if not found.page:
        console.say(f"Nothing was broken from {period.start_date} to {period.end_date}.")
        return
    administration.show(HEADINGS, [_cells(one, found, period.timezone, now) for one in found.page])
    console.note(f"{len(found.page)} of {found.total} from {period.start_date} to {period.end_date}")


async def _find(
    organization: str, since: str | None, until: str | None, narrow: dict[str, Any], limit: int, *, excused: bool
) -> tuple[Breaches, Period, Instant]:
    async with administration.opened() as store:
        zone, now = (await store.organizations.get(organization)).timezone, system_clock()
        period = read_period(since, until, zone, now, ("--since", "--until"))
        scope = Scope(organization, Kind.SLA, **narrow)
        return await store.analytics.breaches(scope, period, now, limit=limit, excused=excused), period, now


def _cells(one: MeasuredBreach, found: Breaches, zone: str, now: Instant) -> list[str]:
    return [
        one.subject,
        words(one.name),
        instants.moment(one.due_at, zone, now),
        duration(one.overrun),
        "open" if one.stopped_at is None else "over",
        one.priority or "",
        found.names.teams.get(one.team_id or "", one.team_id or ""),
        found.names.policies.get(one.policy_id or "", one.policy_id or ""),
    ]


def _json(found: Breaches, period: Period) -> dict[str, Any]:
    return {
        "start_date": str(period.start_date),
        "end_date": str(period.end_date),
        "timezone": period.timezone,
        "total": found.total,
        "excused": found.excused,
        "breaches": [
            {
                "id": one.instance_id,
                "subject": one.subject,
                "target": one.name,
                "cycle": one.cycle,
                "due_at": render(one.due_at),
                "stopped_at": render_optional(one.stopped_at),
                "overrun_seconds": one.overrun / SECOND,
                "wall_overrun_seconds": one.wall_overrun / SECOND,
                "priority": one.priority,
                "team_id": one.team_id,
                "policy_id": one.policy_id,
            }
            for one in found.page
        ],
    }
