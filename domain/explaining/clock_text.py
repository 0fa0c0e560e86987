"""How a clock went, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from domain.calendar.rules.closures import ClosingRule
from domain.explaining.bar import bar
from domain.explaining.event_text import moment_line
from domain.explaining.explanation import (
    MOST_DEADLINES,
    ExplainedClock,
    Explanation,
    TeamHours,
)
from domain.explaining.movers import Mover
from domain.explaining.policy_text import zone_of
from domain.explaining.segments import Segment, SegmentKind, Share, Totals
from domain.instants import MICROSECOND, Instant, to_datetime
from domain.plan.facts import DueFromField, Excuse
from domain.plan.status import met
from domain.ticket.authors import Role
from domain.ticket.excuses import Covers
from domain.wording import spoken_instant, spoken_length

_ROLES = {Role.CUSTOMER: "the customer", Role.AGENT: "an agent", Role.BOT: "a bot", Role.SYSTEM: "a system"}


def clock_lines(explained: Explanation, clock: ExplainedClock, steps: Mapping[str, str], home: str) -> Iterator[str]:
    target, zone = clock.measured.target.as_of(explained.at), zone_of(clock.calendar, home)
    totals = clock.trace.totals
    verdict = {True: "met", False: "breached", None: target.state.value}[met(target, explained.at)]
    cycle = "" if target.cycle == 1 else f", cycle {target.cycle}"
    team = "" if target.team_id is None else f", team {target.team_id}"
    superseded = ", superseded" if target.superseded else ""
    excused = "" if target.excuse is None else ", excused"
    yield f"{target.clock_name}{cycle}{team}: {verdict}{superseded}{excused}"
    yield from excuse_lines(target.excuse, zone)
    promised = "" if target.budget is None else f" of {spoken_length(target.budget)}"
    yield f"  used {spoken_length(totals.counted)}{promised}, {_due(target.due_at, zone)}"
    if movers := [_mover(one) for one in (clock.started_by, clock.ended_by) if one is not None]:
        yield f"  {', '.join(movers)}"
    yield from _deadlines(clock.measured.deadlines[-MOST_DEADLINES:], zone)
    yield from (f"  {line}" for line in bar(clock.trace, target.due_at))
    yield from _segments(clock, zone)
    yield from (f"  {line}" for line in _team_hours(clock.hours, home))
    yield f"  in all {_totals(totals)} = {spoken_length(totals.wall)} on the wall"
    yield from (f"  {line}" for line in _shares(clock.trace.shares))
    yield "  milestones"
    yield from (f"    {moment_line(moment, steps, explained.events, zone)}" for moment in clock.milestones)


def _team_hours(hours: Iterable[TeamHours], home: str) -> Iterator[str]:
    for one in hours:
        team, zone = "the default" if one.team_id is None else f"team {one.team_id}", zone_of(one.calendar, home)
        named = f"{one.calendar.id}, version {one.calendar.version}, {zone}"
        yield f"in the hours of {team} ({named}) from {spoken_instant(one.start, zone)}"


def _mover(mover: Mover) -> str:
    """`stopped by agent_replied (event zd-3) of ada, an agent`."""
    event = mover.event
    role = "" if event.author is None else _ROLES[event.author]
    author = ", ".join(part for part in (event.actor, role) if part)
    condition = "" if mover.condition is None else f": {mover.condition}"
    return f"{mover.does} by {event.kind.value} (event {event.event_id}){author and f' of {author}'}{condition}"


def _deadlines(said: Sequence[DueFromField], zone: str) -> Iterator[str]:
    """What a field of the ticket said of the due instant, from the opening on."""
    for one in said:
        because = "" if one.event_id is None else f" {spoken_instant(one.at, zone)} (event {one.event_id})"
        if one.due_at is None:
            value = "" if one.value is None else f", got {one.value!r}"
            yield f"  no due instant because of {one.field}{because}: {one.problem}{value}"
        elif one.moved_from is not None:
            moved = f"due moved from {spoken_instant(one.moved_from, zone)} to {spoken_instant(one.due_at, zone)}"
            yield f"  {moved} because {one.field} changed{because}"
        else:
            yield f"  due {spoken_instant(one.due_at, zone)} because {one.field} says {one.value}{because}"


def excuse_lines(excuse: Excuse | None, zone: str) -> Iterator[str]:
    if excuse is not None:
        what = {Covers.BREACH: "its breach", Covers.RESULT: "its whole result"}[excuse.covers]
        by = f"by {excuse.actor} {spoken_instant(excuse.at, zone)} (event {excuse.event_id})"
        yield f"  {what} counts in no rate: {excuse.reason}, {by}"


def _due(due_at: Instant | None, zone: str) -> str:
    return "no due instant as it stands" if due_at is None else f"due {spoken_instant(due_at, zone)}"


def _segments(clock: ExplainedClock, zone: str) -> Iterator[str]:
    if not clock.trace.segments:
        yield "  has not started" if clock.measured.target.started_at is None else "  no time has passed"
        return
    rows = [(spoken_instant(one.start, zone), spoken_length(one.wall), one) for one in clock.trace.segments]
    starts = max(len(start) for start, _, _ in rows)
    lengths = max(len(length) for _, length, _ in rows)
    for start, length, segment in rows:
        yield f"  {start.ljust(starts)}  {length.rjust(lengths)}  {_segment(segment, zone)}"
    yield f"  {spoken_instant(clock.trace.end, zone)}"


def _segment(segment: Segment, zone: str) -> str:
    if segment.kind is SegmentKind.CLOSED:
        return f"closed: {spoken_closure(segment, zone)}"
    if segment.kind is SegmentKind.PAUSED:
        return f"paused: {'; '.join(_shares(segment.shares))}"
    if segment.totals is not None:
        return f"summed up: {_totals(segment.totals)}"
    return segment.kind.value


def spoken_closure(segment: Segment, zone: str) -> str:
    """Why a segment that is closed is closed: `outside hours`, `holiday Easter Monday`."""
    assert segment.closed_by is not None
    closure = segment.closed_by
    if closure.rule is ClosingRule.WEEKDAY:
        return f"no hours on {', '.join(_weekdays(segment, zone))}"
    if closure.rule is ClosingRule.HOLIDAY:
        return "holiday" if closure.name is None else f"holiday {closure.name}"
    return {
        ClosingRule.BREAK: "break",
        ClosingRule.SPECIAL_DAY: "outside the hours of that date",
        ClosingRule.HOURS: "outside hours",
    }[closure.rule]


def _weekdays(segment: Segment, zone: str) -> Iterable[str]:
    first = to_datetime(segment.start).astimezone(ZoneInfo(zone)).date()
    last = (to_datetime(segment.end) - MICROSECOND).astimezone(ZoneInfo(zone)).date()
    days = (first + timedelta(days=index) for index in range(min((last - first).days + 1, 7)))
    return [f"{day:%A}" for day in days]


def _totals(totals: Totals) -> str:
    parts = (
        ("running", totals.running),
        ("closed", totals.closed),
        ("paused", totals.paused),
        ("stopped", totals.stopped),
    )
    return " + ".join(f"{name} {spoken_length(length)}" for name, length in parts)


def _shares(shares: Iterable[Share]) -> Iterable[str]:
    for share in shares:
        cause = share.cause or "no cause given"
        yield f"{cause} {spoken_length(share.wall)} ({spoken_length(share.working)} of working time)"
