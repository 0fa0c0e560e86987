"""The row of an instance. A transaction that writes a step holds it; it moves forward and never back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from domain.errors import PlanMissing
from domain.ids import InstanceId
from domain.instants import Instant, parse
from domain.plan.facts import PolicyFacts
from domain.plan.plans import Plan, TargetPlan, latest_policy
from domain.plan.status import at_risk_from, excused_until, runs_out_at
from domain.policy.clocks.clocks import ClockState
from domain.policy.snapshot_facts import Facts
from domain.record.records import FIRST, Record
from domain.ticket.conditions.spelling import folded
from domain.ticket.tickets import Ticket
from store.database.plain import read_all, run
from store.database.types import Serialised, holdable, moment, serialise
from store.database.upserts import insert_new
from store.schema.tables import instances
from store.schema.tenancy import OF_INSTANCE, OF_ORGANIZATION, own

_LONGEST = {"team_id": 200, "assignee": 200, "url": 500}
POLICY = "policy"
"""The key of a target in a plan under which its policy stands, where that is not the policy of the opening."""
_KEY = own(instances, OF_ORGANIZATION, id=OF_INSTANCE)
# Other transactions wait here for the commit of the one that holds the row.
_HELD = (
    sa.select(
        instances.c.sequence,
        instances.c.snapshot_sequence,
        instances.c.opening,
        instances.c.plan_digest,
        sa.cast(instances.c.plan, sa.Text).label("plan"),
    )
    .where(_KEY)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class HeldRow:
    """What the row held before: the sequences of it and of its snapshot, the facts of the opening, and its plan.
    Without a plan it is new."""

    sequence: int = 0
    snapshot_sequence: int = 0
    opening: Mapping[str, Any] | None = None
    plan_digest: str = ""
    plan: str | None = None

    @property
    def is_new(self) -> bool:
        return self.plan is None


@dataclass(frozen=True, slots=True)
class Parts:
    """The columns that a record sets, by the part of the row to which they belong."""

    current: Mapping[str, Any]
    plan: Mapping[str, Any] | None
    snapshot: Mapping[str, Any] | None

    @classmethod
    def of(cls, record: Record, recorded_at: Any) -> Parts:
        """The columns of a record. Documents are serialised here, before the row is held."""
        current = {
            "status": record.status.value,
            "closed_at": moment(record.closed_at),
            "next_due_at": moment(record.next_due_at),
            "next_milestone_at": moment(record.next_milestone_at),
            "ongoing": record.ongoing,
            "sequence": record.sequence,
            "set_aside": dict(record.set_aside),
            "recorded_at": recorded_at,
        }
        return cls(current, _plan_columns(record), _snapshot_columns(record))

    def since(self, held: HeldRow) -> dict[str, Any]:
        """The columns that are newer than those of the row, and differ from them."""
        newer: dict[str, Any] = {}
        if self.current["sequence"] > held.sequence:
            newer |= self.current
            if self.plan is not None and self.plan["plan"] != held.plan:
                newer |= self.plan
        if self.snapshot is not None and self.snapshot["snapshot_sequence"] > held.snapshot_sequence:
            newer |= self.snapshot
        if newer.keys() & {"plan", "opening"}:
            newer |= promise_in_force(newer.get("plan", held.plan), newer.get("opening", held.opening))
        return newer


def promise_in_force(plan: str | None, opening: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The columns of the promise in force: that of the opening, unless a change of the ticket has put another there."""
    # Few tickets change theirs, and reading a plan costs more than looking into it.
    changed = None if plan is None or f'"{POLICY}": {{' not in plan else _changed_policy(json.loads(plan))
    if changed is not None:
        return _promise(changed.id, changed.name, changed.priority)
    return _promise(**opening) if opening is not None else _NO_PROMISE


def _promise(policy_id: str | None, policy_name: str | None, priority: str | None) -> Mapping[str, Any]:
    return {
        "policy_id": policy_id,
        "policy_name": policy_name,
        "priority": priority,
        "priority_key": None if priority is None else folded(priority),
    }


def _changed_policy(plan: Mapping[str, Any]) -> PolicyFacts | None:
    found = [PolicyFacts.from_json(target[POLICY]) for target in plan["targets"] if POLICY in target]
    return latest_policy(found, plan.get("versions"))


def _plan_columns(record: Record) -> Mapping[str, Any] | None:
    if record.plan is None:
        return None
    plan = Plan(parse(record.plan["opened_at"]), tuple(_open(record.plan)))
    return {
        "plan": Serialised(serialise(record.plan)),
        "plan_digest": record.plan_digest,
        "opened_at": moment(plan.opened_at),
        "resumes_at": moment(_resumes_at(record.plan)),
        "runs_out_at": moment(runs_out_at(plan)),
        "at_risk_from": moment(at_risk_from(plan)),
        "excused_until": moment(_excused_until(record.plan)),
    }


