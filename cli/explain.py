"""`sla explain`: where every second of an instance went, read from the store itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from cli import administration, console
from domain.errors import Conflict, NotFound
from domain.ids import InstanceId
from store.database.clock import system_clock

if TYPE_CHECKING:
    from domain.explaining import Explanation, RecordedHistory

DEFAULT = "default"
MOST = 5000
STYLES = {"█": "green", "░": "bright_black", "▒": "yellow", "·": "bright_black", "~": "cyan", "-": "dim", "▲": "red"}


def explain(
    instance_id: Annotated[str, typer.Argument(metavar="ID", help="Such as inst_sla_ticket_42.")],
    organization: Annotated[str, typer.Option(help="Whose instance.")] = DEFAULT,
    as_of: Annotated[str | None, typer.Option(help="What was known then, such as 2026-03-08T14:30:00Z.")] = None,
    segments: Annotated[int, typer.Option(min=1, max=MOST, help="Of each clock, the latest.")] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="As the API answers.")] = False,
) -> None:
    """Tell where every second of an instance went, why it got its policy and what became of each milestone."""
    from domain.explaining.text import explanation_text  # noqa: PLC0415 - not for every command
    from domain.explaining.view import explanation_view  # noqa: PLC0415 - as above

    explained = asyncio.run(_explain(instance_id, organization, as_of, segments))
    if as_json:
        console.say(json.dumps(explanation_view(explained), ensure_ascii=False, indent=2))
        return
    for line in explanation_text(explained).splitlines():
        console.out.print(_coloured(line))


async def _explain(instance_id: str, organization: str, as_of: str | None, segments: int) -> Explanation:
    from service.instances.explaining import explain_instance  # noqa: PLC0415 - as above

    InstanceId.parse(instance_id)
    find = partial(_find, instance_id, organization)
    return await explain_instance(find, instance_id, as_of, segments, system_clock, field="--as-of")


async def _find(instance_id: str, organization: str) -> RecordedHistory:
    from service.instances.explaining import recorded_history  # noqa: PLC0415 - as above

    async with administration.opened() as store:
        history = await recorded_history(store, organization, instance_id)
        if history is None and await store.instances.load(organization, instance_id) is not None:
            raise Conflict(f"the opening of instance {instance_id} is not recorded yet")
    if history is None:
        raise NotFound(f"there is no instance {instance_id} in organization {organization}")
    return history


def _coloured(line: str) -> Text:
    """A line of a timeline, or the legend, in colours; every other line as it is."""
    if not any(cell in line for cell in "█░▒▲"):
        return Text(line)
    return Text.assemble(*_cells(line))


def _cells(line: str) -> Iterator[tuple[str, str]]:
    for character in line:
        yield character, STYLES.get(character, "")
