"""Previewing, applying and undoing replans."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from domain.calendar import Calendar
from domain.calendar.reopening import reopened
from domain.errors import Conflict, InvalidValue, NotFound, WorkingTimeExhausted
from domain.instants import Instant
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.replan.replanning import BreachChange, ClosureRequest, Move, Rules, moves
from domain.ticket.events import Event, EventKind
from service.dependencies import Dependencies
from service.replans.messages import ReplanProgress, put_in_place, take_back
from store.instances.replanned import Candidate
from store.instances.replans import InstanceReplan, Replan
from store.rules.calendars import StoredCalendar

# The most instances that a preview shows.
MOST_SHOWN = 1000
# Seconds between two looks whether the instances of an earlier replan have answered.
NEXT_LOOK = 0.5


@dataclass(frozen=True, slots=True)
class ReplanRequest:
    """The rules that are to be put in place. The other rules of an instance stay as they are."""

    policy_id: str | None = None
    business_hours_id: str | None = None
    closure: ClosureRequest | None = None
    closed_hours_id: str | None = None
    time_zone_database: bool = False
    instance_ids: Sequence[str] | None = None

    @property
    def since(self) -> Instant | None:
        """The instant from which on finished instances count, too; None: they do not."""
        return None if self.closure is None else self.closure.start


@dataclass(frozen=True, slots=True)
class MovedInstance:
    """An instance whose targets move, its rules before and after, and the replan events that it has received."""

    instance_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    moves: tuple[Move, ...]
    received: frozenset[str]

    @property
    def kept(self) -> InstanceReplan:
        return InstanceReplan(self.instance_id, self.before, self.after, [move.to_json() for move in self.moves])


@dataclass(frozen=True, slots=True)
class RefusedInstance:
    """An instance that cannot be planned under the rules, and keeps those that it has."""

    instance_id: str
    rules: Mapping[str, Any]
    reason: str

    @property
    def kept(self) -> InstanceReplan:
        return InstanceReplan(self.instance_id, self.rules, self.rules, (), refused=self.reason)


@dataclass(slots=True)
class Comparison:
    """The number of instances that were compared, those that move, and those that cannot be planned."""

    checked: int = 0
    moved: list[MovedInstance] = field(default_factory=list)
    refused: list[RefusedInstance] = field(default_factory=list)


@dataclass(slots=True)
class ReplanCounts:
    """The number of instances that were compared, and what the rules do to them."""

    checked: int = 0
    moved: int = 0
    would_breach: int = 0
    saved: int = 0
    shown: list[MovedInstance] = field(default_factory=list)
    refused: list[RefusedInstance] = field(default_factory=list)

    def add(self, compared: Comparison) -> None:
        self.checked += compared.checked
        self.refused += compared.refused[: MOST_SHOWN - len(self.refused)]
        for one in compared.moved:
            self._add(one)

    def _add(self, moved: MovedInstance) -> None:
        breaches = [move.breach for move in moved.moves]
        self.moved += 1
        self.would_breach += BreachChange.WOULD_BREACH in breaches
        self.saved += BreachChange.SAVED in breaches
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(moved)


class _Unanswered(Conflict):
    """Instances have not recorded an earlier replan, so it is not known yet by which rules they are measured."""


async def preview(deps: Dependencies, organization: str, request: ReplanRequest) -> ReplanCounts:
    """What the replan would do. Nothing is written.

    Raises NotFound for rules that do not exist, InvalidValue for a closure that is not possible and for unknown
    instances.
    """
    rules, _ = await _rules(deps, organization, request)
    tally = ReplanCounts()
    async for compared in _compared(deps, organization, request, rules):
        tally.add(compared)
    return tally


async def apply(
    deps: Dependencies, organization: str, replan: Replan, request: ReplanRequest, expected: Mapping[str, Any]
) -> ReplanProgress:
    """Put the rules in place.

    A repetition goes on with what was decided the first time, even if rules have changed since.

    Raises as `preview` does, and Conflict for another request under the same id, for a replan that was undone (also
    while this runs), and while instances have not answered an earlier replan.
    """
    known = await deps.store.replans.find(organization, replan.id)
    if known is None:
        known = await _patiently(deps, lambda: _begin(deps, organization, replan, request))
    if known.request != expected or known.undone_at is not None:
        why = "was undone" if known.undone_at is not None else "is another replan"
        raise Conflict(f"{replan.id} {why}.", field="id", value=replan.id)
    return await put_in_place(deps, organization, known)


async def undo(deps: Dependencies, organization: str, replan_id: str, actor: str) -> ReplanProgress:
    """Put back the earlier rules of the instances to which the replan was sent.

    An apply that still runs sends nothing more.

    Raises NotFound, and Conflict if other rules have replaced these since, or are about to.
    """
    await _patiently(deps, lambda: _mark_undone(deps, organization, replan_id, actor))
    return await take_back(deps, organization, await deps.store.replans.get(organization, replan_id))


async def _patiently(deps: Dependencies, begin: Callable[[], Awaitable[Replan]]) -> Replan:
    """Begin, and try again while instances have not answered an earlier replan.

    They mostly answer within a moment, often while others are compared. So the last attempt is made after
    `timeouts.replanned` seconds, however long the attempts before took.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + deps.timeouts.replanned
    while True:
        with suppress(_Unanswered):
            return await begin()
        await asyncio.sleep(NEXT_LOOK)
        if loop.time() > deadline:
            return await begin()


