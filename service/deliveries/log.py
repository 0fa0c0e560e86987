"""The log of deliveries as the API, the command line and the board see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.errors import Conflict
from domain.ids import InstanceId
from domain.instants import Instant, render, render_optional
from domain.record.deliveries import DeliveryKey
from domain.record.outcomes import CONNECTOR
from store.deliveries.log import Deliveries, DeliveryFilters, DeliveryPage, LoggedDelivery
from store.deliveries.resends import Resends
from store.lists.keys import Place

MOST_RESENT = 1000
"""Dead letters that one request has sent once more."""


@dataclass(frozen=True, slots=True)
class DeliveryLog:
    """Methods that name an entry raise NotFound for one that is not in the organization's log."""

    kept: Deliveries
    resends: Resends

    async def page(
        self,
        organization: str,
        filters: DeliveryFilters,
        *,
        limit: int,
        offset: int = 0,
        after: Place | None = None,
        sort: str | None = None,
    ) -> DeliveryPage:
        """Entries that match, newest first unless `sort` says otherwise, behind the place `after` where one is given.

        Raises InvalidValue for a sort or a place that is not of the log.
        """
        return await self.kept.page(organization, filters, limit=limit, offset=offset, after=after, sort=sort)

    async def get(self, organization: str, delivery_id: str) -> LoggedDelivery:
        return await self.kept.get(DeliveryKey.parse(organization, delivery_id))

    async def resend(self, organization: str, delivery_id: str) -> LoggedDelivery:
        """Have it sent once more by a worker: the same notice, under the same id.

        Raises Conflict for one that is on its way already, was never to be sent, or is what a connector wrote.
        """
        key = DeliveryKey.parse(organization, delivery_id)
        if (key.channel or "").startswith(f"{CONNECTOR}:"):
            raise Conflict("what a connector writes is not sent once more", field="delivery_id", value=delivery_id)
        return await self.resends.ask(key)

    async def resend_dead(
        self, organization: str, receiver: str, since: Instant, limit: int = MOST_RESENT
    ) -> tuple[int, int]:
        """Have the dead letters of a receiver since an instant sent once more, the oldest first; return how many these
        are, and how many are left."""
        return await self.resends.ask_dead(organization, receiver, since, limit)


def delivery_view(one: LoggedDelivery) -> dict[str, Any]:
    instance = InstanceId.parse(one.key.instance_id)
    return {
        "id": one.key.id,
        "notice_id": one.key.notice_id,
        "type": one.type,
        "escalation": one.escalation,
        "channel": one.key.channel,
        "state": one.state.value,
        "instance_id": one.key.instance_id,
        f"{instance.subject_type}_id": instance.subject,
        "policy_id": one.policy_id,
        "planned_at": render_optional(one.planned_at),
        "fired_at": render(one.fired_at),
        "sent_at": render_optional(one.sent_at),
        "taken_at": render_optional(one.taken_at),
        "attempts": one.attempts,
        "resends": one.resends,
        "error": one.error,
    }
