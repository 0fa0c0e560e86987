"""`auto_escalate`: whether a breach goes to its escalation contact, asked when it happens."""

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
    """Remembers the last answer of each organization for as long as the store is down."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._known: dict[str, bool] = {}

    @activity.defn(name=AUTO_ESCALATE)
    async def auto_escalate(self, packed: Document) -> Document:
        """`{organization, last_known}` to `{auto_escalate}`; `last_known` is the instance's own memory of it."""
        request = unpack(packed, EscalateRequest)
        organization = request["organization"]
        try:
            async with asyncio.timeout(STORE_SECONDS):
                self._known[organization] = await self._projection.auto_escalate(organization)
        except (StoreUnavailable, NotFound, TimeoutError) as error:
            activity.logger.warning("auto-escalation of %s is taken as last known: %s", organization, error)
        answer: EscalateAnswer = {"auto_escalate": self._known.get(organization, request["last_known"])}
        return pack(answer)
