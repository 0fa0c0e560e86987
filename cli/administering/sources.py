"""`sla sources`: connect ticket systems, list them, and see what a body would become, on the store itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import administration, console
from cli.administering import reencrypting
from domain.errors import InvalidValue
from service.hooks.configuring import changed, made, source_of
from service.hooks.interpreting import Reading, subjects_of
from service.tools.ciphers import cipher_of
from settings import Settings
from sources.hooks import Delivery, Source, mapping_from, vendor
from sources.hooks.language.texts import read_text
from store.database.clock import system_clock
from store.lists.listed import ListPart
from store.sources.sources import StoredSource

DEFAULT = "default"
MOST = 100_000
SETTINGS = 'As JSON, such as \'{"pause_labels": ["waiting"]}\'.'
CREDENTIALS = 'As JSON: {"token": "..."}, or user and password; asked for unless given.'

app = typer.Typer(
    name="sources", help="Connect ticket systems that send webhooks, and try what they send.", no_args_is_help=True
)

Organization = Annotated[str, typer.Option(help="Whose ticket system.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command()
def add(
    kind: Annotated[str, typer.Argument(help="A shipped mapping such as github, or the file of one of your own.")],
    name: Annotated[str | None, typer.Option(help="What people call it; the mapping's title unless told.")] = None,
    secret: Annotated[str | None, typer.Option(help="Made up unless given.")] = None,
    settings: Annotated[str | None, typer.Option(help=SETTINGS)] = None,
    organization: Organization = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Connect a ticket system; prints the address and the secret to paste there. The secret is shown only now."""
    given = {**_mapping(kind), "name": name, "secret": secret, "settings": _object(settings, "--settings")}
    stored, shown, url = asyncio.run(_add(organization, given))
    if as_json:
        console.say(json.dumps({"id": stored.id, "kind": stored.document.kind, "url": url, "secret": shown}))
        return
    console.say(f"url     {url}")
    console.say(f"secret  {shown}")


