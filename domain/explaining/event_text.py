"""What happened, and which milestones came of it, as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from domain.explaining.explanation import (
    ExplainedEvent,
    Explanation,
)
from domain.explaining.milestones import ExplainedMilestone
from domain.instants import SECOND, Micros
from domain.plan.measured.pauses import EndedBy, PauseEnded
from domain.plan.milestones import REPEAT
from domain.record.ledger import Firing
from domain.record.notices import spoken
from domain.record.outcomes import CONTACTS
from domain.record.withdrawals import spoken_reason, withdrawing_event
from domain.ticket.excuses import Covers, ExcuseScope
from domain.wording import spoken_instant, spoken_length


def moment_line(
    moment: ExplainedMilestone, steps: Mapping[str, str], events: Iterable[ExplainedEvent], zone: str
) -> str:
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
    """`reassign done`, `notify on call done (Ada Lovelace)`, `notify contact told nobody (Ada has no address)`."""
    names = ", ".join(one["name"] for one in outcome.get(CONTACTS, ()))
    because = f" ({outcome.get('reason') or names})" if "reason" in outcome or names else ""
    return f"{outcome['action']} {outcome['outcome']}".replace("_", " ") + because


def event_lines(explained: Explanation, zone: str) -> Iterator[str]:
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


def ending_text(ended: PauseEnded) -> str:
    return "" if ended.condition is None else f" ({ended.condition})"


def _excused(scope: ExcuseScope) -> str:
    cycle = "" if scope.cycle is None else f", cycle {scope.cycle}"
    what = {Covers.BREACH: "the breach of ", Covers.RESULT: "the whole result of ", None: ""}[scope.covers]
    return f"{what}{scope.target}{cycle}"


def _ended(ended: PauseEnded, zone: str) -> str:
    why = {
        EndedBy.UNTIL: "as it said",
        EndedBy.ENDS_WHEN: f"with event {ended.by_event_id}{ending_text(ended)}",
        EndedBy.AT_MOST: "because the policy lets no longer pause count",
    }
    return f"ends by itself {spoken_instant(ended.at, zone)}, {why[ended.by]}"
