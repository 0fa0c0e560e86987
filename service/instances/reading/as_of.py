"""Reading an instance as it was known at an instant of the past."""

from __future__ import annotations

import asyncio
from typing import Any

from domain.errors import Unavailable
from domain.instants import render
from domain.plan.planning import plan
from domain.record.views import instance_view
from domain.ticket.timeline import ticket_after
from service.dependencies import Dependencies
from service.instances.reading.history import find_history_as_of


async def view_as_of(deps: Dependencies, organization: str, instance_id: str, as_of: str) -> dict[str, Any]:
    """The instance as it would have been read at the instant.

    Raises InvalidValue for a text that is no instant or one that lies ahead, NotFound for an instance that was not
    known then, Unavailable while its events are not wholly recorded.
    """
    known, instant = await find_history_as_of(deps, organization, instance_id, as_of)
    if not known.is_complete:
        raise Unavailable("The events of the instance are not wholly recorded yet; try again.")
    planned = await asyncio.to_thread(plan, known.snapshot, known.events)
    view = instance_view(
        known.snapshot, planned, known.ledger, instant, ticket_after(known.snapshot.ticket, known.events)
    )
    return {**view, "source": "store", "as_of": render(instant)}
