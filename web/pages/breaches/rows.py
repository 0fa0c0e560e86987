"""A breach as a row. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from domain.instants import Instant
from store.analytics.breaches import MeasuredBreach
from store.analytics.summaries import Names
from web.showing.durations import duration
from web.showing.words import words


@dataclass(frozen=True, slots=True)
class ExcuseRow:
    reason: str
    by: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Row:
    """`overrun` is working time, `wall` wall time; both grow while `stopped_at` is None. `excuse_at` is where it is
    excused, or the excuse taken back."""

    key: str
    instance_id: str
    title: str
    subject: str
    promise: str
    due: Instant
    stopped_at: Instant | None
    overrun: str
    wall: str
    priority: str
    team: str
    policy: str
    excuse: ExcuseRow | None
    excuse_at: str


def row_of(breach: MeasuredBreach, names: Names, people: Mapping[str, str], back: str) -> Row:
    """`back` is the address to come back to."""
    place = {"target": breach.name, "cycle": str(breach.cycle), "back": back}
    said = breach.excuse
    cycle = f" ({breach.cycle})" if breach.cycle > 1 else ""
    return Row(
        key=f"{breach.instance_id}-{breach.target}-{breach.cycle}",
        instance_id=breach.instance_id,
        title=breach.title or breach.subject,
        subject=breach.subject,
        promise=f"{words(breach.target)}{cycle}",
        due=breach.due_at,
        stopped_at=breach.stopped_at,
        overrun=f"+{duration(breach.overrun)}",
        wall=duration(breach.wall_overrun),
        priority=breach.priority or "",
        team=names.teams.get(breach.team_id or "", breach.team_id or ""),
        policy=names.policies.get(breach.policy_id or "", breach.policy_id or ""),
        excuse=None if said is None else ExcuseRow(said.reason, people.get(said.actor, said.actor), said.at),
        excuse_at=f"/breaches/{quote(breach.instance_id, safe='')}/excuse?{urlencode(place)}",
    )
