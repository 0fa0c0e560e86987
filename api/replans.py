"""Replans: what other rules would do to instances, putting them in place, and taking them back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from api.dependencies import Dependencies
from api.instances import effect, send
from api.together import together
from domain.calendar import Calendar
from domain.errors import Conflict, InvalidValue, NotFound
from domain.events import Event, EventKind
from domain.instants import Instant, render
from domain.planning import plan
from domain.plans import Plan
from domain.replanning import Breach, Closure, Move, Rules, moves
from domain.snapshot import CalendarVersion, Snapshot
from store.calendars import StoredCalendar
from store.replans import Candidate, Replan, Replanned
from workflows.messages import REPLAN

SOURCE = "replan"
# Instances shown by a preview, and told at the same time by an application.
MOST_SHOWN = 1000
AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rules are to be put in place; nothing else of an instance's rules changes."""

    policy_id: str | None = None
    business_hours_id: str | None = None
    closure: Closure | None = None
    closed_hours_id: str | None = None
    time_zone_database: bool = False
    instance_ids: Sequence[str] | None = None

    @property
    def since(self) -> Instant | None:
        """From when on instances that have finished are looked at, too."""
        return None if self.closure is None else self.closure.start


@dataclass(frozen=True, slots=True)
class Moved:
    """An instance whose targets move, and its rules before and after."""

    instance_id: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    moves: tuple[Move, ...]

    @property
    def kept(self) -> Replanned:
        return Replanned(self.instance_id, self.before, self.after, [move.to_json() for move in self.moves])


@dataclass(slots=True)
class Tally:
    """How many instances were looked at, and what becomes of them."""

    checked: int = 0
    moved: int = 0
    would_breach: int = 0
    saved: int = 0
    shown: list[Moved] = field(default_factory=list)

    def add(self, moved: Moved) -> None:
        breaches = [move.breach for move in moved.moves]
        self.moved += 1
        self.would_breach += Breach.WOULD_BREACH in breaches
        self.saved += Breach.SAVED in breaches
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(moved)


@dataclass(frozen=True, slots=True)
class Progress:
    """How many instances of a replan show it already."""

    replan: Replan
    instances: int
    applied: int

    @property
    def pending(self) -> int:
        return self.instances - self.applied


async def preview(deps: Dependencies, organization: str, asked: Asked) -> Tally:
    """Nothing is written. Raises NotFound for rules there are not, InvalidValue for a closure that cannot be."""
    rules, _ = await _rules(deps, organization, asked)
    tally = Tally()
    async for checked, found in _moved(deps, organization, asked, rules):
        tally.checked += checked
        for one in found:
            tally.add(one)
    return tally


async def apply(
    deps: Dependencies, organization: str, replan: Replan, asked: Asked, expected: Mapping[str, Any]
) -> Progress:
    """Put the rules in place; the same again goes on where it was left. Raises as `preview` does, and Conflict for
    another request under the same id."""
    known = await deps.store.replans.find(organization, replan.id)
    if known is None:
        rules, edited = await _rules(deps, organization, asked)
        known = await _begin(deps, organization, replan, edited)
    elif known.asked != expected or known.undone_at is not None:
        why = "was undone" if known.undone_at is not None else "is another replan"
        raise Conflict(f"{replan.id} {why}.", field="id", value=replan.id)
    else:
        rules, _ = await _rules(deps, organization, replace(asked, closure=None, business_hours_id=_hours(asked)))
    async for _, found in _moved(deps, organization, asked, rules):
        kept = [
            Replanned(one.instance_id, one.before, one.after, [move.to_json() for move in one.moves]) for one in found
        ]
        await deps.store.replans.keep(organization, replan.id, kept)
    changed = await deps.store.replans.changed(organization, replan.id)
    return await _tell(deps, organization, known, {one.instance_id: one.rules_after for one in changed}, replan.id)


async def undo(deps: Dependencies, organization: str, replan_id: str, actor: str) -> Progress:
    """Put the rules back that were there before. Raises NotFound, and Conflict where others have been put in their
    place since."""
    replan = await deps.store.replans.get(organization, replan_id)
    async with deps.store.database.transaction():
        await deps.store.replans.undo(organization, replan)
        if replan.undone_at is None and replan.calendar_id is not None and replan.calendar_before is not None:
            await _restore(deps, organization, replan.calendar_id, replan.calendar_before, actor)
    changed = await deps.store.replans.changed(organization, replan_id)
    undone = await deps.store.replans.get(organization, replan_id)
    before = {one.instance_id: one.rules_before for one in changed}
    return await _tell(deps, organization, undone, before, f"{replan_id}/undo")