def _resumes_at(plan: Mapping[str, Any]) -> Instant | None:
    return min((parse(target["resumes_at"]) for target in plan["targets"] if "resumes_at" in target), default=None)


def _excused_until(plan: Mapping[str, Any]) -> Instant | None:
    # Few plans have an excuse, and only those are read.
    return excused_until(Plan.from_json(plan)) if any("excuse" in target for target in plan["targets"]) else None


def _open(plan: Mapping[str, Any]) -> Iterator[TargetPlan]:
    """The clocks that run or are paused: few of all, and only those are read."""
    states = (ClockState.RUNNING, ClockState.PAUSED)
    return (TargetPlan.from_json(one) for one in plan["targets"] if one["state"] in states)


def _snapshot_columns(record: Record) -> Mapping[str, Any] | None:
    if record.snapshot is None:
        return None
    facts, ticket = Facts.of(record.snapshot), Ticket.from_json(record.snapshot["ticket"], "snapshot.ticket")
    return {
        "opening": {"policy_id": facts.policy_id, "policy_name": facts.policy_name, "priority": facts.priority},
        "snapshot": Serialised(serialise(record.snapshot)),
        "snapshot_sequence": record.sequence,
        **ticket_columns(ticket),
    }


def ticket_columns(ticket: Ticket) -> dict[str, Any]:
    columns = {"title": ticket.title, "team_id": ticket.team_id, "assignee": ticket.assignee, "url": ticket.url}
    return {name: None if text is None else indexed(name, text) for name, text in columns.items()}


def indexed(name: str, text: str) -> str:
    """What the column of this name holds of a text: no index takes one of any length."""
    return holdable(text)[: _LONGEST.get(name)]


def hold(conn: sa.Connection, record: Record, parts: Parts) -> HeldRow:
    """Hold the row of an instance until the commit. If there is none, it is made of this record.

    A row that exists is not changed yet. Raises PlanMissing for a record without a plan if there is no row.
    """
    # Most first steps find no row; most other steps find one.
    for is_expected in (record.sequence != FIRST, True):
        if is_expected and (found := _find(conn, record)) is not None:
            return found
        if _insert(conn, record, parts):
            return HeldRow()
    found = _find(conn, record)
    assert found is not None, "nobody removes the row of an instance"
    return found


def require_plan(record: Record, held: HeldRow) -> None:
    """Raises PlanMissing for the newest record if it comes without its plan and the row has another plan."""
    if record.plan is None and record.sequence > held.sequence and record.plan_digest != held.plan_digest:
        raise _plan_missing(record)


def move(conn: sa.Connection, record: Record, held: HeldRow, newer: Mapping[str, Any]) -> None:
    if newer and not held.is_new:
        values = {f"to_{name}": value for name, value in newer.items()}
        run(conn, _moving(frozenset(newer)), {**key_of(record), **values})


def _find(conn: sa.Connection, record: Record) -> HeldRow | None:
    found = read_all(conn, _HELD, key_of(record))
    return HeldRow(*found[0]) if found else None


def _insert(conn: sa.Connection, record: Record, parts: Parts) -> bool:
    if parts.plan is None:
        raise _plan_missing(record)
    instance = InstanceId.parse(record.instance_id)
    identity = {
        "organization": record.organization,
        "id": record.instance_id,
        "kind": instance.kind.value,
        "subject_type": instance.subject_type.value,
        "subject": instance.subject,
    }
    return insert_new(conn, instances, {**identity, **_NO_SNAPSHOT, **parts.since(HeldRow())})


def _plan_missing(record: Record) -> PlanMissing:
    return PlanMissing(f"step {record.sequence} of {record.instance_id} came without its plan")


_NO_SNAPSHOT: Mapping[str, Any] = {
    "opening": None,
    "snapshot": None,
    "snapshot_sequence": 0,
    "ticket": None,
    **dict.fromkeys(("title", "team_id", "assignee", "url")),
}
_NO_PROMISE: Mapping[str, Any] = dict.fromkeys(("policy_id", "policy_name", "priority", "priority_key"))


def key_of(record: Record) -> dict[str, Any]:
    """The values of `OF_ORGANIZATION` and `OF_INSTANCE`."""
    return {"of_organization": record.organization, "of_instance": record.instance_id}


@cache
def _moving(columns: frozenset[str]) -> sa.Update:
    values: dict[str, Any] = {name: sa.bindparam(f"to_{name}") for name in sorted(columns)}
    return sa.update(instances).where(_KEY).values(values)
