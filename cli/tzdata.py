"""`sla tzdata-check`: which open instances the installed time zone database would move."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from cli import administration, console
from domain.calendar import tzdata_version
from domain.instants import Instant
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.replan.replanning import Move, moves
from domain.wording import spoken_optional
from store.instances.replanned import Candidate
from store.store import Store

HEADINGS = ("ORGANIZATION", "INSTANCE", "TARGET", "DUE", "WOULD BE DUE", "MADE WITH")


def tzdata_check(
    organization: Annotated[str | None, typer.Option(help="Of this one alone; left out: of all.")] = None,
) -> None:
    """List the open instances whose instants the time zone database that is installed here would move.

    Exit status 1 where there are any. `POST /replan:apply` with `time_zone_database` moves them.
    """
    rows = asyncio.run(_check(organization))
    if rows:
        administration.show(HEADINGS, rows)
    console.say(f"{len(rows)} targets would move under time zone database {tzdata_version()}")
    if rows:
        raise typer.Exit(1)


async def _check(organization: str | None) -> list[tuple[str, ...]]:
    """The rows of the table. Raises NotFound for an organization that does not exist."""
    async with administration.opened() as store:
        if organization is None:
            names = [one.id for one in await store.organizations.list()]
        else:
            names = [(await store.organizations.get(organization)).id]
        return [row for name in names for row in await _of(store, name)]


async def _of(store: Store, organization: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    after = ""
    while batch := await store.replanned.candidates(organization, None, None, after):
        after = batch[-1].id
        for candidate in batch:
            made_with = (candidate.plan.get("versions") or candidate.snapshot["facts"])["tzdata_version"]
            rows += [_row(organization, candidate.id, move, made_with) for move in _moves(candidate)]
    return rows


def _moves(candidate: Candidate) -> tuple[Move, ...]:
    planned = plan(Snapshot.from_json(candidate.snapshot), candidate.events)
    return moves(Plan.from_json(candidate.plan), planned, Instant(0))


def _row(organization: str, instance_id: str, move: Move, made_with: str) -> tuple[str, ...]:
    name = move.name if move.cycle == 1 else f"{move.name} ({move.cycle})"
    # In UTC: in the zone that has changed both would read the same.
    due = (spoken_optional(move.due_from, "UTC", "-"), spoken_optional(move.due_to, "UTC", "-"))
    return (organization, instance_id, name, *due, made_with)
