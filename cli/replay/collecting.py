"""A store and a channel that only remember, behind the real activities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, cast

from domain.errors import PlanMissing, ProjectionConflict
from domain.policy.catalog import Catalog
from domain.record.ledger import Ledger, merge
from domain.record.records import Delivery, Record
from workflows.documents import SetAside, StateDocument


class CollectingProjection:
    """The records of every instance, keyed by sequence as in the store."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._written: dict[str, dict[int, Record]] = {}

    async def apply(self, record: Record) -> None:
        written = self._written.setdefault(record.instance_id, {})
        if record.plan is None and not written:
            raise PlanMissing(f"{record.instance_id}/{record.sequence} came without its plan")
        held = written.setdefault(record.sequence, record)
        if held.digest != record.digest:
            raise ProjectionConflict(f"{record.instance_id}/{record.sequence} already holds other content")

    async def deliveries(self, step: Record) -> Sequence[Delivery]:
        own = {notice["id"] for notice in step.notices}
        made = [delivery for record in self._records(step.instance_id) for delivery in record.deliveries]
        return [delivery for delivery in made if delivery.notice_id in own]

    async def load(self, organization: str, instance_id: str) -> StateDocument | None:  # noqa: ARG002 - the port's
        records = self._records(instance_id)
        if not records:
            return None
        ledger: Ledger = ()
        for record in records:
            ledger = merge(ledger, record.firings)
        events = {event.event_id: event for record in records for event in record.events}
        return {
            "snapshot": next(record.snapshot for record in reversed(records) if record.snapshot is not None),
            "plan": next(record.plan for record in reversed(records) if record.plan is not None),
            "events": [event.to_json() for event in events.values()],
            "ledger": [firing.to_json() for firing in ledger],
            "sequence": records[-1].sequence,
            "status": records[-1].status.value,
            "set_aside": cast("SetAside", records[-1].set_aside),
        }

    async def auto_escalate(self, organization: str) -> bool:  # noqa: ARG002 - the port's
        return False

    async def catalog(self, organization: str) -> Catalog:  # noqa: ARG002 - the port's
        return self._catalog

    def _records(self, instance_id: str) -> list[Record]:
        written = self._written.get(instance_id, {})
        return [written[sequence] for sequence in sorted(written)]


class CollectingChannel:
    """How often each notice arrived, by its id."""

    name = "replay"

    def __init__(self) -> None:
        self.arrived: Counter[str] = Counter()

    async def send(self, notice: Mapping[str, Any]) -> None:
        self.arrived[notice["id"]] += 1
