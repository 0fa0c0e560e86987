"""How each clock of an instance ends as its newest record plans it: the rows that analytics count."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import Any

import sqlalchemy as sa

from domain.clocks import ClockState
from domain.instants import Instant
from domain.plans import TargetPlan
from domain.records import Record
from store.plain import run_each
from store.rows import Held
from store.tables import instance_targets
from store.types import holdable, moment
from store.upserts import replace

MET = "met"
BREACHED = "breached"
CANCELLED = "cancelled"

_OUTCOMES: Mapping[ClockState, str] = {ClockState.STOPPED: MET, ClockState.CANCELLED: CANCELLED}


_ONE = sa.and_(
    instance_targets.c.organization == sa.bindparam("of_organization"),
    instance_targets.c.instance_id == sa.bindparam("of_instance"),
    instance_targets.c.name == sa.bindparam("of_name"),
    instance_targets.c.cycle == sa.bindparam("of_cycle"),
)
_DELETE = sa.delete(instance_targets).where(_ONE)


def replace_targets(conn: sa.Connection, record: Record, held: Held) -> None:
    """The clocks of the record's plan in place of those of the plan before; rows that stay the same are not touched.

    To be called by whoever holds the instance's row, once its plan is that of the record.
    """
    documents = json.loads(held.plan)["targets"] if held.plan is not None else []
    planned = record.plan["targets"] if record.plan is not None else []
    # Clocks keep their places, mostly, so that few documents have to be read.
    differing = [pair for pair in zip_longest(documents, planned) if pair[0] != pair[1]]
    old = _by_key(document for document, _ in differing)
    new = _by_key(document for _, document in differing)
    changed = [target for key, target in new.items() if old.get(key) != target]
    replace(conn, instance_targets, [_row(record, target) for target in changed])
    own = {"of_organization": record.organization, "of_instance": record.instance_id}
    gone = sorted(old.keys() - new.keys())
    run_each(conn, _DELETE, [{**own, "of_name": name, "of_cycle": cycle} for name, cycle in gone])


def _by_key(documents: Iterable[Mapping[str, Any] | None]) -> dict[tuple[str, int], TargetPlan]:
    targets = [TargetPlan.from_json(document) for document in documents if document is not None]
    return {(target.name, target.cycle): target for target in targets}


def _row(record: Record, target: TargetPlan) -> dict[str, Any]:
    outcome, outcome_at = _outcome(target)
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
        "outcome": outcome,
        "outcome_at": moment(outcome_at),
        "budget": target.budget,
        "worked": target.used if stopped else None,
        "lasted": _lasted(target),
        "paused": target.paused_for,
    }


def _outcome(target: TargetPlan) -> tuple[str | None, Instant | None]:
    """A breach may lie ahead: such a clock is undecided until then."""
    if target.breached_at is not None:
        return BREACHED, target.breached_at
    return _OUTCOMES.get(target.state), target.stopped_at


def _lasted(target: TargetPlan) -> int | None:
    if target.stopped_at is None or target.started_at is None:
        return None
    return target.stopped_at - target.started_at
