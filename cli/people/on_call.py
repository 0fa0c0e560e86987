"""`sla on-call`: who is on call now, on the store itself."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer

from cli import administration, console
from domain.instants import DAY, Instant, render, render_optional
from domain.people.on_call import Shift
from service.people.directories import directory_of
from service.tools.ciphers import cipher_of
from settings import Settings
from store.database.clock import system_clock

DEFAULT = "default"
DAYS = 31

app = typer.Typer(name="on-call", help="List who is on call.", no_args_is_help=True)

Organization = Annotated[str, typer.Option(help="Whose on-calls.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.callback()
def on_call() -> None:
    pass


@app.command("list")
def list_on_calls(organization: Organization = DEFAULT, as_json: AsJson = False) -> None:
    """List the on-calls of an organization, with who has it now and until when; a feed as it was read last."""
    rows = asyncio.run(_list(organization))
    if as_json:
        console.say(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    headings = ("id", "name", "by", "timezone", "now", "until", "error")
    administration.show(headings, [[_cell(row[heading]) for heading in headings] for row in rows])


async def _list(organization: str) -> list[dict[str, Any]]:
    settings, at = Settings.load(), system_clock()
    async with administration.opened() as store:
        people = await store.people.of(organization)
    directory = await directory_of(people, cipher_of(settings.secret_keys, settings.home), at)
    names = {contact.id: contact.name for contact in directory.contacts}
    end = Instant(at + DAYS * DAY)
    rows = []
    for stored, rota in zip(people.on_calls, directory.rotas, strict=True):
        now = next(rota.shifts(at, end))
        rows.append(
            {
                "id": stored.on_call.id,
                "name": stored.on_call.name,
                "by": "rotation" if stored.feed is None else "feed",
                "timezone": stored.on_call.timezone,
                "now": [names[id_] for id_ in now.duty.contacts if id_ in names],
                "until": _until(now, end),
                "read_at": None if stored.feed is None else render_optional(stored.feed.read_at),
                "error": None if stored.feed is None else stored.feed.error,
            }
        )
    return rows


def _until(now: Shift, end: Instant) -> str | None:
    """None where nothing changes within a month."""
    return None if now.end == end else render(now.end)


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else value or ""
