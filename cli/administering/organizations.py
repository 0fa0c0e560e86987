"""`sla organizations`: make, list and change organizations, their plans included, in the store itself."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from cli import administration, console
from cli.board.options import AsJson
from domain.access.subscriptions import Subscription
from domain.fields import require_choice
from domain.instants import parse, render_optional
from store.access.organizations import Organization, QuietBefore

app = typer.Typer(name="organizations", help="Create, list and change organizations.", no_args_is_help=True)

COLUMNS = ("id", "name", "plan", "timezone", "default_business_hours_id", "quiet_before")

Id = Annotated[str, typer.Argument(metavar="ID")]
Name = Annotated[str | None, typer.Option(help="What people call it.")]
Plan = Annotated[str | None, typer.Option(help=f"One of {', '.join(Subscription)}.")]
Quiet = Annotated[
    str | None,
    typer.Option(
        metavar="INSTANT",
        help="Open tickets from before this instant quietly: nobody is told of what is past. 'never' ends that.",
    ),
]
Zone = Annotated[str | None, typer.Option(help="IANA time zone whose days the analytics count.")]


@app.command()
def create(
    organization: Id, name: Name = None, plan: Plan = None, timezone: Zone = None, quiet_before: Quiet = None
) -> None:
    """Make an organization; of plan enterprise and in UTC unless told otherwise."""
    asyncio.run(_create(organization, name, _plan(plan), timezone, _instant(quiet_before)))
    console.say(f"made {organization}")


@app.command("list")
def list_organizations(as_json: AsJson = False) -> None:
    """List all organizations."""
    rows = [_document(one) for one in asyncio.run(_list())]
    if as_json:
        console.say(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    headings = [name.removesuffix("_id").replace("_", " ") for name in COLUMNS]
    administration.show(headings, [[row[name] or "never" for name in COLUMNS] for row in rows])


@app.command("set")
def set_(
    organization: Id, name: Name = None, plan: Plan = None, timezone: Zone = None, quiet_before: Quiet = None
) -> None:
    """Change an organization. An API that is running may go by the former plan for ten more seconds."""
    if name is plan is timezone is quiet_before is None:
        raise typer.BadParameter("nothing to change; give --name, --plan, --timezone or --quiet-before")
    asyncio.run(_set(organization, name, _plan(plan), timezone, _instant(quiet_before)))
    console.say(f"changed {organization}")


def _document(one: Organization) -> dict[str, str | None]:
    values = (one.id, one.name, one.subscription.value, one.timezone, one.default_calendar_id)
    return dict(zip(COLUMNS, (*values, render_optional(one.quiet_before)), strict=True))


def _plan(given: str | None) -> Subscription | None:
    return None if given is None else require_choice(given, Subscription, "--plan")


def _instant(given: str | None) -> QuietBefore:
    if given is None:
        return None
    return "never" if given == "never" else parse(given, "--quiet-before")


async def _create(
    organization: str,
    name: str | None,
    subscription: Subscription | None,
    timezone: str | None,
    quiet_before: QuietBefore,
) -> None:
    async with administration.opened() as store:
        await store.organizations.create(
            organization, name=name, subscription=subscription, timezone=timezone, quiet_before=quiet_before
        )


async def _list() -> list[Organization]:
    async with administration.opened() as store:
        return list(await store.organizations.list())


async def _set(
    organization: str,
    name: str | None,
    subscription: Subscription | None,
    timezone: str | None,
    quiet_before: QuietBefore,
) -> None:
    async with administration.opened() as store:
        await store.organizations.change(
            organization, name=name, subscription=subscription, timezone=timezone, quiet_before=quiet_before
        )
