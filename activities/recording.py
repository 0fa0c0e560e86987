"""`record`: writes an instance's steps into the store, in their order. A step that is there already changes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from temporalio import activity

from activities.boundary import temporal_errors
from activities.ports import Projection, Refused, SearchAttributes
from domain.errors import PlanMissing, ProjectionConflict, StoreUnavailable
from domain.record.records import Record
from workflows.calls import RECORD
from workflows.documents import Document, RecordAnswer, RecordRequest
from workflows.packing import pack, unpack

# For so long after the store has not answered, nobody tries it who need not wait for it.
LEFT_ALONE_SECONDS = 1.0


class Recorder:
    """Writes steps into the store, for every activity that makes them."""

    def __init__(self, projection: Projection, refused: Refused, clock: Callable[[], float] = time.monotonic) -> None:
        self._projection = projection
        self._refused = refused
        self._clock = clock
        self._away_until = 0.0

    async def try_to_record(self, record: Record, within: float) -> bool:
        """Whether the step is recorded within so many seconds. If not, the workflow has it recorded later."""
        if self._clock() < self._away_until:
            return False
        try:
            async with asyncio.timeout(within):
                await self._projection.apply(record)
        except (StoreUnavailable, TimeoutError) as error:
            self._away_until = self._clock() + LEFT_ALONE_SECONDS
            activity.logger.warning("step %s is recorded later: %s", record.sequence, error)
            return False
        except PlanMissing:
            return False
        except Exception:  # noqa: BLE001 - whatever it is, the notices have gone out and the plan is made
            # `record` tries it again, and fails where operators see it.
            activity.logger.exception("step %s is not recorded", record.sequence)
            return False
        return True

    async def record(self, record: Record) -> None:
        """Raises StoreUnavailable, and RuntimeError for a step that contradicts what is recorded."""
        try:
            await self._projection.apply(record)
        except ProjectionConflict as conflict:
            # Retried until the run is ended: it stays visible to operators, and nothing is written over.
            activity.logger.error("record %s/%s: %s", record.instance_id, record.sequence, conflict.message)
            info = activity.info()
            if info.workflow_id is not None and info.workflow_run_id is not None:
                self._refused(info.workflow_id, info.workflow_run_id)
            raise RuntimeError(conflict.message) from conflict


class Recording:
    def __init__(self, recorder: Recorder, search_attributes: SearchAttributes) -> None:
        self._recorder = recorder
        self._search_attributes = search_attributes

    @activity.defn(name=RECORD)
    async def record(self, packed: Document) -> Document:
        """A `RecordRequest` to a `RecordAnswer`."""
        with temporal_errors():
            for record in unpack(packed, RecordRequest)["records"]:
                await self._recorder.record(Record.from_json(record))
        answer: RecordAnswer = {"attributes": self._search_attributes()}
        return pack(answer)