@app.command("list")
def list_sources(organization: Organization = DEFAULT, as_json: AsJson = False) -> None:
    """List the ticket systems of an organization, with how many of their bodies are in which state."""
    rows = asyncio.run(_list(organization))
    if as_json:
        console.say(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    headings = ("id", "kind", "name", "enabled", "received", "refused", "stored", "applied", "ignored", "set_aside")
    administration.show(headings, [[str(row.get(heading, 0)) for heading in headings] for row in rows])


@app.command("set")
def set_(
    source: Annotated[str, typer.Argument(help="The id of a source.")],
    mapping: Annotated[
        str | None, typer.Option(help="The file of one of your own, in place of the one so far.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    settings: Annotated[str | None, typer.Option(help=SETTINGS)] = None,
    organization: Organization = DEFAULT,
) -> None:
    """Change a source; what is left out stays. Workers use it from the next body on."""
    given: dict[str, Any] = {"name": name, "settings": _object(settings, "--settings")}
    if mapping is not None:
        given["mapping"] = _own(mapping, "--mapping")
    stored = asyncio.run(_change(organization, source, given))
    console.say(f"{stored.id} is changed")


@app.command()
def connect(
    source: Annotated[str, typer.Argument(help="The id of a source.")],
    credentials: Annotated[
        str,
        typer.Option(help=CREDENTIALS, prompt="Credentials, as JSON", hide_input=True),
    ],
    base_url: Annotated[str | None, typer.Option(help="Where its API is; the vendor's own unless told.")] = None,
    project: Annotated[list[str] | None, typer.Option(help="What a backfill lists, such as acme/desk.")] = None,
    organization: Organization = DEFAULT,
) -> None:
    """Have escalations write to a ticket system. The credentials are kept encrypted."""
    given = {"base_url": base_url, "credentials": _object(credentials, "--credentials"), "projects": project}
    stored = asyncio.run(_change(organization, source, {"connector": given}))
    assert stored.document.connector is not None
    console.say(f"{stored.id} writes to {stored.document.connector['base_url']}")


@app.command()
def reencrypt() -> None:
    """Encrypt the secrets of all organizations with the first key of SLA_SECRET_KEY, so that the others can go."""
    reencrypting.renew(["source"])


@app.command("test")
def try_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A body as the ticket system sends it.")],
    source: Annotated[str, typer.Option(help="A source's id, a shipped mapping, or the file of one of your own.")],
    header: Annotated[list[str] | None, typer.Option(help="Such as 'X-GitHub-Event: issues'.")] = None,
    settings: Annotated[str | None, typer.Option(help="As JSON, in place of those of the source.")] = None,
    organization: Organization = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Show what a body would become, without doing it; beside what is remembered, if a source is named by its id."""
    delivery = Delivery(file.read_bytes(), system_clock(), _headers(header or ()))
    outcomes = asyncio.run(_test(organization, source, delivery, _object(settings, "--settings")))
    if as_json:
        console.say(json.dumps(outcomes, ensure_ascii=False, indent=2))
        return
    for outcome in outcomes:
        console.say(administration.printable(_line(outcome)))
        for event in outcome.get("events", ()):
            console.say(administration.printable(f"  {event['occurred_at']}  {event['type']}  {event['event_id']}"))


def _line(outcome: Mapping[str, Any]) -> str:
    ticket = outcome.get("ticket") or {}
    subject = next((f"{name} {value}" for name, value in ticket.items() if name.endswith("_id") and value), "")
    reason = ": ".join(part for part in (outcome.get("field"), outcome.get("reason")) if part)
    return "  ".join(part for part in (outcome["outcome"], outcome["event"], subject, reason) if part)


def _mapping(kind: str) -> dict[str, Any]:
    return {"mapping": _own(kind, "kind")} if Path(kind).suffix else {"kind": kind}


def _own(file: str, field: str) -> Any:
    path = Path(file)
    if not path.is_file():
        raise InvalidValue(
            field, file, "must be a file" if field == "--mapping" else "must be a shipped mapping, or a file"
        )
    return read_text(path.read_text(), file)


def _object(text: str | None, field: str) -> Any:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidValue(field, text, "must be a JSON object")
    return found


def _headers(given: Sequence[str]) -> Mapping[str, str]:
    pairs = [text.partition(":") for text in given]
    return {"content-type": "application/json", **{name.strip().lower(): value.strip() for name, _, value in pairs}}


async def _add(organization: str, given: Mapping[str, Any]) -> tuple[StoredSource, str, str]:
    settings = Settings.load()
    document, invented = made(given, cipher_of(settings.secret_keys, settings.home))
    async with administration.opened() as store:
        stored = await store.sources.create(organization, document)
    url = f"{settings.public_url or settings.api_url}/hooks/{stored.id}"
    return stored, invented or "(yours)", url


async def _change(organization: str, source: str, given: Mapping[str, Any]) -> StoredSource:
    settings = Settings.load()
    cipher = cipher_of(settings.secret_keys, settings.home)
    async with administration.opened() as store:
        return await store.sources.update(organization, source, lambda document: changed(document, given, cipher))


async def _list(organization: str) -> list[dict[str, Any]]:
    async with administration.opened() as store:
        found = (await store.sources.list(organization, ListPart(MOST))).rows
        counts = await store.sources.counts(organization, [one.id for one in found])
    return [
        {
            "id": one.id,
            "kind": one.document.kind,
            "name": one.document.name,
            "enabled": one.document.enabled,
            "received": one.arrivals,
            "refused": one.refusals,
            **counts.get(one.id, {}),
        }
        for one in found
    ]


async def _test(
    organization: str, source: str, delivery: Delivery, settings: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    if not source.startswith("src_"):
        chosen = _mapping(source)
        mapping = vendor(source, "--source") if "kind" in chosen else mapping_from(chosen["mapping"], source)
        return _outcomes(Source(mapping, settings or {}), delivery, {})
    async with administration.opened() as store:
        document = (await store.sources.get(organization, source)).document
        known_source = source_of(document if settings is None else replace(document, settings=settings))
        subjects = subjects_of(known_source.items(delivery))
        return _outcomes(known_source, delivery, await store.settling.remembered(organization, source, subjects))


def _outcomes(source: Source, delivery: Delivery, known: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    reading = Reading(source, known)
    return [reading.interpret(item).to_json() for item in source.items(delivery)]
