"""What breaches may be sorted by: what their rows hold, and by how much they are over, which the core measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.ids import SubjectType
from domain.instants import Micros
from store.analytics.queries import INSTANCES, TARGETS, TRAITS, Scope
from store.lists.in_memory import InMemory
from store.lists.keys import Key
from store.lists.listed import Sorting
from store.schema.tables import instance_targets, policies, target_traits, teams
from store.schema.tenancy import own

NEWEST_DUE_FIRST = "-due_at"
KEY = (TARGETS.instance_id, TARGETS.name, TARGETS.cycle)
_APART = tuple(Key(column, may_be_absent=False) for column in KEY)


def _name_of(table: sa.Table, id_: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    these = own(table, TARGETS.organization, id=id_)
    return sa.select(table.c.name).where(these).correlate(instance_targets, target_traits).scalar_subquery()


# An empty text is none.
_POLICY, _PRIORITY = (sa.func.nullif(column, "", type_=column.type) for column in (TRAITS.policy_id, TRAITS.priority))
_COLUMNS = {
    "stopped_at": Key(TARGETS.stopped_at),
    "instance_id": _APART[0],
    **{
        f"{type_}_id": Key(sa.case((INSTANCES.subject_type == type_.value, INSTANCES.subject))) for type_ in SubjectType
    },
    "target": Key(TARGETS.name, may_be_absent=False),
    "policy_id": Key(_POLICY),
    "policy_name": Key(_name_of(policies, TRAITS.policy_id)),
    "team_id": Key(TARGETS.team_id),
    "team_name": Key(_name_of(teams, TARGETS.team_id)),
    "priority": Key(_PRIORITY),
}


def sorting(scope: Scope) -> Sorting:
    """By what the rows of the scope hold."""
    columns = {"due_at": Key(scope.ended, may_be_absent=False), **_COLUMNS}
    return Sorting(columns, NEWEST_DUE_FIRST, _APART)


@dataclass(frozen=True, slots=True)
class Measured:
    """A breach as of now, by its key: the instance, the clock and its cycle. See `MeasuredBreach`."""

    key: tuple[str, str, int]
    overrun: Micros
    wall_overrun: Micros


# No statement knows the working time of a clock that still runs: all breaches are measured, and sorted at hand.
BY_OVERRUN: InMemory[Measured] = InMemory(
    {"overrun_seconds": lambda one: one.overrun, "overrun_calendar_seconds": lambda one: one.wall_overrun},
    "overrun_seconds",
    lambda one: " ".join(map(str, one.key)),
)


@dataclass(frozen=True, slots=True)
class BreachSorts:
    sortable: tuple[str, ...] = ("due_at", *_COLUMNS, *BY_OVERRUN.sortable)
    first: str = NEWEST_DUE_FIRST
    searched: tuple[str, ...] = ()


BREACH_SORTS = BreachSorts()
"""All of it, for clients."""
