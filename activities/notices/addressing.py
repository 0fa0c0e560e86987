"""Those whom an escalation names, and the connector that its orders take: looked up as its notice is sent.

What is found stands in notice and outcome; what came of each channel stands in the deliveries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from activities.ports import Addressees, Connectors, Found, NoticeChannel
from domain.errors import SlaError, StoreUnavailable
from domain.instants import Instant, parse
from domain.people.directory import Reach
from domain.record.notices import organization_of
from domain.record.outcomes import (
    as_skipped,
    is_open,
    nobody_told,
    not_looked_up,
    people_named,
    skipped,
    system_named,
    with_connector,
    with_people,
    without_connector,
)
from workflows.documents import CoreDocument

# Whoever is not found by then must not keep the others from being told.
LOOK_UP_SECONDS = 1.0
PEOPLE = "people"
"""In place of a channel's name: those whom the notice names, while nobody can say who they are."""

Outcomes = Mapping[str, Sequence[CoreDocument]]
"""What became of the actions of an escalation, by id of its notice."""


class NobodyKnown:
    """Of a worker that knows no contacts."""

    async def find(self, organization: str, action: str, whom: str, at: Instant) -> Reach:  # noqa: ARG002
        return Reach(reason=f"no contact is known as {whom}")

    async def channels(self, organization: str, outcomes: Sequence[CoreDocument]) -> Found:  # noqa: ARG002
        return Found(())


@dataclass(frozen=True, slots=True)
class People:
    """Those whom a notice names: their channels, and why others are told nothing, by the name of that delivery.

    `known` is false while somebody could not be looked up: the notice stays on its way until it is said who that is.
    `news` are the outcomes of the notice's actions where more is known of them than the notice says, else none.
    """

    channels: Sequence[NoticeChannel]
    nobody: Mapping[str, str]
    known: bool
    news: Sequence[CoreDocument] = ()


async def look_up(
    addressees: Addressees, connectors: Connectors, organization: str, notices: Iterable[CoreDocument]
) -> Outcomes:
    """The outcomes of those notices whose escalations name people that were not looked up yet, or order something of a
    ticket system."""
    naming = [notice for notice in notices if _names_people(notice) or names_system(notice)]
    found = await asyncio.gather(*(_found(addressees, connectors, organization, notice) for notice in naming))
    return {notice["id"]: documents for notice, documents in zip(naming, found, strict=True)}


async def people_of(addressees: Addressees, notice: CoreDocument) -> People:
    """Those whom a notice names, looked up now where that is still to be done."""
    outcomes = notice.get("data", {}).get("outcomes")
    if not outcomes:
        return People((), {}, known=True)
    organization, before = organization_of(notice), list(outcomes)
    if _names_people(notice):
        # The notice is on its way, so that it is not skipped any more.
        outcomes = await _looked_up(addressees, organization, notice, outcomes)
    named = [one for one in outcomes if people_named(one) is not None]
    found = await addressees.channels(organization, named) if named else Found(())
    # A notice that is taken back has told nobody there, so that there is nobody to tell of it.
    nobody = {} if notice["data"]["withdraws"] else nobody_told(outcomes)
    news = () if notice["data"]["withdraws"] or list(outcomes) == before else outcomes
    return People(found.channels, nobody, found.known and not any(is_open(one) for one in named), news)


async def connected(connectors: Connectors, organization: str, notice: CoreDocument) -> Sequence[CoreDocument]:
    """The outcomes of a notice as far as it is known now whether a connector leads to its ticket's system."""
    documents = notice["data"].get("outcomes", ())
    return [await _system(connectors, organization, notice["id"], *place) for place in enumerate(documents)]


def joined(notices: Sequence[CoreDocument], *found: Outcomes) -> dict[str, Sequence[CoreDocument]]:
    """By id of its notice, what became of some of its actions here and of others there, beside what it says itself."""
    said = [(notice, [one[notice["id"]] for one in found if one.get(notice["id"])]) for notice in notices]
    return {
        notice["id"]: [_newest(old, place, told) for place, old in enumerate(notice["data"]["outcomes"])]
        for notice, told in said
        if told
    }


def _newest(old: CoreDocument, place: int, told: Sequence[Sequence[CoreDocument]]) -> CoreDocument:
    return next((one[place] for one in told if one[place] != old), old)


def names_system(notice: CoreDocument) -> bool:
    """Whether it is still to be looked up which connector carries out what the notice's escalation orders."""
    data = notice.get("data", {})
    return data.get("withdraws") is None and any(system_named(one) is not None for one in data.get("outcomes", ()))


def goes_out(outcomes: Sequence[CoreDocument] | None) -> bool:
    """Whether the notice is sent; one that would tell nobody is not, where its step asks for that."""
    return outcomes is None or not any(one["outcome"] == "skipped" for one in outcomes)


def _names_people(notice: CoreDocument) -> bool:
    outcomes = notice["data"].get("outcomes", ())
    return any(is_open(one) for one in outcomes) or skipped(notice["data"].get("escalation"), outcomes)


async def _found(
    addressees: Addressees, connectors: Connectors, organization: str, notice: CoreDocument
) -> Sequence[CoreDocument]:
    outcomes = notice["data"]["outcomes"]
    if names_system(notice):
        outcomes = await connected(connectors, organization, notice)
    return await _people(addressees, organization, notice, outcomes)


async def _people(
    addressees: Addressees, organization: str, notice: CoreDocument, outcomes: Sequence[CoreDocument]
) -> Sequence[CoreDocument]:
    found = await _looked_up(addressees, organization, notice, outcomes)
    return as_skipped(found) if skipped(notice["data"]["escalation"], found) else found


async def _looked_up(
    addressees: Addressees, organization: str, notice: CoreDocument, outcomes: Sequence[CoreDocument]
) -> Sequence[CoreDocument]:
    at = parse(notice["data"]["fired_at"])
    return [await _one(addressees, organization, outcome, at) for outcome in outcomes]


async def _one(addressees: Addressees, organization: str, outcome: CoreDocument, at: Instant) -> CoreDocument:
    whom = people_named(outcome)
    if whom is None or not is_open(outcome):
        return outcome
    try:
        async with asyncio.timeout(LOOK_UP_SECONDS):
            return with_people(outcome, await addressees.find(organization, outcome["action"], whom, at))
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
