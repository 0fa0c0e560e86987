"""An explanation as lines for people: times to the second, in the zone of the calendar that measures.

What runs round the clock is measured by no calendar of the organization; its times are in the organization's zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from domain.explaining.bar import LEGEND
from domain.explaining.clock_text import clock_lines
from domain.explaining.event_text import event_lines, moment_line
from domain.explaining.explanation import (
    Explanation,
)
from domain.explaining.policy_text import more_line, policy_lines, priority_text, zone_of
from domain.plan.milestones import ESCALATION, PAUSE_TOO_LONG
from domain.plan.status import instance_status
from domain.policy.snapshot import Snapshot
from domain.record.notices import spoken
from domain.wording import printable, spoken_instant, spoken_optional, spoken_step


def explanation_text(explained: Explanation, home: str = "UTC") -> str:
    """`home` is the IANA name of the organization's zone."""
    return "\n".join(printable(line) for line in _lines(explained, home)) + "\n"


def _lines(explained: Explanation, home: str) -> Iterator[str]:
    zone = zone_of(explained.snapshot.calendar, home)
    steps = spoken_steps(explained.snapshot)
    yield from _head(explained, zone)
    yield ""
    yield from policy_lines(explained, home)
    if explained.clocks:
        yield ""
        yield LEGEND
    for clock in explained.clocks:
        yield ""
        yield from clock_lines(explained, clock, steps, home)
    if left_out := explained.clocks_in_all - len(explained.clocks):
        yield f"{left_out} earlier cycles are left out"
    if explained.orphaned:
        yield ""
        yield "milestones of clocks that there are no more"
        for moment in explained.orphaned:
            line = moment_line(moment, steps, explained.events, zone)
            yield f"  {moment.firing.key.target if moment.firing else ''}: {line}"
        yield from more_line(explained.orphaned_in_all - len(explained.orphaned), "earlier milestones", "  ")
    if explained.long_pauses:
        yield ""
        yield "pauses that count no longer"
        names = _long_pauses(explained)
        yield from (f"  {moment_line(moment, names, explained.events, zone)}" for moment in explained.long_pauses)
    yield ""
    yield from event_lines(explained, zone)


def _long_pauses(explained: Explanation) -> Mapping[str, str]:
    """What each pause that is too long waits for, by the name of its milestone."""
    pauses = explained.plan.long_pauses
    return {one.milestone: f"{spoken(PAUSE_TOO_LONG)} ({one.cause or 'no cause'}, {one.event_id})" for one in pauses}


def spoken_steps(snapshot: Snapshot) -> Mapping[str, str]:
    """What each escalation step does, by the name of its milestone."""
    policies = (snapshot.policy, *(one.policy for one in snapshot.alternatives))
    return {f"{ESCALATION}:{step.id}": spoken_step(step.to_json()) for policy in policies for step in policy.steps}


def _head(explained: Explanation, zone: str) -> Iterator[str]:
    snapshot, plan = explained.snapshot, explained.plan
    instance, calendar = snapshot.ticket.instance, snapshot.calendar
    status = instance_status(plan, explained.at).value
    yield f"{instance} is {status} at {spoken_instant(explained.at, zone)}"
    priority = priority_text(snapshot.ticket.priority)
    yield f"  {instance.kind.value} of {instance.subject_type.value} {instance.subject}{priority}"
    closed = spoken_optional(plan.closed_at, zone, "still open")
    yield f"  opened {spoken_instant(plan.opened_at, zone)}, {'' if plan.closed_at is None else 'closed '}{closed}"
    hours = "round the clock" if calendar.id is None else f"business hours {calendar.id} (version {calendar.version})"
    yield f"  {hours} in {zone}, time zone database {snapshot.tzdata_version}"
    if not explained.is_complete:
        yield "  INCOMPLETE: not everything that happened is recorded yet"
    if explained.agrees is False:
        used = (plan.versions or {}).get("tzdata_version")
        yield f"  NOT AS RECORDED: the plan that is walked differs from this one (time zone database {used})"
