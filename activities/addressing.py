"""Looking up those whom an escalation names, as its notice is sent: what is found stands in notice and outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from activities.ports import Addressees
from domain.errors import SlaError
from domain.instants import Instant, parse
from domain.record.outcomes import as_skipped, not_looked_up, people_named, skipped, with_addresses
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


async def look_up(addressees: Addressees, organization: str, notices: Iterable[CoreDocument]) -> Outcomes:
    """The outcomes of those notices whose escalations name people."""
    naming = [notice for notice in notices if _names_people(notice)]
    found = await asyncio.gather(*(_found(addressees, organization, notice) for notice in naming))
    return {notice["id"]: documents for notice, documents in zip(naming, found, strict=True)}


def goes_out(outcomes: Sequence[CoreDocument] | None) -> bool:
    """Whether the notice is sent; one that would tell nobody is not, where its step asks for that."""
    return outcomes is None or not any(one["outcome"] == "skipped" for one in outcomes)


def _names_people(notice: CoreDocument) -> bool:
    return any(people_named(one) is not None for one in notice["data"].get("outcomes", ())) or skipped(
        notice["data"].get("escalation"), notice["data"].get("outcomes", ())
    )


async def _found(addressees: Addressees, organization: str, notice: CoreDocument) -> Sequence[CoreDocument]:
    at, data = parse(notice["data"]["fired_at"]), notice["data"]
    found = [await _one(addressees, organization, outcome, at) for outcome in data["outcomes"]]
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
