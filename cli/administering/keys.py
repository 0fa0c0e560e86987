"""`sla keys`: make, list and revoke API keys in the store itself, whatever scopes anybody has."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cli import administration, console
from cli.board.options import AsJson
from domain.access.scopes import READ, SCOPES, WRITE, require_scopes
from domain.errors import NotFound
from domain.instants import render, render_optional
from domain.wording import spoken_instant, spoken_optional
from store.access.keys import StoredKey
from store.lists.listed import ListPart

app = typer.Typer(name="keys", help="Create, list and revoke API keys.", no_args_is_help=True)

Of = Annotated[str, typer.Option(help="Whose keys.")]
DEFAULT = "default"
EVERY = 1_000_000


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Whose key it is.")] = "made by sla keys",
    organization: Of = DEFAULT,
    scope: Annotated[list[str], typer.Option(help=f"One of {', '.join(SCOPES)}; may be repeated.")] = [READ, WRITE],  # noqa: B006
) -> None:
    """Make an API key and show it, once: only a hash of it is kept. Nothing else goes to standard output."""
    stored, key = asyncio.run(_create(name, organization, require_scopes(scope, "--scope")))
    console.note(f"made {stored.id} with {' '.join(stored.scopes)} for {organization}; the key is shown once:")
    console.say(key)


@app.command("list")
def list_keys(organization: Of = DEFAULT, as_json: AsJson = False) -> None:
    """List the API keys of an organization, oldest first, revoked ones included.

    Times are in the organization's zone, as JSON in UTC.
    """
    keys, zone = asyncio.run(_list(organization))
    if as_json:
        console.say(json.dumps(list(map(_document, keys)), ensure_ascii=False, indent=2))
        return
    headings = ("id", "name", "prefix", "scopes", "created", "revoked")
    administration.show(headings, [_row(key, zone) for key in keys])


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Revoke an API key for good. An API that is running may take it for ten more seconds."""
    name = asyncio.run(_revoke(key_id))
    console.say(f"revoked {key_id} ({administration.printable(name)})")


async def _create(name: str, organization: str, scopes: tuple[str, ...]) -> tuple[StoredKey, str]:
    async with administration.opened() as store:
        try:
            return await store.keys.create(organization, name, scopes)
        except NotFound as error:
            raise NotFound(f"{error.message}; `sla organizations create` makes one") from error


async def _list(organization: str) -> tuple[Sequence[StoredKey], str]:
    """With the organization's zone."""
    async with administration.opened() as store:
        found = (await store.keys.list(organization, ListPart(EVERY))).rows
        return found, (await store.organizations.get(organization)).timezone


def _document(key: StoredKey) -> dict[str, Any]:
    said = {"id": key.id, "name": key.name, "prefix": key.prefix, "scopes": list(key.scopes)}
    return {**said, "created_at": render(key.created_at), "revoked_at": render_optional(key.revoked_at)}


def _row(key: StoredKey, zone: str) -> tuple[str, ...]:
    times = spoken_instant(key.created_at, zone), spoken_optional(key.revoked_at, zone, "")
    return key.id, key.name, key.prefix, " ".join(key.scopes), *times


async def _revoke(key_id: str) -> str:
    async with administration.opened() as store:
        return (await store.keys.revoke(key_id)).name
