"""`sla channels`: what notices can leave through, and a sample sent through it: no ticket, no running engine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from channels.channel import Destination, opened, utc_now
from channels.registry import CHANNELS, check, lacking, open_channel, receiving
from channels.webhook import new_secret
from channels.wording import templates
from channels.wording.sample import SAMPLES, told_just_now
from cli import administration, console
from cli.board.options import AsJson
from domain.calendar.local_time.zones import require_zone
from domain.errors import InvalidValue
from settings import Settings

app = typer.Typer(name="channels", help="List, try and preview the channels of notices.", no_args_is_help=True)

SECONDS = 10
Kind = Annotated[str, typer.Argument(metavar="CHANNEL", help="As `sla channels list` names it.")]
Type = Annotated[str, typer.Option(help=f"Type of the sample notice: {', '.join(SAMPLES)}.")]
Zone = Annotated[str | None, typer.Option(help="Time zone of the reader.")]
Template = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="A file with a template of one's own.")
]


@app.command("list")
def list_channels(as_json: AsJson = False) -> None:
    """List the channels that take receivers: their addresses, and what is lacking for them."""
    settings, headings = Settings.load(), ("channel", "address", "example", "state")
    rows = [
        (name, kind.address or "", kind.example or "", f"needs {' and '.join(missing)}" if missing else "ready")
        for name, kind in CHANNELS.items()
        if kind.open is not None
        for missing in [lacking(kind, settings)]
    ]
    if as_json:
        console.say(json.dumps([dict(zip(headings, row, strict=True)) for row in rows], ensure_ascii=False, indent=2))
        return
    administration.show(headings, rows)


@app.command("test")
def send_sample(
    channel: Kind,
    address: Annotated[str, typer.Argument()],
    secret: Annotated[list[str], typer.Option(help="The secret to sign with; may be repeated.")] = [],  # noqa: B006
    type: Type = "breached",  # noqa: A002 - the option's name
    zone: Zone = None,
) -> None:
    """Check an address as a receiver's would be, and send a sample notice there.

    The settings are those of this shell: addresses in private networks need `SLA_ALLOW_PRIVATE_RECEIVERS=true`.
    """
    sample = told_just_now(_sample(type), utc_now())
    name = asyncio.run(_send(channel, Destination(address, tuple(secret), timezone=zone), sample))
    console.say(f"{name} has taken it")


@app.command()
def preview(
    channel: Kind,
    subject: Template = None,
    text: Template = None,
    html: Template = None,
    type: Type = "breached",  # noqa: A002 - as above
    zone: Zone = None,
) -> None:
    """Show what a message says, in the built-in words or by templates of one's own."""
    _sample(type)
    kind = receiving(channel)
    if not kind.parts:
        raise InvalidValue("CHANNEL", channel, "must be one with messages: this one sends the CloudEvent itself")
    files = {templates.SUBJECT: subject, templates.TEXT: text, templates.HTML: html}
    own = {part: file.read_text(encoding="utf-8") for part, file in files.items() if file is not None}
    message = templates.preview(channel, own, None if zone is None else require_zone(zone, "--zone"), type)
    for shown in (message.subject, message.text, message.html or ""):
        console.say(shown)


@app.command()
def secret() -> None:
    """Make a secret for signed webhooks. It is kept nowhere."""
    console.say(new_secret())


async def _send(kind: str, destination: Destination, notice: dict[str, object]) -> str:
    async with opened(Settings.load(), SECONDS) as outside:
        await check(kind, destination, outside)
        channel = open_channel(kind, destination, outside)
        await channel.send(notice)
        return channel.name


def _sample(type_: str) -> dict[str, object]:
    if type_ not in SAMPLES:
        raise InvalidValue("--type", type_, f"must be one of {', '.join(SAMPLES)}")
    return dict(SAMPLES[type_])
