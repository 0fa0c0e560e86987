"""What the parts of an instance are listed by: its earlier cycles, and the times that teams had its ticket."""

from __future__ import annotations

from domain.plan.plans import TargetPlan
from domain.record.views import began_at
from domain.ticket.stints import Stint
from store.lists.in_memory import InMemory

CYCLES: InMemory[TargetPlan] = InMemory(
    {
        "started_at": began_at,
        "due_at": lambda one: one.due_at,
        "stopped_at": lambda one: one.stopped_at,
        "type": lambda one: one.type,
        "cycle": lambda one: one.cycle,
    },
    "started_at",
    lambda one: f"{one.cycle:09} {one.name}",
)
STINTS: InMemory[Stint] = InMemory(
    {
        "started_at": lambda one: one.start,
        "ended_at": lambda one: one.end,
        "team_id": lambda one: one.team_id,
    },
    "started_at",
    lambda one: f"{one.start:020} {one.event_id}",
)
