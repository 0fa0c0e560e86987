"""An explanation as lines for people: times to the second, in the zone of the calendar that measures.

What runs round the clock is measured by no calendar of the organization; its times are in the organization's zone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.calendar.rules.closures import ClosingRule
from domain.explaining.bar import LEGEND, bar
from domain.explaining.explanation import (
    MOST_DEADLINES,
    ExplainedClock,
    ExplainedEvent,
    Explanation,
    PolicyChange,
    TeamHours,
)
from domain.explaining.milestones import ExplainedMilestone
from domain.explaining.movers import Mover
from domain.explaining.segments import Segment, SegmentKind, Share, Totals
from domain.instants import MICROSECOND, SECOND, Instant, Micros, to_datetime
from domain.plan.pauses import EndedBy, PauseEnded
from domain.plan.plans import ESCALATION, PAUSE_TOO_LONG, REPEAT, DueFromField, Excuse
from domain.plan.status import instance_status, met
from domain.policy.match_record import DISABLED, CheckedCondition, MatchRecord, PassedPolicy
from domain.policy.policies import Policy
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.record.ledger import Firing
from domain.record.notices import spoken
from domain.record.withdrawals import spoken_reason, withdrawing_event
from domain.ticket.authors import Role
from domain.ticket.conditions import MISSING, Match
from domain.ticket.excuses import Covers, ExcuseScope
from domain.ticket.origins import Origin
from domain.wording import printable, spoken_instant, spoken_length, spoken_optional, spoken_step


def explanation_text(explained: Explanation, home: str = "UTC") -> str:
    """`home` is the IANA name of the organization's zone."""
    return "\n".join(printable(line) for line in _lines(explained, home)) + "\n"


def _lines(explained: Explanation, home: str) -> Iterator[str]:
    zone = _zone(explained.snapshot.calendar, home)
    steps = spoken_steps(explained.snapshot)
    yield from _head(explained, zone)
    yield ""
    yield from _policy(explained, home)
    if explained.clocks:
        yield ""
        yield LEGEND
    for clock in explained.clocks:
        yield ""
        yield from _clock(explained, clock, steps, home)
    if left_out := explained.clocks_in_all - len(explained.clocks):
        yield f"{left_out} earlier cycles are left out"
    if explained.orphaned:
        yield ""
        yield "milestones of clocks that there are no more"
        for moment in explained.orphaned:
            line = _moment(moment, steps, explained.events, zone)
            yield f"  {moment.firing.key.target if moment.firing else ''}: {line}"
        yield from _more(explained.orphaned_in_all - len(explained.orphaned), "earlier milestones", "  ")
    if explained.long_pauses:
        yield ""
        yield "pauses that count no longer"
        names = _long_pauses(explained)
        yield from (f"  {_moment(moment, names, explained.events, zone)}" for moment in explained.long_pauses)
    yield ""
    yield from _events(explained, zone)


def _long_pauses(explained: Explanation) -> Mapping[str, str]:
    """What each pause that is too long waits for, by the name of its milestone."""
    pauses = explained.plan.long_pauses
    return {one.milestone: f"{spoken(PAUSE_TOO_LONG)} ({one.cause or 'no cause'}, {one.event_id})" for one in pauses}


def _zone(version: CalendarVersion, home: str) -> str:
    return home if version.id is None else version.calendar.timezone


def spoken_steps(snapshot: Snapshot) -> Mapping[str, str]:
    """What each escalation step does, by the name of its milestone."""
    policies = (snapshot.policy, *(one.policy for one in snapshot.alternatives))
    return {f"{ESCALATION}:{step.id}": spoken_step(step.to_json()) for policy in policies for step in policy.steps}


def _head(explained: Explanation, zone: str) -> Iterator[str]:
    snapshot, plan = explained.snapshot, explained.plan
    instance, calendar = snapshot.ticket.instance, snapshot.calendar
    status = instance_status(plan, explained.at).value
    yield f"{instance} is {status} at {spoken_instant(explained.at, zone)}"
    priority = _priority(snapshot.ticket.priority)
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


def _priority(priority: str | None) -> str:
    return "" if priority is None else f", priority {priority}"


