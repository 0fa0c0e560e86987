"""`record`: the instance's steps into the projection, in order; a step written before changes nothing."""

from __future__ import annotations

from typing import Any

from temporalio import activity

from activities.boundary import temporal_errors
from activities.ports import Projection, Refused, SearchAttributes
from domain.errors import ProjectionConflict
from domain.records import Record
from workflows.calls import RECORD
from workflows.packing import unpack


class Recording:
    def __init__(self, projection: Projection, search_attributes: SearchAttributes, refused: Refused) -> None:
        self._projection = projection
        self._search_attributes = search_attributes
        self._refused = refused

    @activity.defn(name=RECORD)
    async def record(self, request: dict[str, Any]) -> dict[str, Any]:
        """`{records}` to `{attributes}`: the search attributes that may be set."""
        with temporal_errors():
            for record in unpack(request)["records"]:
                await self._apply(Record.from_json(record))
        return {"attributes": self._search_attributes()}

    async def _apply(self, record: Record) -> None:
        try:
            await self._projection.apply(record)
        except ProjectionConflict as conflict:
            # Retried until the run is ended: it stays visible to operators, and nothing is written over.
            activity.logger.error("record %s/%s: %s", record.instance_id, record.sequence, conflict.message)
            info = activity.info()
            if info.workflow_id is not None and info.workflow_run_id is not None:
                self._refused(info.workflow_id, info.workflow_run_id)
            raise RuntimeError(conflict.message) from conflict
