"""The first row of an instance: the API writes it once the instance has started, and nobody else does soon."""

from __future__ import annotations

import logging

from domain.errors import StoreUnavailable
from domain.record.records import Record, first_record
from domain.ticket.events import Event
from service.dependencies import Dependencies
from service.polling import polls
from store.instances.instances import StoredInstance
from store.instances.open_tickets import Start

# Seconds between two attempts.
LONGEST_WAIT = 2.0

log = logging.getLogger(__name__)


async def write_first_row(deps: Dependencies, start: Start, opened: Event) -> None:
    """While the store is away it is tried again for as long as somebody may be patient; what is not written then is
    left to whoever compares the store with Temporal (service/reconciling), who comes by much later."""
    record = first_record(start.snapshot.to_json(), start.plan, opened)
    failure = await _failure_to_write(deps, record)
    if isinstance(failure, StoreUnavailable):
        async for _ in polls(deps.timeouts.rows, LONGEST_WAIT):
            failure = await _failure_to_write(deps, record)
            if not isinstance(failure, StoreUnavailable):
                break
    if failure is not None:
        log.warning("the first row of %s is left to the reconciler: %s", record.instance_id, failure)


async def find_or_mend(deps: Dependencies, organization: str, instance_id: str) -> StoredInstance | None:
    """An instance as the store has it, its first row written anew where an API that died has left it out.

    None where nobody can say what the instance was started with. Raises Unavailable.
    """
    stored = await deps.store.instances.get(organization, instance_id)
    if stored is not None:
        return stored
    opening = await deps.engine.opening(organization, instance_id)
    if opening is None or opening.first is None:
        return None
    await deps.store.instances.apply(opening.first)
    return await deps.store.instances.get(organization, instance_id)


async def _failure_to_write(deps: Dependencies, record: Record) -> Exception | None:
    try:
        await deps.store.instances.apply(record)
    except Exception as error:  # noqa: BLE001 - the instance is durable already, whatever went wrong here
        return error
    return None
