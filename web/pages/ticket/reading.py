"""What the page reads: what is recorded of the instance, in the store. No workflow is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.explaining import Explanation
from domain.instants import Instant, parse, render
from domain.record.ledger import Firing
from domain.record.notices import firing_id, withdrawal_id
from domain.ticket.tickets import Ticket
from domain.ticket.timeline import ticket_after
from service.dependencies import Dependencies
from service.instances.reading.history import explain_instance
from store.access.organizations import Organization
from store.deliveries.log import DeliveryFilters, LoggedDelivery
from store.lists.listed import ListPart
from store.store import Store
from web.pages.deliveries.names import Names, names_for

MOST_SEGMENTS = 80
"""Of a clock, each drawn and listed; what is longer is summed up, so that a page stays light."""
MOST_DELIVERIES = 500


@dataclass(frozen=True, slots=True)
class FoundTicket:
    """`deliveries` are by notice. `as_of` is None for what is known now."""

    explained: Explanation
    ticket: Ticket
    deliveries: Mapping[str, Sequence[LoggedDelivery]]
    names: Names
    teams: Sequence[tuple[str, str]]
    as_of: Instant | None


async def find(deps: Dependencies, organization: Organization, instance_id: str, as_of: Instant | None) -> FoundTicket:
    """Raises NotFound, InvalidValue for an instant that lies ahead, Unavailable while the opening is not recorded."""
    owner, text = organization.id, None if as_of is None else render(as_of)
    explained = await explain_instance(deps, owner, instance_id, text, MOST_SEGMENTS)
    return await found_of(deps.store, owner, explained, as_of)


async def find_clocks(deps: Dependencies, organization: Organization, instance_id: str) -> FoundTicket:
    """What a page of the clocks alone shows, as it is known now: neither deliveries nor names are read. Raises as
    `find` does."""
    explained = await explain_instance(deps, organization.id, instance_id, None, MOST_SEGMENTS)
    return FoundTicket(explained, _ticket(explained), deliveries={}, names=Names(), teams=(), as_of=None)


async def found_of(store: Store, owner: str, explained: Explanation, as_of: Instant | None) -> FoundTicket:
    """What goes with the explanation of an instance of the organization `owner`."""
    instance_id = str(explained.snapshot.ticket.instance)
    deliveries: dict[str, list[LoggedDelivery]] = {}
    told = await store.deliveries.page(owner, DeliveryFilters(instance_ids=[instance_id]), limit=MOST_DELIVERIES)
    for one in told.deliveries:
        deliveries.setdefault(one.key.notice_id, []).append(one)
    teams = (await store.teams.list(owner, ListPart(200))).rows
    return FoundTicket(
        explained=explained,
        ticket=_ticket(explained),
        deliveries=deliveries,
        names=await names_for(store, owner, (one.key.channel for one in told.deliveries)),
        teams=[(one.team.id, one.team.name) for one in teams],
        as_of=as_of,
    )


def _ticket(explained: Explanation) -> Ticket:
    return ticket_after(explained.snapshot.ticket, [entry.event for entry in explained.events])


def asked_instant(text: str) -> Instant | None:
    """Of the slider, which counts seconds since 1970, or of a link: RFC 3339. Raises InvalidValue."""
    if not text:
        return None
    return Instant(int(text) * 1_000_000) if text.isdecimal() and len(text) <= 10 else parse(text, "as_of")


def notice_ids(organization: str, instance_id: str, firing: Firing) -> tuple[str, str]:
    """Of what was told as it fired, and of what took it back."""
    return firing_id(organization, instance_id, firing), withdrawal_id(organization, instance_id, firing)
