"""What happens to the tickets, and what they are promised: made up before anything runs, all of it by one seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from domain.ticket.events import EventKind

PRIORITIES = ("urgent", "high", "medium", "low")
TEAMS = ("frontline", "network")
CAUSES = ("customer", "supplier")
SHARED_DESK = "shared"
# Tickets that a desk shares have an OLA beside the SLA.
SHARE_OF_SHARED = 0.3
SHARE_OPENED_BY_INSTANCES = 0.3
LONGEST_STEP = 7.0
# Several events of one ticket then fall on one instant now and then.
DECIMALS = 1


def _target(type_: str, seconds: float, **more: Any) -> dict[str, Any]:
    return {"type": type_, "minutes": seconds / 60, **more}


def _for(priority: str) -> list[dict[str, Any]]:
    return [{"field": "priority", "operator": "in", "value": [priority]}]


POLICIES: tuple[Mapping[str, Any], ...] = (
    {
        "name": "Urgent",
        "conditions": _for("urgent"),
        "targets": [_target("first_response", 5), _target("resolution", 12)],
        "escalations": [
            {"trigger": "approaching_breach", "trigger_percent": 90, "actions": [{"type": "notify_team_lead"}]},
            {"trigger": "breached", "delay_minutes": 5 / 60, "actions": [{"type": "reassign", "team_id": TEAMS[1]}]},
        ],
        "on_change": "retarget",
    },
    {
        "name": "High",
        "conditions": _for("high"),
        "targets": [_target("first_response", 9), _target("next_response", 8), _target("resolution", 25)],
        "on_reopen": "restart",
    },
    {
        "name": "Medium",
        "conditions": _for("medium"),
        "targets": [
            _target(
                "resolution", 20, pauses_when=[{"field": "status", "operator": "in", "value": ["pending", "on_hold"]}]
            ),
            _target("next_response", 6, pausable=False),
        ],
        "on_change": "restart",
    },
    {
        "name": "Low",
        "conditions": _for("low"),
        "targets": [_target("first_response", 15), _target("resolution", 40)],
        "escalations": [{"trigger": "breached", "delay_minutes": 3 / 60, "actions": [{"type": "notify_team_lead"}]}],
        "on_change": "retarget",
        "on_reopen": "new_cycle",
    },
)
OLA_POLICIES: tuple[Mapping[str, Any], ...] = (
    {
        "name": "A shared desk",
        "conditions": [{"field": "desk", "operator": "in", "value": [SHARED_DESK]}],
        "targets": [_target("first_response", 7), _target("resolution", 16)],
    },
)


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is told; `at` in seconds after the start of the load."""

    kind: EventKind
    event_id: str
    at: float
    cause: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    team_id: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket's life. `by_instances`: opened by `POST /instances`, and told of by commands where there is one."""

    ticket_id: str
    by_instances: bool
    priority: str
    fields: Mapping[str, Any]
    team_id: str | None
    opening: Told
    events: tuple[Told, ...]

    @property
    def instances(self) -> tuple[str, ...]:
        """The ids of those that the policies make of it."""
        kinds = ("sla", "ola") if self.fields.get("desk") == SHARED_DESK else ("sla",)
        return tuple(f"inst_{kind}_ticket_{self.ticket_id}" for kind in kinds)


def stories(random: Random, count: int, seconds: float) -> tuple[Story, ...]:
    """Their openings are spread over the first four fifths of the time."""
    return tuple(_story(random, number, seconds) for number in range(count))


def _story(random: Random, number: int, seconds: float) -> Story:
    ticket_id = f"T{number:04}"
    is_shared = random.random() < SHARE_OF_SHARED
    opened = round(random.uniform(0, seconds * 0.8), DECIMALS)
    return Story(
        ticket_id=ticket_id,
        by_instances=not is_shared and random.random() < SHARE_OPENED_BY_INSTANCES,
        priority=random.choice(PRIORITIES),
        fields={"desk": SHARED_DESK if is_shared else "own", "status": "open"},
        team_id=random.choice((*TEAMS, None)) if is_shared else None,
        opening=Told(EventKind.OPENED, f"{ticket_id}-opened", opened),
        events=tuple(_events(random, ticket_id, opened, seconds, is_shared=is_shared)),
    )


def _events(random: Random, ticket_id: str, opened: float, end: float, *, is_shared: bool) -> Iterator[Told]:
    at, is_open = opened, True
    for step in range(random.randint(3, 9)):
        at = round(at + random.uniform(0, LONGEST_STEP), DECIMALS)
        kind = _next_kind(random, is_open=is_open, is_shared=is_shared)
        if at >= end or kind is None:
            return
        if kind in (EventKind.RESOLVED, EventKind.CANCELLED, EventKind.REOPENED):
            is_open = kind is EventKind.REOPENED
        yield _told(random, kind, f"{ticket_id}-{step}-{kind.value}", at)


_WHILE_OPEN: Mapping[EventKind, int] = {
    EventKind.ACKNOWLEDGED: 4,
    EventKind.PAUSED: 4,
    EventKind.RESUMED: 4,
    EventKind.CUSTOMER_REPLIED: 5,
    EventKind.AGENT_REPLIED: 4,
    EventKind.UPDATED: 5,
    EventKind.ASSIGNED: 1,
    EventKind.RESOLVED: 3,
    EventKind.CANCELLED: 1,
}


def _next_kind(random: Random, *, is_open: bool, is_shared: bool) -> EventKind | None:
    """None: nothing happens to it any more."""
    if not is_open:
        return random.choice((EventKind.REOPENED, EventKind.REOPENED, EventKind.CUSTOMER_REPLIED, None))
    weights = {**_WHILE_OPEN, EventKind.ASSIGNED: 8 if is_shared else 1}
    return random.choices(list(weights), list(weights.values()))[0]


def _told(random: Random, kind: EventKind, event_id: str, at: float) -> Told:
    if kind is EventKind.PAUSED:
        return Told(kind, event_id, at, cause=random.choice(CAUSES))
    if kind is EventKind.RESUMED:
        return Told(kind, event_id, at, cause=random.choice((*CAUSES, "")))
    if kind is EventKind.ASSIGNED:
        return Told(kind, event_id, at, team_id=random.choice((*TEAMS, None)))
    if kind is EventKind.UPDATED:
        changes = ({"priority": random.choice(PRIORITIES)}, {"status": random.choice(("open", "pending", "on_hold"))})
        return Told(kind, event_id, at, attributes=random.choice(changes))
    return Told(kind, event_id, at)
