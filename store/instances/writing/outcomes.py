"""The rows that analytics count: how each clock of an instance ends, as planned by its newest record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Any

import sqlalchemy as sa

from domain.ids import InstanceId
from domain.instants import Instant, parse_optional
from domain.plan.plans import TargetPlan
from domain.policy.clocks.clocks import ClockState
from domain.record.records import Record
from store.database.plain import run_each
from store.database.types import holdable, moment
from store.database.upserts import replace
from store.instances.writing.rows import HeldRow, key_of
from store.instances.writing.traits import Traits, find_traits
from store.schema.tables import instance_targets
from store.schema.tenancy import OF_INSTANCE, OF_ORGANIZATION, own

MET = "met"
BREACHED = "breached"
CANCELLED = "cancelled"
EXCUSED = "excused"
OUTCOMES = (MET, BREACHED, CANCELLED, EXCUSED)

_OUTCOMES: Mapping[ClockState, str] = {ClockState.STOPPED: MET, ClockState.CANCELLED: CANCELLED}


_KEY = {"instance_id": OF_INSTANCE, "name": sa.bindparam("of_name"), "cycle": sa.bindparam("of_cycle")}
_DELETE = sa.delete(instance_targets).where(own(instance_targets, OF_ORGANIZATION, **_KEY))


@dataclass(frozen=True, slots=True)
class _Clock:
    """The document of a clock, when the clock before it ended, and the promise by which it is judged."""

    document: Mapping[str, Any]
    previous_at: str | None
    policy_id: str | None
    priority: str | None


def replace_targets(conn: sa.Connection, record: Record, held: HeldRow, newer: Mapping[str, Any]) -> None:
    """Replace the clocks of an instance by those of its row's new plan. Rows that stay the same are not touched.

    `newer` are the columns of the instance's row that have just changed. The caller must hold that row.
    """
    if not newer.keys() & {"plan", "snapshot"}:
        return
    documents = [] if held.plan is None else json.loads(held.plan)["targets"]
    planned = record.plan["targets"] if record.plan is not None and "plan" in newer else documents
    before = _clocks(documents, held.opening)
    # Clocks mostly keep their places, so few documents have to be read.
    differing = [
        pair for pair in zip_longest(before, _clocks(planned, newer.get("opening", held.opening))) if pair[0] != pair[1]
    ]
    old, new = _by_key(clock for clock, _ in differing), _by_key(clock for _, clock in differing)
    _write(conn, record, [pair for key, pair in new.items() if old.get(key) != pair])
    gone = sorted(old.keys() - new.keys())
    run_each(conn, _DELETE, [{**key_of(record), "of_name": name, "of_cycle": cycle} for name, cycle in gone])


def _clocks(documents: Sequence[Mapping[str, Any]], opening: Mapping[str, Any] | None) -> list[_Clock]:
    ended = [(document["breached_at"] or document["stopped_at"], place) for place, document in enumerate(documents)]
    in_order = sorted(end for end in ended if end[0] is not None)
    previous = {after[1]: before[0] for before, after in pairwise(in_order)}
    return [_Clock(one, previous.get(place), *_judged_by(one, opening)) for place, one in enumerate(documents)]


def _judged_by(document: Mapping[str, Any], opening: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """Policy and priority of the promise by which a clock is judged."""
    if (changed := document.get("breached_under") or document.get("policy")) is not None:
        return changed["id"], changed["priority"]
    return (None, None) if opening is None else (opening["policy_id"], opening["priority"])


def _by_key(clocks: Iterable[_Clock | None]) -> dict[tuple[str, int], tuple[TargetPlan, _Clock]]:
    targets = [(TargetPlan.from_json(clock.document), clock) for clock in clocks if clock is not None]
    return {(target.name, target.cycle): (target, clock) for target, clock in targets}


def _write(conn: sa.Connection, record: Record, changed: Sequence[tuple[TargetPlan, _Clock]]) -> None:
    rows = [
        _row(record, target) | {"previous_at": moment(parse_optional(clock.previous_at))} for target, clock in changed
    ]
    traits = [_traits(record, row, clock) for row, (_, clock) in zip(rows, changed, strict=True)]
    ids = find_traits(conn, traits)
    replace(conn, instance_targets, [{**row, "traits": ids[of]} for row, of in zip(rows, traits, strict=True)])


def _traits(record: Record, row: Mapping[str, Any], clock: _Clock) -> Traits:
    kind = InstanceId.parse(record.instance_id).kind.value
    return Traits(
        record.organization, kind, row["type"], clock.priority or "", clock.policy_id or "", row["team_id"] or ""
    )


def _row(record: Record, target: TargetPlan) -> dict[str, Any]:
    came_to, outcome_at = _outcome(target)
    excused = target.excuse is not None and came_to is not None
    stopped = target.stopped_at is not None
    return {
        "organization": record.organization,
        "instance_id": record.instance_id,
        "name": target.name,
        "cycle": target.cycle,
        "type": target.type,
        "team_id": None if target.team_id is None else holdable(target.team_id),
        "started_at": moment(target.started_at),
        "due_at": moment(target.due_at),
        "stopped_at": moment(target.stopped_at),
        "outcome": EXCUSED if excused else came_to,
        "outcome_at": moment(outcome_at),
        "worked_when_due": target.used_before_overrun,
        "worked": target.used if stopped else None,
        "lasted": _lasted(target),
        "paused": target.paused_for,
        "excused": None if target.excuse is None else target.excuse.covers.value,
        "came_to": came_to if excused else None,
    }


def _outcome(target: TargetPlan) -> tuple[str | None, Instant | None]:
    """The outcome of a clock and its instant. A breach may lie ahead; the clock is undecided until then."""
    if target.breached_at is not None:
        return BREACHED, target.breached_at
    return _OUTCOMES.get(target.state), target.stopped_at


def _lasted(target: TargetPlan) -> int | None:
    if target.stopped_at is None or target.started_at is None:
        return None
    return target.stopped_at - target.started_at
