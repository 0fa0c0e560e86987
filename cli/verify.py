"""`sla verify`: recompute the record of an instance, offline from an export or from the store."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import administration, console
from domain.calendar import pin_packaged_tzdata
from domain.errors import InvalidValue, NotFound
from domain.record.chain import verify as recompute

DEFAULT = "default"


def verify(
    instance_id: Annotated[str, typer.Argument(metavar="ID", help="Such as inst_sla_ticket_42.")],
    source: Annotated[Path | None, typer.Option("--from", help="An export; left out: from the store.")] = None,
    head: Annotated[str | None, typer.Option(help="A hash kept from an earlier look: it must be in the chain.")] = None,
    organization: Annotated[str, typer.Option(help="Whose instance.")] = DEFAULT,
    save: Annotated[Path | None, typer.Option(help="Keep the export in this file.")] = None,
) -> None:
    """Check that nothing in the record of an instance was changed, and that every plan follows from it."""
    pin_packaged_tzdata()
    document = _read(source) if source else asyncio.run(_load(instance_id, organization))
    if isinstance(document, dict) and document.get("instance_id") != instance_id:
        raise InvalidValue("export.instance_id", document.get("instance_id"), f"must be {instance_id}")
    if save is not None:
        _write(save, document)
    verdict = recompute(document, head)
    for finding in verdict.findings:
        console.complain(_printable(str(finding)))
    console.say(_printable(f"{verdict.steps} steps, head {verdict.head or 'none'}"))
    if not verdict.holds:
        raise typer.Exit(1)
    console.say("nothing was changed, and every plan follows from the rules and the events")


def _read(source: Path) -> Any:
    try:
        return json.loads(source.read_text())
    except OSError as error:
        raise InvalidValue("from", str(source), f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise InvalidValue("from", str(source), "must hold JSON") from None


def _write(save: Path, document: Any) -> None:
    try:
        save.write_text(json.dumps(document, ensure_ascii=True, indent=1))
    except OSError as error:
        raise InvalidValue("save", str(save), f"cannot be written: {error.strerror}") from None


def _printable(line: str) -> str:
    """The line with every character escaped that a terminal cannot show or would obey: a file may hold anything."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in line)


async def _load(instance_id: str, organization: str) -> Any:
    async with administration.opened() as store:
        export = await store.chains.export(organization, instance_id)
    if export is None:
        raise NotFound(f"there is no instance {instance_id} in organization {organization}")
    return export