async def _begin(deps: Dependencies, organization: str, replan: Replan, request: ReplanRequest) -> Replan:
    """Write the replan, what it does to each instance, and a closure's version of its calendar, in one transaction.

    Returns the replan that exists already, if another request was faster.
    """
    rules, edited = await _rules(deps, organization, request)
    found = Comparison()
    async for compared in _compared(deps, organization, request, rules):
        found.moved += compared.moved
        found.refused += compared.refused
    if edited is not None:
        replan = replace(replan, calendar_id=edited[0].id, calendar_before=edited[0].version)
    # The order of two replans is that of their decisions.
    replan = replace(replan, applied_at=deps.now())
    async with deps.store.database.transaction():
        if not await deps.store.replans.begin(organization, replan):
            return await deps.store.replans.get(organization, replan.id)
        await _require_known_rules(deps, organization, found.moved)
        if edited is not None:
            stored, calendar = edited
            await deps.store.calendars.update(
                organization, stored.id, stored.version, stored.name, calendar, replan.actor
            )
        kept = [*(one.kept for one in found.moved), *(one.kept for one in found.refused)]
        await deps.store.replans.keep(organization, replan.id, kept)
    return replan


async def _mark_undone(deps: Dependencies, organization: str, replan_id: str, actor: str) -> Replan:
    replan = await deps.store.replans.get(organization, replan_id)
    changed = await deps.store.replans.changed(organization, replan_id)
    async with deps.store.database.transaction():
        if await deps.store.replans.undo(organization, replan):
            recipients = [one.instance_id for one in changed if one.refused is None]
            await _require_answers(deps, organization, recipients, besides=replan_id)
            if replan.calendar_id is not None and replan.calendar_before is not None:
                await _reopen(deps, organization, replan.calendar_id, replan.calendar_before, actor)
    return replan


async def _require_known_rules(deps: Dependencies, organization: str, moved: Sequence[MovedInstance]) -> None:
    """Raises Conflict unless the instances still have the rules that were compared."""
    ids = [one.instance_id for one in moved]
    await _require_answers(deps, organization, ids)
    received = await deps.store.replanned.received(organization, ids)
    new = {one.instance_id: received.get(one.instance_id, frozenset()) ^ one.received for one in moved}
    others = [instance_id for instance_id, events in new.items() if events]
    if others:
        names = ", ".join(sorted(frozenset().union(*new.values())))
        raise _Unanswered(f"{names} has just changed {len(others)} of the instances; try again: {_some(others)}")


