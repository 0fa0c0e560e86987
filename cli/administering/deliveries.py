"""`sla deliveries`: what became of notices on each channel, from the store itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from cli import administration, console
from domain.errors import InvalidValue
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import parse_optional
from domain.record.deliveries import DeliveryState
from service.deliveries.log import DeliveryLog, delivery_view
from store.deliveries.log import DeliveryFilters

DEFAULT = "default"

app = typer.Typer(name="deliveries", help="List what became of notices on each channel.", no_args_is_help=True)

Organization = Annotated[str, typer.Option(help="Whose log.")]
State = Annotated[
    list[str] | None, typer.Option(help=f"One of {', '.join(DeliveryState)}; may be repeated, as all of these.")
]


@app.callback()
def _group() -> None:
    """Keeps `list` a command of its own."""


@app.command("list")
def list_deliveries(  # noqa: PLR0913 - each is an option
    *,
    state: State = None,
    channel: Annotated[list[str] | None, typer.Option(help="Kind of channel, such as webhook.")] = None,
    receiver: Annotated[list[str] | None, typer.Option(help="Id of a receiver.")] = None,
    ticket: Annotated[list[str] | None, typer.Option(help="Id of a ticket.")] = None,
    since: Annotated[str | None, typer.Option(help="Of notices that fired then or later; ISO 8601.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 100,
    organization: Organization = DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one document a line.")] = False,
) -> None:
    """List what became of notices on each channel, newest first."""
    tickets = [str(InstanceId(kind, SubjectType.TICKET, one)) for one in ticket or () for kind in Kind]
    filters = DeliveryFilters(
        states=[_state(one) for one in state or ()],
        kinds=channel or (),
        receivers=receiver or (),
        instance_ids=tickets,
        since=parse_optional(since, "--since"),
    )
    rows = asyncio.run(_list(organization, filters, limit))
    if as_json:
        for row in rows:
            console.say(json.dumps(row, ensure_ascii=False))
        return
    headings = ("fired_at", "state", "channel", "attempts", "notice_id", "escalation", "error")
    administration.show(headings, [["" if row[name] is None else str(row[name]) for name in headings] for row in rows])


def _state(text: str) -> DeliveryState:
    if text not in set(DeliveryState):
        raise InvalidValue("--state", text, f"must be one of {', '.join(DeliveryState)}")
    return DeliveryState(text)


async def _list(organization: str, filters: DeliveryFilters, limit: int) -> Sequence[dict[str, Any]]:
    async with administration.opened() as store:
        await store.organizations.get(organization)
        found = await DeliveryLog(store.deliveries, store.resends).page(organization, filters, limit=limit)
    return [delivery_view(one) for one in found.deliveries]
