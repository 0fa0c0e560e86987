"""What a list of instances can be narrowed to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, TypedDict, cast

import sqlalchemy as sa

from domain.ids import Kind, SubjectType
from domain.instants import Instant
from domain.plan.status import InstanceStatus
from domain.ticket.conditions.spelling import folded
from store.database.any_of import AnyOf, each, is_any_of
from store.database.types import UtcDateTime, moment, optional_instant
from store.instances.dimensions import are_few, of_values
from store.instances.writing.rows import indexed
from store.schema.tables import instances
from store.schema.tenancy import own


class Filters(TypedDict, total=False):
    """The filters of a list. None does not filter."""

    status: AnyOf[InstanceStatus]
    policy_id: AnyOf[str]
    priority: AnyOf[str]
    subject_type: SubjectType | None
    subject: AnyOf[str]
    kind: AnyOf[Kind]
    policy_name: AnyOf[str]
    team_id: AnyOf[str]
    assignee: AnyOf[str]
    at_risk: bool | None
    is_overdue: bool | None
    excused: bool | None
    due_after: Instant | None
    due_before: Instant | None
    opened_after: Instant | None
    opened_before: Instant | None
    search: str | None
    url: AnyOf[str]
    dimensions: Mapping[str, list[str]] | None


AsOf: TypeAlias = Instant | sa.BindParameter[Any]
"""An instant, or a parameter that stands for one."""
_EARLIEST = {"due_after": instances.c.next_due_at, "opened_after": instances.c.opened_at}
_END = {"due_before": instances.c.next_due_at, "opened_before": instances.c.opened_at}


def are_few_of(conn: sa.Connection, organization: str, filters: Filters) -> bool:
    """Whether the instances are found first and put in order then, since so few match what has an index of its own."""
    if filters.get("subject") is not None or filters.get("url") is not None:
        return True
    dimensions = filters.get("dimensions") or {}
    return any(are_few(conn, of_values(organization, name, values)) for name, values in dimensions.items())


def shown(organization: str | sa.BindParameter[str], few: bool = False) -> sa.ColumnElement[bool]:
    """With `few`, put so that no index of all that is shown serves it."""
    # Written out, because a partial index serves only a statement that repeats its condition.
    recorded = instances.c.snapshot_sequence >= 1 if few else instances.c.snapshot_sequence > sa.literal_column("0")
    return sa.and_(own(instances, organization), recorded)


def conditions(organization: str, filters: Filters, now: Instant) -> Iterator[sa.ColumnElement[bool]]:
    for name, value in filters.items():
        if value is None:
            continue
        if name in _EARLIEST:
            yield _EARLIEST[name] >= moment(cast("Instant", value))
        elif name in _END:
            yield _END[name] < moment(cast("Instant", value))
        elif name in STATES:
            yield STATES[name](now) if value else ~sa.func.coalesce(STATES[name](now), sa.false())
        elif name == "search":
            yield _mentions(str(value))
        elif name == "dimensions":
            yield from _have(organization, cast("Mapping[str, list[str]]", value))
        else:
            yield _is_one_of(name, value, now)


def _is_one_of(name: str, value: Any, now: Instant) -> sa.ColumnElement[bool]:
    if name == "priority":
        return is_any_of(instances.c.priority_key, [folded(one) for one in each(value)])
    column = status_at(now) if name == "status" else instances.c[name]
    return is_any_of(column, [indexed(name, str(one)) for one in each(value)])


def _have(organization: str, dimensions: Mapping[str, list[str]]) -> Iterator[sa.ColumnElement[bool]]:
    for name, values in dimensions.items():
        yield instances.c.id.in_(of_values(organization, name, values))


def _moment(now: AsOf) -> sa.ColumnElement[Any]:
    return sa.literal(moment(now), UtcDateTime()) if isinstance(now, int) else now


def status_at(now: AsOf) -> sa.ColumnElement[str]:
    """The status that lists use, also where nobody has recorded it yet: an open clock whose due has passed is breached,
    and a pause that ends by itself is over."""
    passed = instances.c.next_due_at <= _moment(now)
    status = instances.c.status
    resumed = sa.and_(status == InstanceStatus.PAUSED.value, instances.c.resumes_at <= _moment(now))
    return sa.case((passed, InstanceStatus.BREACHED.value), (resumed, InstanceStatus.ACTIVE.value), else_=status)


def _is_overdue(now: AsOf) -> sa.ColumnElement[bool]:
    return instances.c.runs_out_at <= _moment(now)


def _is_at_risk(now: AsOf) -> sa.ColumnElement[bool]:
    return sa.and_(instances.c.runs_out_at > _moment(now), instances.c.at_risk_from <= _moment(now))


def _is_excused(now: AsOf) -> sa.ColumnElement[bool]:
    return instances.c.excused_until > _moment(now)


STATES = {"is_overdue": _is_overdue, "at_risk": _is_at_risk, "excused": _is_excused}
"""What is so as of an instant; null where no clock runs, or nothing is excused."""


def is_so(name: str, row: Any, now: Instant) -> bool:
    """The same of a row that is read."""
    if name == "excused":
        until = optional_instant(row.excused_until)
        return until is not None and until > now
    runs_out_at, at_risk_from = optional_instant(row.runs_out_at), optional_instant(row.at_risk_from)
    if runs_out_at is None:
        return False
    return runs_out_at <= now if name == "is_overdue" else now < runs_out_at and (at_risk_from or runs_out_at) <= now


def _mentions(text: str) -> sa.ColumnElement[bool]:
    """Whether the ticket's subject line or id has the text in it, in whatever case."""
    return sa.or_(*(column.icontains(text, autoescape=True) for column in (instances.c.title, instances.c.subject)))
