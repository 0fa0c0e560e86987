"""Afterwards: what is recorded and what arrived, held against the plan of what was sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from domain.errors import InvalidValue
from domain.instants import Instant, parse, render
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.record.chain import verify
from domain.record.ledger import Key, Ledger, standing
from domain.record.outcomes import ENGINE, is_nobody, ordered_events
from domain.ticket.events import Event, EventKind
from store.access.organizations import DEFAULT_ORGANIZATION
from store.instances.instances import LoadedInstance
from store.schema.tables import deliveries, instances, notices
from store.store import Store
from tests.chaos.load import instant_of
from tests.chaos.stories import Story, Told

Notice = Mapping[str, Any]


@dataclass
class Audit:
    """`differences` by the instance they are of; None: of none."""

    arrivals: Sequence[Mapping[str, Any]]
    """What the receiver wrote down, in order."""
    expected: set[str] = field(default_factory=set)
    """The ids of all notices in the store."""
    differences: list[tuple[str | None, str]] = field(default_factory=list)

    def add(self, instance: str | None, problems: Iterable[str]) -> None:
        self.differences += [(instance, problem) for problem in problems]


async def audit(
    store: Store,
    stories: Sequence[Story],
    accepted: Mapping[str, Mapping[str, Told]],
    base: Instant,
    arrivals: Sequence[Mapping[str, Any]],
) -> Audit:
    """`accepted`: of each ticket what was answered 2xx, by event id."""
    found = Audit(arrivals)
    told = await _notices(store)
    found.expected = {notice["id"] for of_one in told.values() for notice in of_one}
    for story in stories:
        for instance in story.instances:
            problems = await _of_instance(store, instance, story, accepted[story.ticket_id], base, told)
            found.add(instance, problems)
    known = {instance for story in stories for instance in story.instances}
    found.add(None, [f"{id_} is recorded, though nobody opened it" for id_ in await _ids(store) if id_ not in known])
    found.add(None, _of_arrivals(found))
    found.add(None, await _of_deliveries(store))
    return found


async def _of_instance(
    store: Store,
    instance: str,
    story: Story,
    accepted: Mapping[str, Told],
    base: Instant,
    told: Mapping[str, Sequence[Notice]],
) -> list[str]:
    loaded = await store.instances.load(DEFAULT_ORGANIZATION, instance)
    if loaded is None or loaded.snapshot is None:
        return ["was never recorded"]
    try:
        sent = [*_as_sent(loaded.events, story, accepted, base), *_ordered(loaded.events)]
        expected = plan(Snapshot.from_json(loaded.snapshot), sent)
    except InvalidValue as error:
        return [f"has no plan: {error}"]
    return [
        *_of_events(loaded.events, sent),
        *_of_plan(loaded.plan, expected),
        *_of_ledger(loaded.ledger, expected),
        *_of_orders(loaded),
        *_of_notices(loaded.ledger, told.get(instance, ())),
        *_of_what_is_left(loaded),
        *await _of_record(store, instance),
    ]


def _as_sent(recorded: Sequence[Event], story: Story, accepted: Mapping[str, Told], base: Instant) -> Iterator[Event]:
    """The engine names the opening of a ticket that another event, or `POST /instances`, has brought."""
    opened = next((event.event_id for event in recorded if event.kind is EventKind.OPENED), story.opening.event_id)
    for one in (replace(story.opening, event_id=opened), *accepted.values()):
        if one.kind is EventKind.OPENED and one.event_id != opened:
            continue
        at = instant_of(one, base)
        yield Event(one.kind, one.event_id, at, at, cause=one.cause, attributes=one.attributes, team_id=one.team_id)


def _ordered(recorded: Sequence[Event]) -> Iterator[Event]:
    """What escalations of the ticket's instances have ordered: the engine's own events."""
    return (event for event in recorded if event.source == ENGINE)


def _of_orders(loaded: LoadedInstance) -> Iterator[str]:
    recorded = {event.event_id: event for event in _ordered(loaded.events)}
    for firing in loaded.ledger:
        for event in ordered_events(firing, firing.fired_at):
            found = recorded.get(event.event_id)
            if found is None:
                yield f"lacks what {firing.key.milestone} has ordered: {_content(event)}"
            elif _content(found) != _content(event):
                yield f"holds {_content(found)} where {firing.key.milestone} has ordered {_content(event)}"


def _of_events(recorded: Sequence[Event], sent: Sequence[Event]) -> Iterator[str]:
    theirs, ours = ({event.event_id: _content(event) for event in events} for events in (recorded, sent))
    yield from (f"lacks the event {id_} that was answered 2xx: {ours[id_]}" for id_ in ours.keys() - theirs.keys())
    yield from (
        f"holds an event that was not answered 2xx: {id_}, {theirs[id_]}" for id_ in theirs.keys() - ours.keys()
    )
    for id_ in ours.keys() & theirs.keys():
        if ours[id_] != theirs[id_]:
            yield f"holds the event {id_} as {theirs[id_]}, sent was {ours[id_]}"
    if len(theirs) != len(recorded):
        yield f"holds {len(recorded)} events under {len(theirs)} ids"


def _content(event: Event) -> str:
    details = (event.cause, dict(event.attributes), event.team_id)
    return f"{event.kind.value} at {render(event.occurred_at)} {details}"


def _of_plan(recorded: Mapping[str, Any], expected: Plan) -> Iterator[str]:
    wanted: Mapping[str, Any] = json.loads(json.dumps(expected.to_json()))
    if recorded == wanted:
        return
    yield from _unlike("plan", recorded, wanted)


def _unlike(where: str, theirs: Any, ours: Any) -> Iterator[str]:
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        for name in sorted(theirs.keys() | ours.keys()):
            yield from _unlike(f"{where}.{name}", theirs.get(name), ours.get(name))
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for place, (their, our) in enumerate(zip(theirs, ours, strict=True)):
            yield from _unlike(f"{where}[{place}]", their, our)
    elif theirs != ours:
        yield f"{where} is {theirs}, the plan of what was sent says {ours}"


def _of_ledger(ledger: Ledger, expected: Plan) -> Iterator[str]:
    theirs = {key: firing.planned_at for key, firing in standing(ledger).items()}
    ours = {
        Key.of(target, milestone): milestone.planned_at
        for target in expected.targets
        for milestone in target.milestones
        if milestone.planned_at is not None
    }
    for key in theirs.keys() | ours.keys():
        if theirs.get(key) != ours.get(key):
            their, our = ("nothing" if at is None else render(at) for at in (theirs.get(key), ours.get(key)))
            yield f"{key}: {their} stands as fired, planned is {our}"


def _of_notices(ledger: Ledger, told: Sequence[Notice]) -> Iterator[str]:
    wanted = Counter(_named(firing.key, firing.generation) for firing in ledger)
    wanted.update(_named(firing.key, firing.generation, withdrawn=True) for firing in ledger if not firing.stands)
    held = Counter(_name_of(notice["data"]) for notice in told)
    yield from (f"has no notice {name}" for name in (wanted - held).elements())
    yield from (f"has a notice that nothing fired: {name}" for name in (held - wanted).elements())


def _named(key: Key, generation: int, *, withdrawn: bool = False) -> str:
    type_ = key.target.partition("/")[0]
    return f"{type_}/{key.cycle}/{key.milestone}/{generation}{' (withdrawn)' if withdrawn else ''}"


def _name_of(data: Mapping[str, Any]) -> str:
    key = Key(data["target"], data["cycle"], data["milestone"])
    return _named(key, data["generation"], withdrawn=data["withdraws"] is not None)


def _of_what_is_left(loaded: LoadedInstance) -> Iterator[str]:
    yield from (f"has not settled the notice {notice['id']}" for notice, _ in loaded.undelivered)
    yield from (f"{f.key}/{f.generation} has no delivery" for f in loaded.ledger if f.stands and f.delivered_at is None)
    if loaded.set_aside["count"]:
        yield f"set something aside: {loaded.set_aside}"


async def _of_record(store: Store, instance: str) -> list[str]:
    page = await store.chains.steps(DEFAULT_ORGANIZATION, instance, limit=1, offset=0)
    export = await store.chains.export(DEFAULT_ORGANIZATION, instance)
    gaps = [] if page.is_complete else ["the record is not complete"]
    return [*gaps, *(f"record: {finding}" for finding in verify(export).findings)]


def _of_arrivals(found: Audit) -> Iterator[str]:
    came = {arrival["id"] for arrival in found.arrivals}
    yield from (f"the notice {id_} never arrived" for id_ in sorted(found.expected - came))
    yield from (f"the notice {id_} arrived, and nothing is recorded of it" for id_ in sorted(came - found.expected))
    contents = {(arrival["id"], arrival["digest"]) for arrival in found.arrivals}
    twice = Counter(id_ for id_, _ in contents)
    yield from (f"the notice {id_} came with {count} contents" for id_, count in twice.items() if count > 1)


async def _notices(store: Store) -> Mapping[str, Sequence[Notice]]:
    by_instance: dict[str, list[Notice]] = {}
    wanted = sa.select(notices.c.instance_id, notices.c.doc)
    for row in await store.database.read(lambda conn: conn.execute(wanted).all()):
        by_instance.setdefault(row.instance_id, []).append(row.doc)
    return by_instance


async def _ids(store: Store) -> Sequence[str]:
    return await store.database.read(lambda conn: list(conn.scalars(sa.select(instances.c.id))))


async def _of_deliveries(store: Store) -> Sequence[str]:
    table = deliveries
    rows = await store.database.read(lambda conn: conn.execute(sa.select(table).where(table.c.status == "dead")).all())
    # The load's teams have no lead who can be reached, which is said so.
    rows = [row for row in rows if not is_nobody(row.channel)]
    return [f"the notice {row.notice_id} was given up on {row.channel}: {row.error}" for row in rows]


def read_arrivals(file: Path) -> Sequence[Mapping[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def lateness(found: Audit) -> list[float]:
    """Of each notice of a milestone that fired for the first time: seconds from its planned instant to its arrival."""
    first: dict[str, float] = {}
    for arrival in found.arrivals:
        if arrival["type"] != "sla.withdrawn" and arrival["generation"] == 1:
            first.setdefault(arrival["id"], arrival["at"] - parse(arrival["time"]) / 1_000_000)
    return sorted(first.values())
