"""`auto_escalate`: whether a breach goes to its escalation contact. It is asked when the breach happens."""

from __future__ import annotations

import asyncio

from temporalio import activity

from activities.ports import Projection
from domain.errors import NotFound, StoreUnavailable
from workflows.calls import AUTO_ESCALATE
from workflows.documents import Document, EscalateAnswer, EscalateRequest
from workflows.packing import pack, unpack

STORE_SECONDS = 1.0


class Escalating:
    """While the store is down, the answer is the last one that this worker knows of the organization."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._known: dict[str, bool] = {}

    @activity.defn(name=AUTO_ESCALATE)
    async def auto_escalate(self, packed: Document) -> Document:
        """An `EscalateRequest` to an `EscalateAnswer`: what the store says, or else what was known last."""
        request = unpack(packed, EscalateRequest)
        organization = request["organization"]
        try:
            async with asyncio.timeout(STORE_SECONDS):
                self._known[organization] = await self._projection.auto_escalate(organization)
        except (StoreUnavailable, NotFound, TimeoutError) as error:
            activity.logger.warning("auto-escalation of %s is taken as last known: %s", organization, error)
        answer: EscalateAnswer = {"auto_escalate": self._known.get(organization, request["last_known"])}
        return pack(answer)
