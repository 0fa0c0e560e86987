"""What the page reads: the log that REST has, too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from domain.analytics.periods import read_period
from domain.record.deliveries import DeliveryState
from service.deliveries.log import delivery_view
from service.dependencies import Dependencies
from service.tools.cursors import cursor_of, place_of
from store.analytics.lateness import ChannelFigures
from store.deliveries.entries import LOGGED
from store.deliveries.log import DeliveryFilters, DeliveryPage
from web.http.access import Visitor
from web.pages.deliveries.filters import LogFilters
from web.pages.deliveries.names import Names, names_of
from web.showing.instants import local

PAGE = 50
OF_AN_EXPORT = 500
DAYS_OF_LATENESS = 7
OPEN = (DeliveryState.PENDING, DeliveryState.RETRIED, DeliveryState.DEAD)
REST = (DeliveryState.DELIVERED, DeliveryState.SKIPPED)


@dataclass(frozen=True, slots=True)
class Found:
    """`open` is what is not taken, on the first page of a log that is not narrowed to states; None elsewhere."""

    counts: Mapping[DeliveryState, int]
    open: DeliveryPage | None
    log: DeliveryPage
    next_cursor: str
    lateness: Sequence[ChannelFigures]
    names: Names


async def find(deps: Dependencies, visitor: Visitor, query: LogFilters, *, with_lateness: bool = True) -> Found:
    """Raises InvalidValue, also for a cursor that is none."""
    owner, filters = visitor.organization.id, query.narrowed(visitor.zone)
    after = place_of(query.cursor, LOGGED.first) if query.cursor else None

    async def part(states: Sequence[DeliveryState], limit: int = PAGE, behind: Any = None) -> DeliveryPage:
        return await deps.deliveries.page(owner, replace(filters, states=states), limit=limit, after=behind)

    log = await part(filters.states or REST, behind=after)
    return Found(
        counts={state: (await part([state], 1)).total for state in OPEN},
        open=await part(OPEN) if not filters.states and after is None else None,
        log=log,
        next_cursor="" if log.last is None else cursor_of(LOGGED.first, log.last),
        lateness=await _lateness(deps, visitor, filters) if with_lateness else (),
        names=await names_of(deps.store, owner),
    )


async def every(deps: Dependencies, visitor: Visitor, filters: DeliveryFilters) -> AsyncIterator[Mapping[str, Any]]:
    """All entries that match, as rows of a table, newest first."""
    after = None
    while True:
        found = await deps.deliveries.page(visitor.organization.id, filters, limit=OF_AN_EXPORT, after=after)
        for one in found.deliveries:
            yield delivery_view(one)
        if found.last is None:
            return
        after = found.last


async def _lateness(deps: Dependencies, visitor: Visitor, filters: DeliveryFilters) -> Sequence[ChannelFigures]:
    now = deps.now()
    today = local(now, visitor.zone).date()
    first = today - timedelta(days=DAYS_OF_LATENESS - 1)
    period = read_period(first.isoformat(), today.isoformat(), visitor.zone, now)
    return await deps.store.analytics.lateness(visitor.organization.id, period, filters)
