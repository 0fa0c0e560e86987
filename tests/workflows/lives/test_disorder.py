"""The real workflow under events in any order, late and more than once, beside a twin that gets them in time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from temporalio.common import WorkflowIDReusePolicy

from domain.ids import workflow_id
from domain.instants import MINUTE, SECOND, Instant, parse, render
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.plan.status import instance_status
from domain.policy.catalog import Catalog
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.ticket.events import EXCUSES, Event, EventKind, excuse_of
from service.temporal.queries import ask
from tests.support.clockwork import ORGANIZATION, Clockwork, eventually, snapshot_of, working
from workflows.messages import EXCUSE, RESET, SIGNALS, STATE_QUERY, WORKFLOW_TYPE

TICKETS, PARTS = 12, 4
EVENTS = 9
LAST_MINUTE = 400
LONGEST_DELAY = 500
END = LAST_MINUTE + LONGEST_DELAY + 400
NAMES = [name for name in SIGNALS if name != "assign"]
STATUSES = ("open", "pending", "open", "vendor")
PENDING = {"field": "status", "operator": "eq", "value": "pending"}
URGENT = {"field": "priority", "operator": "eq", "value": "urgent"}


@dataclass(frozen=True)
class Told:
    """An event of a ticket, in minutes since its opening: when it happened, and when it arrives."""

    name: str
    event_id: str
    minute: int
    arrives: int
    payload: dict[str, Any]


def policies(chance: Random) -> tuple[Policy, ...]:
    targets = [
        {"id": "r", "type": "first_response", "hours": 1},
        {"id": "s", "type": "resolution", "hours": 4, "pauses_when": [PENDING]},
        {"id": "n", "type": "next_response", "minutes": 45},
    ]
    express = {"id": "sla_express", "name": "Express", "conditions": [URGENT], "targets": [{**targets[1], "hours": 2}]}
    modes = {
        "on_change": chance.choice(("keep", "retarget", "restart")),
        "on_reopen": chance.choice(("continue", "new_cycle")),
    }
    normal = {"id": "sla_normal", "name": "Normal", "targets": targets, **modes}
    return Policy.from_json(express), Policy.from_json(normal)


def story(chance: Random) -> list[Told]:
    """What happened, in order, each arriving as it happens."""
    minutes = sorted(chance.randrange(1, LAST_MINUTE) for _ in range(EVENTS))
    return [_told(chance, number, minute) for number, minute in enumerate(minutes)]


def _told(chance: Random, number: int, minute: int) -> Told:
    name = chance.choice(NAMES)
    payload: dict[str, Any] = {}
    if name in ("pause", "resume"):
        payload["cause"] = chance.choice(("customer", "parts"))
    if name == "update":
        changes: tuple[dict[str, str], ...] = (
            {"status": chance.choice(STATUSES)},
            {"priority": "urgent"},
            {"priority": "low"},
        )
        payload["attributes"] = chance.choice(changes)
    if SIGNALS[name] in EXCUSES:
        payload |= {"target": chance.choice(("first_response", "resolution")), "actor": "ada"}
    if name == RESET:
        payload["reason"] = "merged"
    if name == EXCUSE:
        payload |= {"reason": "storm", "covers": chance.choice(("breach", "result"))}
    return Told(name, f"e{number}", minute, minute, payload)


def in_disorder(chance: Random, told: Sequence[Told]) -> Iterator[Told]:
    """Each late by up to hours, about a third of them twice."""
    for one in told:
        for _ in range(chance.choice((1, 1, 2))):
            yield Told(one.name, one.event_id, one.minute, one.minute + chance.randrange(LONGEST_DELAY), one.payload)


@dataclass
class Instance:
    clockwork: Clockwork
    snapshot: Snapshot
    opened_at: Instant
    told: list[Told]

    @property
    def id(self) -> str:
        return workflow_id(ORGANIZATION, self.snapshot.facts.instance_id)

    def at(self, minute: float) -> Instant:
        return Instant(self.opened_at + round(minute * MINUTE))

    async def send(self, one: Told) -> None:
        """As the API does: to the running workflow, or to a new run that goes on with the recorded past."""
        payload = {"event_id": one.event_id, "occurred_at": render(self.at(one.minute)), **one.payload}
        await self.clockwork.client.start_workflow(
            WORKFLOW_TYPE,
            {},
            id=self.id,
            task_queue=self.clockwork.task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal=one.name,
            start_signal_args=[payload],
        )

    async def settled(self) -> dict[str, Any]:
        """The state once every event is applied and every notice delivered."""
        wanted = {one.event_id for one in self.told}
        handle = self.clockwork.client.get_workflow_handle(self.id)

        async def look() -> Any:
            return await ask(handle, STATE_QUERY)

        def is_settled(state: Any) -> bool:
            return wanted <= set(state["applied"]) and not state["undelivered"] and not state["unrecorded"]

        state: dict[str, Any] = await eventually(look, is_settled)
        return state

    def expected(self) -> Plan:
        """The plan of the events in order, made beside the workflow."""
        opened = Event(EventKind.OPENED, "opened", self.opened_at, self.opened_at)
        events = {one.event_id: self._event(one) for one in self.told}
        return plan(self.snapshot, [opened, *events.values()])

    def _event(self, one: Told) -> Event:
        at = self.at(one.minute)
        named = ("cause", "attributes", "actor", "reason")
        details = {name: one.payload[name] for name in named if name in one.payload}
        kind = SIGNALS[one.name]
        return Event(kind, one.event_id, at, at, **details, excuse=excuse_of(kind, one.payload))

    def net_notices(self) -> Counter[tuple[Any, ...]]:
        """What was sent less what was withdrawn: target, cycle, milestone, minutes since the opening."""
        net: Counter[tuple[Any, ...]] = Counter()
        for notice in self.clockwork.mailbox.notices:
            if notice["subject"] == self.snapshot.facts.instance_id:
                data = notice["data"]
                key = (data["target"], data["cycle"], data["milestone"], data["planned_at"])
                net[key] += -1 if data["withdraws"] else 1
        return +net


def comparable(planned: Plan, opened_at: Instant) -> list[tuple[Any, ...]]:
    """Everything a plan says, in time since the opening."""

    def since(instant: Instant | None) -> int | None:
        return None if instant is None else instant - opened_at

    return [
        (
            *(target.name, target.cycle, target.state.value, target.used, target.paused_for, target.superseded),
            *map(since, (target.started_at, target.stopped_at, target.due_at, target.breached_at)),
            *((mark.name, since(mark.planned_at)) for mark in target.milestones),
            None if target.excuse is None else (target.excuse.event_id, since(target.excuse.at)),
        )
        for target in planned.targets
    ]


@pytest.mark.parametrize("part", range(PARTS))
async def test_whatever_order_events_arrive_in_the_plan_the_verdict_and_the_net_notices_are_the_same(
    clockwork: Clockwork, part: int
) -> None:
    seeds = range(part, TICKETS, PARTS)
    async with working(clockwork):
        pairs = [await a_pair(clockwork, Random(seed)) for seed in seeds]
        instances = [one for pair in pairs for one in pair]
        arrivals = sorted(
            ((one.at(told.arrives), number, one, told) for number, one in enumerate(instances) for told in one.told),
            key=lambda arrival: arrival[:2],
        )
        for at, _, one, told in arrivals:
            # Half a second beside the milestones, which fall on whole ones: the test server refuses a task that
            # cancels a timer as it fires.
            await clockwork.sleep_until(Instant(at + SECOND // 2))
            await one.send(told)
        await clockwork.sleep_until(instances[-1].at(END))
        states = await asyncio.gather(*(one.settled() for one in instances))
    withdrawn = 0
    for (in_time, late), (first, second) in zip(pairs, zip(states[::2], states[1::2], strict=True), strict=True):
        wanted = comparable(in_time.expected(), in_time.opened_at)
        assert comparable(Plan.from_json(first["plan"]), in_time.opened_at) == wanted
        assert comparable(Plan.from_json(second["plan"]), late.opened_at) == wanted
        verdict = instance_status(late.expected(), late.at(END))
        assert first["status"] == second["status"] == verdict.value
        assert minutes(in_time) == minutes(late) == milestones(late)
        withdrawn += sum(firing["withdrawn_at"] is not None for firing in second["ledger"])
    assert withdrawn > len(seeds)


async def a_pair(clockwork: Clockwork, chance: Random) -> tuple[Instance, Instance]:
    """The same ticket twice: told in time, and in disorder."""
    rules, told = policies(chance), story(chance)
    arrivals = [list(told), list(in_disorder(chance, told))]
    chance.shuffle(arrivals[1])
    made = []
    for one in arrivals:
        snapshot = snapshot_of(None, priority="low", catalog=Catalog(ORGANIZATION, rules, {}))
        opened = await clockwork.open(snapshot)
        made.append(Instance(clockwork, snapshot, opened.opened_at, one))
    return made[0], made[1]


def minutes(instance: Instance) -> Counter[tuple[Any, ...]]:
    """The net notices, in time since the opening."""
    net = instance.net_notices()
    return Counter({(*key[:3], parse(key[3]) - instance.opened_at): count for key, count in net.items()})


def milestones(instance: Instance) -> Counter[tuple[Any, ...]]:
    """What the plan says has happened by the end, each once."""
    return Counter(
        (target.type, target.cycle, mark.name, mark.planned_at - instance.opened_at)
        for target in instance.expected().targets
        for mark in target.milestones
        if mark.planned_at is not None and mark.planned_at <= instance.at(END)
    )