async def _require_answers(
    deps: Dependencies, organization: str, instance_ids: Sequence[str], besides: str | None = None
) -> None:
    """Raises Conflict while the instances have not answered another replan that was sent to them, or is about to be."""
    waiting = await deps.store.replanned.unanswered(organization, instance_ids, besides)
    for replan_id, ids in waiting.items():
        raise _Unanswered(
            f"{len(ids)} of the instances have not answered {replan_id} yet; try again, or go on with that one first, "
            f"or undo it: {_some(ids)}",
            field="replan_id",
            value=replan_id,
        )


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:20])


async def _reopen(deps: Dependencies, organization: str, calendar_id: str, version: int, actor: str) -> None:
    """Remove the closure that followed that version of the calendar. A calendar that was deleted stays deleted."""
    calendars = deps.store.calendars
    with suppress(NotFound):
        stored = await calendars.get(organization, calendar_id)
        before, closed = [await calendars.version(organization, calendar_id, one) for one in (version, version + 1)]
        calendar = reopened(stored.calendar, before.calendar, closed.calendar)
        if calendar != stored.calendar:
            await calendars.update(organization, calendar_id, stored.version, stored.name, calendar, actor)


async def _rules(
    deps: Dependencies, organization: str, request: ReplanRequest
) -> tuple[Rules, tuple[StoredCalendar, Calendar] | None]:
    """The rules; and for a closure, the stored calendar and what it becomes."""
    if unknown := await deps.store.replanned.unknown(organization, request.instance_ids or ()):
        raise InvalidValue("instance_ids", unknown, "must be instances that are there")
    catalog = await deps.store.catalog(organization)
    if request.policy_id is not None and all(policy.id != request.policy_id for policy in catalog.policies):
        raise NotFound(f"There is no policy {request.policy_id}.", field="policy_id", value=request.policy_id)
    calendars: dict[str, CalendarVersion] = {}
    if request.business_hours_id is not None:
        stored = await deps.store.calendars.get(organization, request.business_hours_id)
        calendars[stored.id] = CalendarVersion(stored.calendar, stored.id, stored.version)
    edited = None
    if request.closure is not None and request.closed_hours_id is not None:
        stored = await deps.store.calendars.get(organization, request.closed_hours_id)
        if stored.calendar.always_open:
            reason = "are open around the clock and have no dates"
            raise InvalidValue("closure.business_hours_id", request.closed_hours_id, reason)
        closed = request.closure.added_to(stored.calendar)
        calendars[stored.id] = CalendarVersion(closed, stored.id, stored.version + 1)
        edited = (stored, closed)
    database = deps.tzdata_version if request.time_zone_database else None
    return Rules(catalog, request.policy_id, calendars, database), edited


async def _compared(
    deps: Dependencies, organization: str, request: ReplanRequest, rules: Rules
) -> AsyncIterator[Comparison]:
    """The comparison of all instances, batch by batch."""
    after = ""
    while batch := await deps.store.replanned.candidates(organization, request.since, request.instance_ids, after):
        after = batch[-1].id
        yield await asyncio.to_thread(_compare, batch, rules, deps.now())


def _compare(batch: Sequence[Candidate], rules: Rules, now: Instant) -> Comparison:
    compared = Comparison()
    for candidate in batch:
        snapshot = Snapshot.from_json(candidate.snapshot)
        if not rules.concern(snapshot):
            continue
        compared.checked += 1
        try:
            after = rules.over(snapshot)
            found = moves(Plan.from_json(candidate.plan), _under(after, candidate.events, now), now)
        except (InvalidValue, WorkingTimeExhausted) as error:
            compared.refused.append(RefusedInstance(candidate.id, snapshot.rules, error.message))
            continue
        if found:
            compared.moved.append(
                MovedInstance(candidate.id, snapshot.rules, after.rules, found, _received(candidate.events))
            )
    return compared


def _received(events: Iterable[Event]) -> frozenset[str]:
    return frozenset(event.event_id for event in events if event.kind is EventKind.REPLANNED)


def _under(snapshot: Snapshot, events: Sequence[Event], now: Instant) -> Plan:
    """The plan with the rules in place, whichever replans there were before."""
    received = max(now, *(Instant(event.received_at + 1) for event in events))
    return plan(snapshot, [*events, Event(EventKind.REPLANNED, "preview", now, received, rules=snapshot.rules)])