def _policy(explained: Explanation, home: str) -> Iterator[str]:
    snapshot = explained.snapshot
    policy = snapshot.policy
    yield f"policy {_named(policy)}"
    if snapshot.opening_rules is not None:
        opened_under = snapshot.opening_rules["policy"]
        yield f"  put in place by a replan; opened under {opened_under['name']} (version {opened_under['version']})"
    if snapshot.ticket.origin is Origin.V1:
        yield "  Scrubbe's policies are chosen by priority"
    if snapshot.matching is None:
        yield "  why it was chosen was not recorded when the ticket opened"
    else:
        yield from _matching(snapshot.matching)
    for change in explained.changes:
        yield from _change(change, home)
    yield from _more(explained.changes_in_all - len(explained.changes), "earlier changes", "  ")


def _named(policy: Policy) -> str:
    return f"{policy.name} ({policy.id}, version {policy.version})"


def _matching(record: MatchRecord) -> Iterator[str]:
    if record.conditions_in_all == 0:
        yield "  takes every ticket"
    elif record.match is Match.ALL:
        yield "  chosen because every condition holds"
    else:
        yield "  chosen because one of its conditions holds"
    yield from (f"    {spoken_condition(one)}" for one in record.conditions)
    yield from _more(record.conditions_in_all - len(record.conditions), "conditions")
    if record.above:
        yield "  asked before it"
    for passed in record.above:
        yield from _passed(passed)
    yield from _more(record.above_in_all - len(record.above), "policies")


def _passed(passed: PassedPolicy) -> Iterator[str]:
    name = f"    {passed.name} ({passed.id}, version {passed.version})"
    if passed.reason == DISABLED:
        yield f"{name}: disabled"
        return
    yield f"{name}: {'fails' if passed.match is Match.ALL else 'none of its conditions holds'}"
    yield from (f"      {spoken_condition(one)}" for one in passed.failed)
    yield from _more(passed.failed_in_all - len(passed.failed), "conditions", "      ")


def _more(count: int, what: str, indent: str = "    ") -> Iterator[str]:
    if count:
        yield f"{indent}and {count} more {what}"


def spoken_condition(one: CheckedCondition) -> str:
    """`fails: priority in urgent; the ticket's is normal`."""
    wanted = "" if one.wanted is MISSING else f" {_value(one.wanted)}"
    actual = "the ticket has no such field" if one.actual is MISSING else f"the ticket's is {_value(one.actual)}"
    return f"{'holds' if one.holds else 'fails'}: {one.field} {one.operator}{wanted}; {actual}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value)
    return json.dumps(value) if value is None or isinstance(value, bool) else str(value)


def _change(change: PolicyChange, home: str) -> Iterator[str]:
    in_force = change.in_force
    start = spoken_instant(in_force.start, _zone(in_force.calendar, home))
    if change.matching is None:
        yield f"  from {start} (event {in_force.event_id}) nothing is promised: no policy chooses the ticket any more"
        return
    does = "begins again under" if in_force.restarts else "goes on under"
    yield f"  from {start} (event {in_force.event_id}) {does} {_named(in_force.policy)}{_priority(in_force.priority)}"
    yield from (f"  {line}" for line in _matching(change.matching))


def _clock(explained: Explanation, clock: ExplainedClock, steps: Mapping[str, str], home: str) -> Iterator[str]:
    target, zone = clock.measured.target.as_of(explained.at), _zone(clock.calendar, home)
    totals = clock.trace.totals
    verdict = {True: "met", False: "breached", None: target.state.value}[met(target, explained.at)]
    cycle = "" if target.cycle == 1 else f", cycle {target.cycle}"
    team = "" if target.team_id is None else f", team {target.team_id}"
    superseded = ", superseded" if target.superseded else ""
    excused = "" if target.excuse is None else ", excused"
    yield f"{target.clock_name}{cycle}{team}: {verdict}{superseded}{excused}"
    yield from _excuse(target.excuse, zone)
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
    yield from (f"    {_moment(moment, steps, explained.events, zone)}" for moment in clock.milestones)


def _team_hours(hours: Iterable[TeamHours], home: str) -> Iterator[str]:
    for one in hours:
        team, zone = "the default" if one.team_id is None else f"team {one.team_id}", _zone(one.calendar, home)
        named = f"{one.calendar.id}, version {one.calendar.version}, {zone}"
        yield f"in the hours of {team} ({named}) from {spoken_instant(one.start, zone)}"


_ROLES = {Role.CUSTOMER: "the customer", Role.AGENT: "an agent", Role.BOT: "a bot", Role.SYSTEM: "a system"}


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


def _excuse(excuse: Excuse | None, zone: str) -> Iterator[str]:
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


