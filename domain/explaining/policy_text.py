"""Which policy a ticket is under and why, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from domain.explaining.explanation import (
    Explanation,
    PolicyChange,
)
from domain.policy.match_record import DISABLED, CheckedCondition, MatchRecord, PassedPolicy
from domain.policy.policies import Policy
from domain.policy.snapshot import CalendarVersion
from domain.ticket.conditions.conditions import MISSING, Match
from domain.ticket.conditions.wording import comparison, said
from domain.ticket.origins import Origin
from domain.wording import spoken_instant


def zone_of(version: CalendarVersion, home: str) -> str:
    return home if version.id is None else version.calendar.timezone


def priority_text(priority: str | None) -> str:
    return "" if priority is None else f", priority {priority}"


def policy_lines(explained: Explanation, home: str) -> Iterator[str]:
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
        yield from change_lines(change, home)
    yield from more_line(explained.changes_in_all - len(explained.changes), "earlier changes", "  ")


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
    yield from more_line(record.conditions_in_all - len(record.conditions), "conditions")
    if record.above:
        yield "  asked before it"
    for passed in record.above:
        yield from _passed(passed)
    yield from more_line(record.above_in_all - len(record.above), "policies")


def _passed(passed: PassedPolicy) -> Iterator[str]:
    name = f"    {passed.name} ({passed.id}, version {passed.version})"
    if passed.reason == DISABLED:
        yield f"{name}: disabled"
        return
    yield f"{name}: {'fails' if passed.match is Match.ALL else 'none of its conditions holds'}"
    yield from (f"      {spoken_condition(one)}" for one in passed.failed)
    yield from more_line(passed.failed_in_all - len(passed.failed), "conditions", "      ")


def more_line(count: int, what: str, indent: str = "    ") -> Iterator[str]:
    if count:
        yield f"{indent}and {count} more {what}"


def spoken_condition(one: CheckedCondition) -> str:
    """`priority is urgent does not hold: the ticket has normal`."""
    holds = "" if one.holds else " does not hold"
    has = f"the ticket has no field {one.field}" if one.actual is MISSING else f"the ticket has {said(one.actual)}"
    return f"{comparison(one.field, one.operator, one.wanted)}{holds}: {has}"


def change_lines(change: PolicyChange, home: str) -> Iterator[str]:
    in_force = change.in_force
    start = spoken_instant(in_force.start, zone_of(in_force.calendar, home))
    if change.matching is None:
        yield f"  from {start} (event {in_force.event_id}) nothing is promised: no policy chooses the ticket any more"
        return
    does = "begins again under" if in_force.restarts else "goes on under"
    what = f"{_named(in_force.policy)}{priority_text(in_force.priority)}"
    yield f"  from {start} (event {in_force.event_id}) {does} {what}"
    yield from (f"  {line}" for line in _matching(change.matching))
