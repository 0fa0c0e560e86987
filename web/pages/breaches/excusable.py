"""A promise of a ticket that can be excused, as it is shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors import NotFound
from domain.instants import Instant
from domain.plan.plans import TargetPlan
from domain.plan.status import exceeded
from domain.record.views import calendar_of, overrun_at
from service.instances.reading.views import FoundInstance
from web.showing.durations import duration
from web.showing.words import words


@dataclass(frozen=True, slots=True)
class Excusable:
    """`overrun` is empty where it is not breached."""

    title: str
    promise: str
    target: str
    cycle: int
    due: Instant | None
    overrun: str
    reason: str
    is_excused: bool


def excusable(found: FoundInstance, target: str, cycle: int, now: Instant) -> Excusable:
    """Raises NotFound for a target that the ticket has not."""
    planned = found.plan.target(target, cycle)
    if planned is None:
        raise NotFound(f"The ticket has no target {target} (cycle {cycle}).", field="target", value=target)
    ticket = found.ticket or found.snapshot.ticket
    return Excusable(
        title=ticket.title or ticket.instance.subject,
        promise=words(planned.label or planned.clock_name),
        target=target,
        cycle=cycle,
        due=planned.due_at if planned.breached_at is None else planned.breached_at,
        overrun=_overrun(found, planned, now),
        reason="" if planned.excuse is None else planned.excuse.reason,
        is_excused=planned.excuse is not None,
    )


def _overrun(found: FoundInstance, target: TargetPlan, now: Instant) -> str:
    if not exceeded(target, now):
        return ""
    return f"+{duration(overrun_at(target, calendar_of(found.snapshot, target), now))}"