def _moment(moment: ExplainedMilestone, steps: Mapping[str, str], events: Iterable[ExplainedEvent], zone: str) -> str:
    name, firing = spoken_moment(moment.name, steps), moment.firing
    after = "" if moment.threshold is None else f" at {spoken_length(moment.threshold)}"
    if moment.planned_at is None:
        return f"{name}{after}: not going to happen as it stands"
    planned = f"{name}{after}: planned {spoken_instant(moment.planned_at, zone)}"
    if moment.held_since is not None:
        planned += f" (held since {spoken_instant(moment.held_since, zone)})"
    return f"{planned}, not fired" if firing is None else f"{planned}, {_fired(moment, firing, events, zone)}"


def spoken_moment(name: str, steps: Mapping[str, str]) -> str:
    """An escalation by what it does, its repeats numbered; anything else as people say it."""
    step, _, repeat = name.partition(REPEAT)
    again = f", repeat {repeat}" if repeat else ""
    return f"{steps[step]}{again}" if step in steps else spoken(name)


def _fired(moment: ExplainedMilestone, firing: Firing, events: Iterable[ExplainedEvent], zone: str) -> str:
    line = f"fired {spoken_length(Micros(firing.fired_at - firing.planned_at))} later"
    if moment.quiet:
        line += ", not told: quiet"
    elif firing.skipped:
        line += ", switched off: nobody was told"
    elif firing.delivered_at is not None:
        line += f", delivered {spoken_length(Micros(firing.delivered_at - firing.planned_at))} later"
    else:
        line += ", not delivered"
    line += "".join(f", {_outcome(one)}" for one in firing.outcomes)
    if firing.withdrawn_at is None:
        return line
    event = withdrawing_event((one.event for one in events), firing)
    because = "" if event is None else f" because {spoken_reason(event, zone)}"
    return f"{line}, withdrawn {spoken_instant(firing.withdrawn_at, zone)}{because}"


def _outcome(outcome: Mapping[str, Any]) -> str:
    """`reassign done`, `notify contact told nobody (no address of Tier1 is known)`."""
    because = f" ({outcome['reason']})" if "reason" in outcome else ""
    return f"{outcome['action']} {outcome['outcome']}".replace("_", " ") + because


def _events(explained: Explanation, zone: str) -> Iterator[str]:
    left_out = explained.events_in_all - len(explained.events)
    yield "events" if not left_out else f"events, without the {left_out} earliest"
    yield from (f"  {_event(entry, zone)}" for entry in explained.events)


def _event(entry: ExplainedEvent, zone: str) -> str:
    event = entry.event
    line = f"{spoken_instant(event.occurred_at, zone)}  {event.kind.value} ({event.event_id})"
    notes = {
        "of": "" if event.excuse is None else _excused(event.excuse),
        "by": ", ".join(part for part in (event.actor, event.role) if part),
        "cause": event.cause,
        "team": (event.team_id or "nobody") if event.kind == "assigned" else "",
        "target": event.target or "",
        "reason": event.reason,
    }
    line += ", quiet" if event.quiet else ""
    line += "".join(f", {name} {value}" for name, value in notes.items() if value)
    line += ", covers nothing as it stands" if entry.in_force is False else ""
    delay = "" if entry.delay < SECOND else f", {spoken_length(entry.delay)} later"
    late = ", LATE" if entry.is_late else ""
    ended = "" if entry.ended is None else f"; {_ended(entry.ended, zone)}"
    return f"{line}; received {spoken_instant(event.received_at, zone)}{delay}{late}{ended}"


def _condition(ended: PauseEnded) -> str:
    return "" if ended.condition is None else f" ({ended.condition})"


def _excused(scope: ExcuseScope) -> str:
    cycle = "" if scope.cycle is None else f", cycle {scope.cycle}"
    what = {Covers.BREACH: "the breach of ", Covers.RESULT: "the whole result of ", None: ""}[scope.covers]
    return f"{what}{scope.target}{cycle}"


def _ended(ended: PauseEnded, zone: str) -> str:
    why = {
        EndedBy.UNTIL: "as it said",
        EndedBy.ENDS_WHEN: f"with event {ended.by_event_id}{_condition(ended)}",
        EndedBy.AT_MOST: "because the policy lets no longer pause count",
    }
    return f"ends by itself {spoken_instant(ended.at, zone)}, {why[ended.by]}"
