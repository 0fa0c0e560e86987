"""`sla contacts`: whom escalations may name, on the store itself. Addresses are never shown."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer

from cli import administration, console
from domain.people.contacts import Contact

DEFAULT = "default"

app = typer.Typer(name="contacts", help="List the people and groups whom escalations name.", no_args_is_help=True)

Organization = Annotated[str, typer.Option(help="Whose contacts.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.callback()
def contacts() -> None:
    pass


@app.command("list")
def list_contacts(organization: Organization = DEFAULT, as_json: AsJson = False) -> None:
    """List the contacts of an organization, with the names of their addresses as deliveries have them."""
    rows = asyncio.run(_list(organization))
    if as_json:
        console.say(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    headings = ("id", "kind", "name", "timezone", "addresses", "gone", "members")
    administration.show(headings, [[_cell(row[heading]) for heading in headings] for row in rows])


async def _list(organization: str) -> list[dict[str, Any]]:
    async with administration.opened() as store:
        people = await store.people.of(organization)
    return [_row(stored.sealed) for stored in people.contacts]


def _row(contact: Contact) -> dict[str, Any]:
    gone = [name for name in contact.channels if name not in contact.reachable]
    return {**contact.to_json(), "addresses": list(contact.channels), "gone": gone}


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else value or ""
