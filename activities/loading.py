"""`load`: what an instance needs when it was started with the ticket alone, or continues after it had finished."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from temporalio import activity

from activities.boundary import temporal_errors
from activities.ports import Projection
from domain.calendar import tzdata_version
from domain.errors import InvalidValue, NotFound
from domain.events import FUTURE_TOLERANCE, Event, EventKind
from domain.fields import require_mapping
from domain.ids import InstanceId
from domain.instants import Instant, parse, render
from domain.planning import plan
from domain.tickets import SUBJECT_FIELDS, Ticket
from workflows.calls import LOAD
from workflows.messages import start_input
from workflows.packing import pack, unpack


class Loading:
    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    @activity.defn(name=LOAD)
    async def load(self, request: dict[str, Any]) -> dict[str, Any]:
        """`{organization, instance_id, ticket, started_at}` to `{recorded}`, `{snapshot, plan, opened}` or `{}`.

        An empty answer means that no policy, or none of its targets, applies to the ticket.
        """
        request = unpack(request)
        with temporal_errors():
            organization, instance_id = request["organization"], request["instance_id"]
            recorded = await self._projection.load(organization, instance_id)
            if recorded is not None:
                return {"recorded": pack(recorded)}
            ticket = read_ticket(request["ticket"], InstanceId.parse(instance_id))
            opened = opening(request["ticket"], instance_id, parse(request["started_at"]))
            snapshot = (await self._projection.catalog(organization)).snapshot(ticket, tzdata_version())
            if snapshot is None or not snapshot.targets:
                return {}
            planned = await asyncio.to_thread(plan, snapshot, [opened])
            return start_input(snapshot, planned, opened)


def read_ticket(document: Any, instance: InstanceId) -> Ticket:
    """The ticket in a start input; its subject may be left to the workflow id but must not contradict it."""
    if not document:
        raise NotFound(f"instance {instance} has no recorded past and was started without a ticket")
    body = require_mapping(document, "ticket")
    if "ticket" in body:
        body = require_mapping(body["ticket"], "ticket")
    own = {f"{instance.subject_type}_id": instance.subject, "kind": instance.kind.value}
    for name in (*SUBJECT_FIELDS, "kind"):
        if body.get(name) not in (None, own.get(name)):
            raise InvalidValue(f"ticket.{name}", body[name], f"contradicts the workflow id, which says {instance}")
    return Ticket.from_json({**body, **own}, "ticket")


def opening(document: Mapping[str, Any], instance_id: str, started_at: Instant) -> Event:
    """The opening of a ticket that began as a workflow; without a time of its own it opened when that started."""
    given = document.get("ticket", document).get("occurred_at")
    occurred_at = started_at if given is None else parse(given, "ticket.occurred_at")
    if occurred_at > started_at + FUTURE_TOLERANCE:
        raise InvalidValue("ticket.occurred_at", given, f"is more than five minutes ahead of {render(started_at)}")
    return Event(EventKind.OPENED, f"opened/{instance_id}", occurred_at, started_at, source="workflow")
