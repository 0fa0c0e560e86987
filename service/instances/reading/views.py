"""Instances as the store has them, without waiting. A workflow is asked only on request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from domain.errors import EngineUnavailable, InvalidValue, NotFound, StoreUnavailable
from domain.ids import InstanceId
from domain.instants import Instant, render
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.record.ledger import Ledger
from domain.record.views import cycle_views, earlier_cycles, instance_view, stint_views
from domain.ticket.tickets import Ticket
from service.dependencies import Dependencies
from service.instances.reading.listed import CYCLES, STINTS
from store.instances.instances import StoredInstance
from store.lists.listed import Found, ListPart

Source = Literal["store", "workflow", "planned"]
"""Where it comes from: the store, the workflow (or its input), or a plan with an event that is not recorded."""


@dataclass(frozen=True, slots=True)
class FoundInstance:
    """An instance. `recorded_at` is when its newest record was written, None if it is not made of records.

    `ticket` is the ticket as later events have left it, None where it is as it opened.
    """

    snapshot: Snapshot
    plan: Plan
    ledger: Ledger
    source: Source
    recorded_at: Instant | None = None
    ticket: Ticket | None = None

    def view(self, now: Instant) -> dict[str, Any]:
        view = {**instance_view(self.snapshot, self.plan, self.ledger, now, self.ticket), "source": self.source}
        return view if self.recorded_at is None else {**view, "recorded_at": render(self.recorded_at)}

    def earlier_cycles(self, now: Instant, part: ListPart) -> Found[Mapping[str, Any]]:
        """Earlier cycles of clocks that have begun again since, in the order they began unless the part says
        otherwise."""
        found = CYCLES.find(earlier_cycles(self.plan), part)
        return Found(cycle_views(self.snapshot, found.rows, self.ledger, now), found.total, found.last)

    def stints(self, now: Instant, part: ListPart) -> Found[Mapping[str, Any]]:
        """The times that teams had the ticket, in their order unless the part says otherwise."""
        found = STINTS.find(() if self.plan.ownership is None else self.plan.ownership.stints, part)
        shown = stint_views(self.snapshot, self.plan, found.rows, self.ledger, now)
        return Found(shown, found.total, found.last)


def found_in_store(stored: StoredInstance) -> FoundInstance:
    return FoundInstance(stored.snapshot, stored.plan, stored.ledger, "store", stored.recorded_at, stored.ticket)


def require_instance_id(instance_id: str) -> None:
    """Raises NotFound for a text that is no instance id."""
    try:
        InstanceId.parse(instance_id)
    except InvalidValue:
        raise unknown(instance_id) from None


def unknown(instance_id: str) -> NotFound:
    return NotFound(f"There is no instance {instance_id}.", field="instance_id", value=instance_id)


async def find_instance(deps: Dependencies, organization: str, instance_id: str) -> FoundInstance:
    """The instance as the store has it; while the store has nothing, as its workflow was started.

    Raises NotFound, or Unavailable when neither store nor Temporal can say.
    """
    require_instance_id(instance_id)
    try:
        stored = await deps.store.instances.get(organization, instance_id)
    except StoreUnavailable as down:
        try:
            return await _as_started(deps, organization, instance_id)
        except NotFound:
            # The store may have a finished instance whose workflow is gone.
            raise down from None
    return await _as_started(deps, organization, instance_id) if stored is None else found_in_store(stored)


async def ask_instance(deps: Dependencies, organization: str, instance_id: str) -> FoundInstance:
    """The instance as its workflow answers; if no worker answers in time, as `find_instance` finds it."""
    require_instance_id(instance_id)
    state = await deps.engine.state(organization, instance_id)
    if state is None:
        return await find_instance(deps, organization, instance_id)
    ticket = await _ticket(deps, state.snapshot)
    return FoundInstance(state.snapshot, state.plan, state.ledger, "workflow", ticket=ticket)


async def _ticket(deps: Dependencies, snapshot: Snapshot) -> Ticket | None:
    """The ticket as far as the store knows it: a workflow answers with its clocks, not with the ticket's fields."""
    try:
        stored = await deps.store.instances.get(snapshot.organization, str(snapshot.ticket.instance))
    except StoreUnavailable:
        return None
    return None if stored is None else stored.ticket


async def _as_started(deps: Dependencies, organization: str, instance_id: str) -> FoundInstance:
    opening = await deps.engine.opening(organization, instance_id)
    if opening is None:
        raise unknown(instance_id)
    if opening.state is None:
        raise EngineUnavailable("The instance has been started and is not planned yet; try again.")
    return FoundInstance(opening.state.snapshot, opening.state.plan, opening.state.ledger, "workflow")
