"""`sla receivers`: who is told, and their addresses encrypted anew, on the store itself."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer

from cli import administration, console
from cli.administering import reencrypting
from domain.instants import render
from store.lists.listed import ListPart
from store.rules.receivers import StoredReceiver

DEFAULT = "default"
MOST = 100_000

app = typer.Typer(name="receivers", help="List who is told, and encrypt their addresses anew.", no_args_is_help=True)

Organization = Annotated[str, typer.Option(help="Whose receivers.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command("list")
def list_receivers(organization: Organization = DEFAULT, as_json: AsJson = False) -> None:
    """List the receivers of an organization, oldest first, without their addresses."""
    rows = [_row(one) for one in asyncio.run(_list(organization))]
    if as_json:
        console.say(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    headings = ("id", "channel", "name", "enabled", "secrets", "disabled_because")
    administration.show(headings, [[_cell(row[heading]) for heading in headings] for row in rows])


@app.command()
def reencrypt() -> None:
    """Encrypt addresses and secrets of all organizations with the first key of SLA_SECRET_KEY, so that the others can
    go. Exit code 1 if some can be read with none of the keys."""
    reencrypting.renew(["receiver"])


async def _list(organization: str) -> list[StoredReceiver]:
    async with administration.opened() as store:
        await store.organizations.get(organization)
        return list((await store.receivers.list(organization, ListPart(MOST))).rows)


def _row(stored: StoredReceiver) -> dict[str, Any]:
    return {
        **stored.receiver.to_json(),
        "disabled_because": stored.receiver.disabled_because,
        "secrets": len(stored.sealed.secrets),
        "created_at": render(stored.created_at),
        "updated_at": render(stored.updated_at),
    }


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
