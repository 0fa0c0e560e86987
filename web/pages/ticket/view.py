"""A ticket as it is shown: what it is, why its policy, what happened. The clocks are in `clocks.py`. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.explaining import Explanation
from domain.explaining.explanation import ExplainedEvent
from domain.explaining.policy_text import spoken_condition
from domain.instants import SECOND, Instant
from domain.plan.status import InstanceStatus, instance_status, is_at_risk, is_excused, is_overdue
from domain.policy.match_record import DISABLED, MatchRecord
from domain.policy.policies import Policy
from domain.record.views import policy_in_force
from domain.ticket.conditions.conditions import Match
from web.pages.deliveries.rows import Row, rows_of
from web.pages.ticket.clocks import ClockView, clock_views
from web.pages.ticket.reading import FoundTicket
from web.showing.durations import duration
from web.showing.instants import moment
from web.showing.words import link, words

MOST_STEPS = 100


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a policy was, or was not, chosen: a sentence and its conditions."""

    policy: str
    sentence: str
    conditions: Sequence[str]


@dataclass(frozen=True, slots=True)
class Why:
    chosen: Reason
    passed: Sequence[Reason]
    left_out: int


@dataclass(frozen=True, slots=True)
class EventRow:
    at: Instant
    what: str
    who: str
    notes: str
    is_late: bool


@dataclass(frozen=True, slots=True)
class AsOf:
    """The slider, in seconds since 1970, of a hundred steps at most, the last of which is now."""

    first: int
    last: int
    step: int
    value: int
    shown: Instant | None
    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class TicketView:
    id: str
    subject: str
    title: str
    url: str | None
    word: str
    kind: str
    notes: Sequence[str]
    policy: str
    priority: str
    team: str
    assignee: str
    opened: Instant
    closed: Instant | None
    clocks: Sequence[ClockView]
    earlier_clocks: Sequence[ClockView]
    why: Why | None
    changes: Sequence[tuple[Instant, Why | None, str]]
    events: Sequence[EventRow]
    events_left_out: int
    as_of: AsOf
    is_open: bool
    is_paused: bool
    excusable: Sequence[tuple[str, str]]


def ticket_view(found: FoundTicket, organization: str, now: Instant, zone: str) -> TicketView:
    explained, ticket = found.explained, found.ticket
    plan, names = explained.plan, dict(found.teams)
    word, kind = _status(explained)

    def told(notice_id: str) -> Sequence[Row]:
        return rows_of(found.deliveries.get(notice_id, ()), found.names)

    clocks = clock_views(explained, told, organization, zone)
    newest = {one.target: one for one in clocks}
    facts = policy_in_force(explained.snapshot, plan)
    return TicketView(
        id=str(ticket.instance),
        subject=ticket.instance.subject,
        title=ticket.title or f"{words(ticket.instance.subject_type.value)} {ticket.instance.subject}",
        url=link(ticket.url),
        word=word,
        kind=kind,
        notes=list(_notes(explained)),
        policy=f"{facts.name} (version {facts.version})",
        priority=facts.priority or "none",
        team=names.get(ticket.team_id or "", ticket.team_id or "nobody"),
        assignee=ticket.assignee or "",
        opened=plan.opened_at,
        closed=plan.closed_at,
        clocks=list(newest.values()),
        earlier_clocks=[one for one in clocks if newest[one.target] is not one],
        why=_why(explained.snapshot.policy, explained.snapshot.matching),
        changes=[
            (one.in_force.start, _why(one.in_force.policy, one.matching), one.in_force.policy.name)
            for one in explained.changes
        ],
        events=[_event(one, names, zone, now) for one in reversed(explained.events)],
        events_left_out=explained.events_in_all - len(explained.events),
        as_of=_as_of(explained, found.as_of, now),
        is_open=plan.closed_at is None,
        is_paused=any(one.word == "paused" for one in clocks),
        excusable=[(one.target, one.name) for one in newest.values() if one.is_breached and not one.excuse],
    )


def _status(explained: Explanation) -> tuple[str, str]:
    plan, at = explained.plan, explained.at
    status = instance_status(plan, at)
    if is_overdue(plan, at):
        return "breached and open", "bad"
    if is_at_risk(plan, at):
        return "at risk", "warn"
    kinds = {InstanceStatus.BREACHED: "bad", InstanceStatus.MET: "good"}
    return status.value, kinds.get(status, "idle")


def _notes(explained: Explanation) -> Iterator[str]:
    if is_excused(explained.plan, explained.at):
        yield "Excused: what was broken counts in no rate."
    if not explained.is_complete:
        yield "Not everything that happened is recorded yet."
    if explained.agrees is False:
        yield "The recorded plan differs from the one that follows from the events; see the time zone database."


def _why(policy: Policy, record: MatchRecord | None) -> Why | None:
    if record is None:
        return None
    if record.conditions_in_all == 0:
        sentence = "takes every ticket"
    else:
        sentence = "every condition holds" if record.match is Match.ALL else "one of its conditions holds"
    chosen = Reason(
        f"{policy.name} (version {policy.version})", sentence, list(map(spoken_condition, record.conditions))
    )
    passed = [
        Reason(
            f"{one.name} (version {one.version})",
            "is switched off"
            if one.reason == DISABLED
            else ("a condition fails" if one.match is Match.ALL else "none of its conditions holds"),
            list(map(spoken_condition, one.failed)),
        )
        for one in record.above
    ]
    return Why(chosen, passed, record.above_in_all - len(record.above))


def _event(entry: ExplainedEvent, teams: Mapping[str, str], zone: str, now: Instant) -> EventRow:
    event = entry.event
    team = event.team_id or ""
    notes = {
        "for": event.cause if event.cause != event.reason else "",
        "to": teams.get(team, team or "nobody") if event.kind == "assigned" else "",
        "of": words(event.target or (event.excuse.target if event.excuse else "") or ""),
        "because": event.reason,
        "told": f"{duration(entry.delay)} later" if entry.delay >= 60 * SECOND else "",
        "ended by itself": "" if entry.ended is None else moment(entry.ended.at, zone, now),
        "quiet:": "nobody was told" if event.quiet else "",
    }
    who = ", ".join(part for part in (event.actor, event.role.value if event.role else "") if part)
    said = "; ".join(f"{name} {value}" for name, value in notes.items() if value)
    return EventRow(event.occurred_at, words(event.kind.value), who or event.source, said, entry.is_late)


def _as_of(explained: Explanation, shown: Instant | None, now: Instant) -> AsOf:
    at, last = now if shown is None else shown, now // SECOND
    moments = sorted({entry.event.received_at // SECOND + 1 for entry in explained.events})
    # Before its opening was told nothing was known of it, however long it had been open.
    is_whole = len(moments) > 0 and explained.events_in_all == len(explained.events)
    known = moments[0] if is_whole else explained.plan.opened_at // SECOND + 1
    step = max(1, -(-(last - known) // MOST_STEPS))
    before = [one for one in moments if one < at // SECOND]
    return AsOf(
        first=last - max(0, last - known) // step * step,
        last=last,
        step=step,
        value=at // SECOND,
        shown=shown,
        earlier=str(before[-1]) if before else "",
        later="",
    )
