"""The first row of an instance. The API writes it after the start; the reconciler would write it much later."""

from __future__ import annotations

import logging

from domain.errors import StoreUnavailable
from domain.record.records import Record, first_record
from service.dependencies import Dependencies
from service.tools.polling import polls
from store.instances.instances import StoredInstance
from store.instances.open_tickets import Start

# The longest pause between two attempts, in seconds.
LONGEST_WAIT = 2.0

log = logging.getLogger(__name__)


async def write_first_row(deps: Dependencies, start: Start) -> None:
    """Write the first row; while the store is away, try again for `timeouts.rows` seconds.

    The reconciler, which compares the store with Temporal (service/reconciling), writes what is not written then.
    """
    record = first_record(start.snapshot.to_json(), start.plan, start.opened)
    failure = await _failure_to_write(deps, record)
    if isinstance(failure, StoreUnavailable):
        async for _ in polls(deps.timeouts.rows, LONGEST_WAIT):
            failure = await _failure_to_write(deps, record)
            if not isinstance(failure, StoreUnavailable):
                break
    if failure is not None:
        log.warning("the first row of %s is left to the reconciler: %s", record.instance_id, failure)


async def find_or_mend(deps: Dependencies, organization: str, instance_id: str) -> StoredInstance | None:
    """An instance as the store has it. Its first row is written here if an API process died before writing it.

    None if it is not known what the instance was started with. Raises Unavailable.
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
