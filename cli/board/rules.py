"""`sla policies`, `sla calendars`, `sla teams`: the rules of an organization, from the store itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import typer

from cli import administration, console
from cli.board.options import DEFAULT, AsJson, Organization
from domain.instants import render
from domain.policy.budgets import Deadline, WorkingDays
from domain.policy.targets import TargetRule
from store.lists.listed import ListPart
from store.store import Store
from web.showing.durations import duration
from web.showing.words import words

MOST = 100_000
Find = Callable[[Store, str], Awaitable[Sequence[Mapping[str, Any]]]]

policies = typer.Typer(name="policies", help="List the policies of an organization.", no_args_is_help=True)
calendars = typer.Typer(name="calendars", help="List the business hours of an organization.", no_args_is_help=True)
teams = typer.Typer(name="teams", help="List the teams of an organization.", no_args_is_help=True)


# Each group has one command so far, and keeps its word.
for _one in (policies, calendars, teams):
    _one.callback()(lambda: None)


@policies.command("list")
def list_policies(organization: Organization = DEFAULT, as_json: AsJson = False) -> None:
    """List policies in the order in which tickets are matched."""
    found = _found(organization, _policies)
    if as_json:
        console.say(json.dumps([one["document"] for one in found], ensure_ascii=False, indent=2))
        return
    headings = ("id", "kind", "name", "version", "enabled", "conditions", "promises")
    administration.show(headings, [[str(one[name]) for name in headings] for one in found])


@calendars.command("list")
def list_calendars(organization: Organization = DEFAULT, as_json: AsJson = False) -> None:
    """List business hours; the default ones count where a policy names none."""
    found = _found(organization, _calendars)
    if as_json:
        console.say(json.dumps([one["document"] for one in found], ensure_ascii=False, indent=2))
        return
    headings = ("id", "name", "timezone", "version", "default", "hours", "holidays")
    administration.show(headings, [[str(one[name]) for name in headings] for one in found])


@teams.command("list")
def list_teams(organization: Organization = DEFAULT, as_json: AsJson = False) -> None:
    """List teams, with who leads them and in which business hours they work."""
    found = _found(organization, _teams)
    if as_json:
        console.say(json.dumps(list(found), ensure_ascii=False, indent=2))
        return
    headings = ("id", "name", "lead", "business_hours_id")
    administration.show(headings, [[str(one[name] or "") for name in headings] for one in found])


def _found(organization: str, find: Find) -> Sequence[Mapping[str, Any]]:
    async def work() -> Sequence[Mapping[str, Any]]:
        async with administration.opened() as store:
            await store.organizations.get(organization)
            return await find(store, organization)

    return asyncio.run(work())


async def _policies(store: Store, organization: str) -> Sequence[Mapping[str, Any]]:
    found = (await store.policies.list(organization, None, ListPart(MOST))).rows
    return [
        {
            "id": one.policy.id,
            "kind": one.policy.kind.value,
            "name": one.policy.name,
            "version": one.policy.version,
            "enabled": "yes" if one.policy.enabled else "no",
            "conditions": len(one.policy.conditions) or "every ticket",
            "promises": "; ".join(map(_promise, one.policy.targets)),
            "document": {
                **one.policy.to_json(),
                "created_at": render(one.created_at),
                "updated_at": render(one.updated_at),
            },
        }
        for one in found
    ]


def _promise(target: TargetRule) -> str:
    if isinstance(target.budget, int):
        promised = duration(target.budget)
    elif isinstance(target.budget, WorkingDays):
        promised = f"{target.budget.count:g} working days"
    else:
        promised = "by a fixed time" if isinstance(target.budget, Deadline) else "as the ticket says"
    priority = f"{target.priority}: " if target.priority else ""
    return f"{priority}{words(target.type)} {promised}"


async def _calendars(store: Store, organization: str) -> Sequence[Mapping[str, Any]]:
    found = (await store.calendars.list(organization, ListPart(MOST))).rows
    return [
        {
            "id": one.id,
            "name": one.name,
            "timezone": one.calendar.timezone,
            "version": one.version,
            "default": "yes" if one.is_default else "",
            "hours": _hours(one.calendar.to_json()),
            "holidays": len(one.calendar.to_json().get("holidays") or ()),
            "document": {
                "id": one.id,
                "name": one.name,
                "is_default": one.is_default,
                "version": one.version,
                **one.calendar.to_json(),
            },
        }
        for one in found
    ]


def _hours(document: Mapping[str, Any]) -> str:
    """`mon-fri 09:00-17:00` where days in a row have the same, each in their order."""
    runs: list[tuple[str, str, str]] = []
    for day, windows in (document.get("weekly_hours") or {}).items():
        said = " ".join("-".join(map(str, window)) for window in windows)
        if runs and runs[-1][2] == said:
            runs[-1] = (runs[-1][0], day, said)
        elif said:
            runs.append((day, day, said))
    return ", ".join(f"{first if first == last else f'{first}-{last}'} {said}" for first, last, said in runs)


async def _teams(store: Store, organization: str) -> Sequence[Mapping[str, Any]]:
    found = (await store.teams.list(organization, ListPart(MOST))).rows
    return [one.team.to_json() for one in found]
