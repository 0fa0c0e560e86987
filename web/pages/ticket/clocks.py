"""The clocks of a ticket as they are shown: verdict, bar, timeline, and where each second went. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from domain.explaining import Explanation
from domain.explaining.clock_text import spoken_closure
from domain.explaining.event_text import spoken_moment
from domain.explaining.explanation import ExplainedClock
from domain.explaining.milestones import ExplainedMilestone
from domain.explaining.segments import Segment, SegmentKind, Share, Totals
from domain.explaining.text import spoken_steps
from domain.instants import Instant
from domain.plan.milestones import ESCALATION
from domain.plan.status import met
from domain.policy.clocks.clocks import ClockState
from domain.record.deliveries import DeliveryState
from web.pages.deliveries.rows import Row
from web.pages.ticket.reading import notice_ids
from web.showing.bars import UsedBar, used_bar
from web.showing.durations import duration, exact
from web.showing.timeline import Stretch, TimelineDrawing, timeline
from web.showing.words import words

Told = Callable[[str], Sequence[Row]]
"""What became of a notice, by its id."""


@dataclass(frozen=True, slots=True)
class StretchRow:
    start: Instant
    length: str
    words: str


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """`fate` says in words what became of it."""

    name: str
    planned: Instant | None
    fired: Instant | None
    late: str
    fate: str
    kind: str
    deliveries: Sequence[Row]


@dataclass(frozen=True, slots=True)
class ClockView:
    """One cycle of a clock. `kind` is that of its word: bad, warn, good or idle."""

    anchor: str
    name: str
    cycle: str
    word: str
    kind: str
    promise: str
    bar: UsedBar | None
    due: Instant | None
    drawing: TimelineDrawing | None
    text: str
    sums: str
    causes: Sequence[str]
    stretches: Sequence[StretchRow]
    milestones: Sequence[MilestoneRow]
    movers: Sequence[str]
    excuse: str
    is_breached: bool
    is_superseded: bool
    target: str


def clock_views(explained: Explanation, deliveries: Told, organization: str, zone: str) -> Sequence[ClockView]:
    return [_clock(explained, one, index, deliveries, organization, zone) for index, one in enumerate(explained.clocks)]


def _clock(
    explained: Explanation,
    clock: ExplainedClock,
    index: int,
    deliveries: Told,
    organization: str,
    zone: str,
) -> ClockView:
    target, totals = clock.measured.target.as_of(explained.at), clock.trace.totals
    home = zone if clock.calendar.id is None else clock.calendar.calendar.timezone
    stretches = [_stretch(one, home) for one in clock.trace.segments]
    word, kind = _verdict(clock, explained.at)
    over = target.state in (ClockState.STOPPED, ClockState.CANCELLED)
    drawing = timeline(stretches, clock.trace.end, target.due_at, target.budget, is_over=over)
    steps = spoken_steps(explained.snapshot)
    return ClockView(
        anchor=f"clock-{index}",
        name=words(target.label or target.type),
        cycle="" if target.cycle == 1 else f"cycle {target.cycle}",
        word=word,
        kind=kind,
        promise="" if target.budget is None else duration(target.budget),
        bar=None if target.budget is None or target.started_at is None else _bar(clock, explained.at),
        due=target.due_at,
        drawing=drawing,
        text=f"{words(target.label or target.type)}: {word}; {_sums(totals)}",
        sums=f"{_sums(totals)} = {exact(totals.wall)} on the wall",
        causes=[_cause(one) for one in clock.trace.shares],
        stretches=[StretchRow(one.start, exact(one.end - one.start), one.words) for one in reversed(stretches)],
        milestones=[_milestone(one, steps, explained, deliveries, organization) for one in clock.milestones],
        movers=[
            f"{one.does}: {words(one.event.kind.value)}{f' by {one.event.actor}' if one.event.actor else ''}"
            for one in (clock.started_by, clock.ended_by)
            if one is not None
        ],
        excuse="" if target.excuse is None else f"Excused by {target.excuse.actor}: {target.excuse.reason}",
        is_breached=met(target, explained.at) is False,
        is_superseded=target.superseded,
        target=target.name,
    )


def _verdict(clock: ExplainedClock, at: Instant) -> tuple[str, str]:
    target = clock.measured.target.as_of(at)
    if target.superseded:
        return "begun again", "idle"
    if (kept := met(target, at)) is not None:
        return ("met", "good") if kept else ("breached", "bad")
    if target.state is ClockState.RUNNING:
        return "running", "warn" if _is_at_risk(clock) else "idle"
    return target.state.value, "idle"


def _is_at_risk(clock: ExplainedClock) -> bool:
    budget = clock.measured.target.budget
    return budget is not None and clock.trace.totals.counted * 4 >= budget * 3


def _bar(clock: ExplainedClock, at: Instant) -> UsedBar:
    target = clock.measured.target.as_of(at)
    assert target.budget is not None
    steps = (one.threshold for one in target.milestones if one.name.startswith(ESCALATION) and not one.repeat)
    paused = target.state is ClockState.PAUSED
    return used_bar(clock.trace.totals.counted, target.budget, paused=paused, steps=steps)


def _stretch(segment: Segment, zone: str) -> Stretch:
    return Stretch(segment.kind.value, segment.start, segment.end, segment.counted, _words(segment, zone))


def _words(segment: Segment, zone: str) -> str:
    if segment.kind is SegmentKind.CLOSED:
        return f"closed: {spoken_closure(segment, zone)}"
    if segment.kind is SegmentKind.PAUSED:
        return f"paused: {', '.join(one.cause or 'no cause given' for one in segment.shares)}"
    if segment.totals is not None:
        return f"summed up: {_sums(segment.totals)}"
    return segment.kind.value


def _sums(totals: Totals) -> str:
    parts = {"running": totals.running, "closed": totals.closed, "paused": totals.paused, "stopped": totals.stopped}
    return " + ".join(f"{name} {exact(length)}" for name, length in parts.items() if length or name == "running")


def _cause(share: Share) -> str:
    return f"{share.cause or 'no cause given'}: {duration(share.wall)}, of which {duration(share.working)} working time"


def _milestone(
    one: ExplainedMilestone,
    steps: Mapping[str, str],
    explained: Explanation,
    deliveries: Told,
    organization: str,
) -> MilestoneRow:
    firing = one.firing
    instance_id = str(explained.snapshot.ticket.instance)
    ids = () if firing is None else notice_ids(organization, instance_id, firing)
    sent = [row for id_ in ids for row in deliveries(id_)]
    fate, kind = _fate(one, explained.at)
    return MilestoneRow(
        name=spoken_moment(one.name, steps),
        planned=one.planned_at,
        fired=None if firing is None else firing.fired_at,
        late="" if one.lateness is None or one.lateness < 1_000_000 else f"{duration(one.lateness)} late",
        fate=fate,
        kind=kind,
        deliveries=[row for row in sent if row.state != DeliveryState.SKIPPED],
    )


def _fate(one: ExplainedMilestone, at: Instant) -> tuple[str, str]:
    firing = one.firing
    if firing is None:
        if one.planned_at is None:
            return "does not happen as it stands", "idle"
        return ("ahead", "idle") if one.planned_at > at else ("not fired", "warn")
    if firing.withdrawn_at is not None:
        return "withdrawn", "idle"
    if one.quiet:
        return "quiet: nobody was told", "idle"
    if firing.skipped:
        return "switched off: nobody was told", "idle"
    return ("delivered", "good") if firing.delivered_at is not None else ("not delivered yet", "warn")