async def _begin(
    deps: Dependencies, organization: str, replan: Replan, edited: tuple[StoredCalendar, Calendar] | None
) -> Replan:
    """The closure becomes a version of its calendar in the same transaction, or neither is there."""
    if edited is not None:
        replan = replace(replan, calendar_id=edited[0].id, calendar_before=edited[0].version)
    async with deps.store.database.transaction():
        await deps.store.replans.begin(organization, replan)
        if edited is not None:
            stored, calendar = edited
            await deps.store.calendars.update(
                organization, stored.id, stored.version, stored.name, calendar, replan.actor
            )
    return replan


async def _restore(deps: Dependencies, organization: str, calendar_id: str, version: int, actor: str) -> None:
    """A calendar that was changed otherwise since keeps that change, and with it the closure."""
    stored = await deps.store.calendars.get(organization, calendar_id)
    if stored.version == version + 1:
        before = await deps.store.calendars.version(organization, calendar_id, version)
        await deps.store.calendars.update(
            organization, calendar_id, stored.version, stored.name, before.calendar, actor
        )


async def _rules(
    deps: Dependencies, organization: str, asked: Asked
) -> tuple[Rules, tuple[StoredCalendar, Calendar] | None]:
    """The rules, and the calendar that a closure changes with what it becomes."""
    catalog = await deps.store.catalog(organization)
    if asked.policy_id is not None and all(policy.id != asked.policy_id for policy in catalog.policies):
        raise NotFound(f"There is no policy {asked.policy_id}.", field="policy_id", value=asked.policy_id)
    calendars: dict[str, CalendarVersion] = {}
    if asked.business_hours_id is not None:
        stored = await deps.store.calendars.get(organization, asked.business_hours_id)
        calendars[stored.id] = CalendarVersion(stored.calendar, stored.id, stored.version)
    edited = None
    if asked.closure is not None and asked.closed_hours_id is not None:
        stored = await deps.store.calendars.get(organization, asked.closed_hours_id)
        closed = asked.closure.added_to(stored.calendar)
        calendars[stored.id] = CalendarVersion(closed, stored.id, stored.version + 1)
        edited = (stored, closed)
    database = deps.tzdata_version if asked.time_zone_database else None
    return Rules(catalog, asked.policy_id, calendars, database), edited


def _hours(asked: Asked) -> str | None:
    return asked.business_hours_id or asked.closed_hours_id


async def _moved(
    deps: Dependencies, organization: str, asked: Asked, rules: Rules
) -> AsyncIterator[tuple[int, Sequence[Moved]]]:
    """Batch by batch: how many instances were looked at, and those that move."""
    after = ""
    while batch := await deps.store.replans.candidates(organization, asked.since, asked.instance_ids, after):
        after = batch[-1].id
        yield await asyncio.to_thread(_compare, batch, rules, deps.now())


def _compare(batch: Sequence[Candidate], rules: Rules, now: Instant) -> tuple[int, Sequence[Moved]]:
    checked, moved = 0, []
    for candidate in batch:
        snapshot = Snapshot.from_json(candidate.snapshot)
        if not rules.concern(snapshot):
            continue
        checked += 1
        after = rules.over(snapshot)
        found = moves(Plan.from_json(candidate.plan), _under(after, candidate.events, now), now)
        if found:
            moved.append(Moved(candidate.id, snapshot.rules, after.rules, found))
    return checked, moved


def _under(snapshot: Snapshot, events: Sequence[Event], now: Instant) -> Plan:
    """The plan once the rules are put in place, whatever replans there were before."""
    received = max(now, *(Instant(event.received_at + 1) for event in events))
    return plan(snapshot, [*events, Event(EventKind.REPLANNED, "preview", now, received, rules=snapshot.rules)])


async def _tell(
    deps: Dependencies, organization: str, replan: Replan, rules: Mapping[str, Mapping[str, Any]], name: str
) -> Progress:
    event_id = f"replan/{name}"
    now = render(deps.now())
    applied, told = 0, list(rules)
    loop = asyncio.get_running_loop()
    for start in range(0, len(told), AT_ONCE):
        chunk = told[start : start + AT_ONCE]
        facts = {"event_id": event_id, "occurred_at": now, "source": SOURCE, "actor": replan.actor}
        await together(
            send(deps, organization, id_, REPLAN, {**facts, "reason": replan.reason, "rules": rules[id_]})
            for id_ in chunk
        )
    deadline = loop.time() + deps.patience.replanned
    for start in range(0, len(told), AT_ONCE):
        if loop.time() > deadline:
            break
        seen = await together(_shows(deps, organization, id_, event_id) for id_ in told[start : start + AT_ONCE])
        applied += sum(seen)
    return Progress(replan, len(told), applied)


async def _shows(deps: Dependencies, organization: str, instance_id: str, event_id: str) -> bool:
    try:
        return (await effect(deps, organization, instance_id, event_id)).applied
    except InvalidValue:
        return False
