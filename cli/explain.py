"""`sla explain`: where every second of an instance went, read from the store itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated

import typer
from rich.text import Text

from cli import administration, console
from domain.errors import Conflict, InvalidValue, NotFound
from domain.explaining import Explanation, RecordedHistory
from domain.explaining.text import explanation_text
from domain.explaining.view import explanation_view
from domain.ids import InstanceId, Kind, SubjectType
from service.instances.reading.explaining import explain_instance, recorded_history
from store.database.clock import system_clock
from store.store import Store

DEFAULT = "default"
MOST = 5000
STYLES = {"█": "green", "░": "bright_black", "▒": "yellow", "·": "bright_black", "~": "cyan", "-": "dim", "▲": "red"}


def explain(
    name: Annotated[
        str,
        typer.Argument(metavar="ID", help="The ticket's own id, such as 42, or inst_sla_ticket_42 for one instance."),
    ],
    organization: Annotated[str, typer.Option(help="Whose instance.")] = DEFAULT,
    as_of: Annotated[str | None, typer.Option(help="What was known then, such as 2026-03-08T14:30:00Z.")] = None,
    segments: Annotated[int, typer.Option(min=1, max=MOST, help="Of each clock, the latest.")] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="As the API answers.")] = False,
) -> None:
    """Tell where every second of an instance went, why it got its policy and what became of each milestone.

    Several instances of one ticket, such as that of its team, are told one after the other.
    """
    found, home = asyncio.run(_explain(name, organization, as_of, segments))
    if as_json:
        _say_json(name, found)
        return
    for index, one in enumerate(found):
        if index:
            console.say("")
        for line in explanation_text(one, home).splitlines():
            console.out.print(_coloured(line))


def _say_json(name: str, found: Sequence[Explanation]) -> None:
    if len(found) > 1:
        ids = ", ".join(str(one.snapshot.ticket.instance) for one in found)
        raise Conflict(f"{name} has several instances, and --json tells of one: {ids}")
    console.say(json.dumps(explanation_view(found[0]), ensure_ascii=False, indent=2))


async def _explain(name: str, organization: str, as_of: str | None, segments: int) -> tuple[Sequence[Explanation], str]:
    """The explanations, one at least, and the organization's time zone.

    Raises NotFound where there is no instance, or where nothing was known of any; Conflict where the opening of one is
    not recorded; InvalidValue for an `as_of` that is no instant or lies ahead.
    """
    found: list[Explanation] = []
    unknown: NotFound | None = None
    async with administration.opened() as store:
        for instance_id in await existing(store, organization, name):
            find = partial(history_of, store, organization, instance_id)
            try:
                found.append(await explain_instance(find, instance_id, as_of, segments, system_clock, field="--as-of"))
            except NotFound as error:
                unknown = error
        home = (await store.organizations.get(organization)).timezone
    if not found and unknown is not None:
        raise unknown
    return found, home


async def existing(store: Store, organization: str, name: str) -> Sequence[str]:
    """The ids of the instances that are meant, the customer's promise first. Raises NotFound where there is none."""
    found = [id_ for id_ in _candidates(name) if await store.instances.load(organization, id_) is not None]
    if not found:
        raise NotFound(f"there is no instance {name} in organization {organization}, and no ticket with this id")
    return found


def _candidates(name: str) -> Sequence[str]:
    try:
        return (str(InstanceId.parse(name)),)
    except InvalidValue:
        return [str(InstanceId(kind, subject, name)) for subject in SubjectType for kind in Kind]


async def history_of(store: Store, organization: str, instance_id: str) -> RecordedHistory:
    history = await recorded_history(store, organization, instance_id)
    if history is None:
        raise Conflict(f"the opening of instance {instance_id} is not recorded yet")
    return history


def _coloured(line: str) -> Text:
    """A line of a timeline, or the legend, in colours. Every other line stays as it is."""
    if not any(cell in line for cell in "█░▒▲"):
        return Text(line)
    return Text.assemble(*_cells(line))


def _cells(line: str) -> Iterator[tuple[str, str]]:
    for character in line:
        yield character, STYLES.get(character, "")
