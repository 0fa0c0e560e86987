"""Looking up those whom an escalation names, and the connector that its orders take, as its notice is sent: what is
found stands in notice and outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from activities.ports import Addressees, Connectors
from domain.errors import SlaError, StoreUnavailable
from domain.instants import Instant, parse
from domain.record.outcomes import (
    as_skipped,
    not_looked_up,
    people_named,
    skipped,
    system_named,
    with_addresses,
    with_connector,
    without_connector,
)
from workflows.documents import CoreDocument

# Whoever is not found by then must not keep the others from being told.
LOOK_UP_SECONDS = 1.0

Outcomes = Mapping[str, Sequence[CoreDocument]]
"""What became of the actions of an escalation, by id of its notice."""


class WrittenAddresses:
    """Knows nobody: a text that is an e-mail address is its own address, of anybody else there is none."""

    async def find(self, organization: str, action: str, whom: str, at: Instant) -> Sequence[str]:  # noqa: ARG002
        name, at_sign, host = whom.partition("@")
        return [whom] if name and at_sign and "." in host and " " not in whom else []


async def look_up(
    addressees: Addressees, connectors: Connectors, organization: str, notices: Iterable[CoreDocument]
) -> Outcomes:
    """The outcomes of those notices whose escalations name people, or order something of a ticket system."""
    naming = [notice for notice in notices if _names_people(notice) or names_system(notice)]
    found = await asyncio.gather(*(_found(addressees, connectors, organization, notice) for notice in naming))
    return {notice["id"]: documents for notice, documents in zip(naming, found, strict=True)}


async def connected(connectors: Connectors, organization: str, notice: CoreDocument) -> Sequence[CoreDocument]:
    """The outcomes of a notice as far as it is known now whether a connector leads to its ticket's system."""
    documents = notice["data"].get("outcomes", ())
    return [await _system(connectors, organization, notice["id"], *place) for place in enumerate(documents)]


def names_system(notice: CoreDocument) -> bool:
    """Whether it is still to be looked up which connector carries out what the notice's escalation orders."""
    data = notice.get("data", {})
    return data.get("withdraws") is None and any(system_named(one) is not None for one in data.get("outcomes", ()))


def goes_out(outcomes: Sequence[CoreDocument] | None) -> bool:
    """Whether the notice is sent; one that would tell nobody is not, where its step asks for that."""
    return outcomes is None or not any(one["outcome"] == "skipped" for one in outcomes)


def _names_people(notice: CoreDocument) -> bool:
    return any(people_named(one) is not None for one in notice["data"].get("outcomes", ())) or skipped(
        notice["data"].get("escalation"), notice["data"].get("outcomes", ())
    )


async def _found(
    addressees: Addressees, connectors: Connectors, organization: str, notice: CoreDocument
) -> Sequence[CoreDocument]:
    at, data = parse(notice["data"]["fired_at"]), notice["data"]
    found = await connected(connectors, organization, notice) if names_system(notice) else data["outcomes"]
    found = [await _one(addressees, organization, outcome, at) for outcome in found]
    return as_skipped(found) if skipped(data["escalation"], found) else found


async def _one(addressees: Addressees, organization: str, outcome: CoreDocument, at: Instant) -> CoreDocument:
    if (whom := people_named(outcome)) is None:
        return outcome
    try:
        async with asyncio.timeout(LOOK_UP_SECONDS):
            return with_addresses(outcome, await addressees.find(organization, outcome["action"], whom, at))
    except TimeoutError:
        return not_looked_up(outcome, f"it took longer than {LOOK_UP_SECONDS:g} s")
    except SlaError as error:
        return not_looked_up(outcome, error.message)


async def _system(
    connectors: Connectors, organization: str, notice_id: str, place: int, outcome: CoreDocument
) -> CoreDocument:
    if (system := system_named(outcome)) is None:
        return outcome
    with suppress(TimeoutError, StoreUnavailable):
        async with asyncio.timeout(LOOK_UP_SECONDS):
            source_id = await connectors.find(organization, system)
        if source_id is None:
            return without_connector(outcome, notice_id, place)
        return with_connector(outcome, source_id)
    # Nobody knows yet; whoever sends the notice later asks again.
    return outcome
