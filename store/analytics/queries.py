"""The statements behind analytics. Each finds clocks by the instant at which they ended, on an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from domain.analytics.buckets import Bucket
from domain.ids import Kind
from domain.instants import Instant
from domain.ticket.conditions.spelling import folded
from domain.ticket.origins import Origin
from store.database.any_of import AnyOf, each, is_any_of
from store.database.types import Document, UtcDateTime, moment
from store.database.urls import SQLITE
from store.instances.dimensions import are_few, of_values
from store.instances.filters import Filters, conditions, shown
from store.instances.writing.outcomes import BREACHED, EXCUSED, MET, OUTCOMES
from store.instances.writing.rows import indexed
from store.schema.tables import COUNTED, instance_targets, instances, policies, target_traits
from store.schema.tenancy import own

TARGETS = instance_targets.c
TRAITS = target_traits.c
INSTANCES = instances.c
WITH_TRAITS = instance_targets.join(target_traits, TARGETS.traits == TRAITS.id)
WITH_INSTANCES = WITH_TRAITS.join(instances, own(instances, TARGETS.organization, id=TARGETS.instance_id))
"""The rows of instances are long: they are read only if an answer needs them."""
NUMBER = sa.func.count().label("number")


@dataclass(frozen=True, slots=True)
class Scope:
    """Which clocks count: those of the organization that match every value that is not None.

    `policy_id` and `priority` are those of the promise that a clock was measured by. The clocks of one instance may
    differ in them, where a change of the ticket has put another promise in force. `assignee` and `dimensions` are those
    of the ticket as it is now.
    """

    organization: str
    kind: Kind
    policy_id: AnyOf[str] = None
    priority: AnyOf[str] = None
    team_id: AnyOf[str] = None
    type: AnyOf[str] = None
    origin: Origin | None = None
    assignee: AnyOf[str] = None
    dimensions: Mapping[str, list[str]] = field(default_factory=dict)
    few: bool = False
    """Whether the tickets are so few that their clocks are found by them, and not by when they ended (see `sized`)."""

    @property
    def is_of_instances(self) -> bool:
        """Whether the scope has either all clocks of an instance or none."""
        return self.type is self.team_id is self.policy_id is self.priority is None

    @property
    def tickets(self) -> list[sa.ColumnElement[bool]]:
        """What the tickets have to be now."""
        return [TARGETS.instance_id.in_(these) for these in self.instance_ids]

    # Expressions, because SQLite would go along the indexes of these columns.
    @property
    def ended(self) -> sa.ColumnElement[Any]:
        # What is open is in no report, so its due never shows; the index of what has ended does not hold it.
        return sa.func.coalesce(TARGETS.outcome_at, TARGETS.due_at) if self.few else TARGETS.outcome_at

    @property
    def traits_of_targets(self) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(TARGETS.traits, TARGETS.traits) if self.few else TARGETS.traits

    @property
    def instance_ids(self) -> list[sa.Select[Any]]:
        found = [of_values(self.organization, name, values) for name, values in self.dimensions.items()]
        if self.assignee is not None:
            theirs = is_any_of(INSTANCES.assignee, [indexed("assignee", one) for one in each(self.assignee)])
            found.append(sa.select(INSTANCES.id).where(shown(self.organization), theirs).correlate(None))
        return found

    @property
    def instances(self) -> sa.ColumnElement[bool]:
        """The instances with such clocks, whatever the types of these: `policy_id` and `priority` are those of the
        promise in force, `team_id` is that of the ticket as it is now."""
        narrow: Mapping[str, Any] = {"policy_id": self.policy_id, "priority": self.priority, "team_id": self.team_id}
        given = conditions(self.organization, cast("Filters", {**narrow, "kind": self.kind}), Instant(0))
        tickets = [INSTANCES.id.in_(these) for these in self.instance_ids]
        return sa.and_(shown(self.organization, self.few), *given, *tickets)

    @property
    def traits(self) -> sa.ColumnElement[bool]:
        narrow = {
            TRAITS.policy_id: self.policy_id,
            TRAITS.priority_key: None if self.priority is None else [folded(one) for one in each(self.priority)],
            TRAITS.team_id: self.team_id,
            TRAITS.type: self.type,
        }
        given = [is_any_of(column, value) for column, value in narrow.items() if value is not None]
        if self.origin is not None:
            given.append(TRAITS.policy_id.in_(_policies_of(self.organization, self.origin)))
        return sa.and_(own(target_traits, self.organization, kind=self.kind.value), *given)

    @property
    def where(self) -> sa.ColumnElement[bool]:
        # The id of an instance begins with its kind.
        of_kind = TARGETS.instance_id.startswith(f"inst_{self.kind}_", autoescape=True)
        narrow = {TARGETS.team_id: self.team_id, TARGETS.type: self.type}
        given = [is_any_of(column, value) for column, value in narrow.items() if value is not None]
        if not self.policy_id is self.priority is self.origin is None:
            given.append(self.traits_of_targets.in_(sa.select(TRAITS.id).where(self.traits)))
        given += self.tickets
        return sa.and_(own(instance_targets, self.organization), of_kind, *given)


def sized(conn: sa.Connection, scope: Scope) -> Scope:
    """The scope with what is known of its size. PostgreSQL knows it itself."""
    if conn.dialect.name != SQLITE:
        return scope
    return replace(scope, few=any(are_few(conn, these) for these in scope.instance_ids))


@dataclass(frozen=True, slots=True)
class OutcomeWindow:
    """The period `[start, end)`, cut off behind `now`."""

    start: Instant
    end: Instant
    now: Instant

    @property
    def until(self) -> Instant:
        return min(self.end, Instant(self.now + 1))

    def holds(self, ended: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return sa.and_(ended >= moment(self.start), ended < moment(self.until))


def traits(scope: Scope) -> sa.Select[Any]:
    return sa.select(target_traits).where(scope.traits)


LENGTHS = ("worked", "lasted", "paused")


class _AllOf(GenericFunction[Any]):
    """The values of many rows as one document: reading a row costs more than reading a number in a text."""

    name = "json_agg"
    type = Document
    inherit_cache = True


@compiles(_AllOf, SQLITE)
def _spelled_for_sqlite(element: _AllOf, compiler: Any, **options: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **options)})"


class _Total(GenericFunction[Any]):
    """A sum that does not overflow: SQLite's own `sum` does, PostgreSQL's has no end."""

    name = "sum"
    identifier = "total_without_end"
    type = sa.Numeric(asdecimal=False)
    inherit_cache = True


@compiles(_Total, SQLITE)
def _spelled_as_total(element: _Total, compiler: Any, **options: Any) -> str:
    return f"total({compiler.process(element.clauses, **options)})"


def are_more(scope: Scope, window: OutcomeWindow, number: int) -> sa.Select[Any]:
    """A row, if more clocks than this ended in the organization: as fast as the index is gone along."""
    ended = sa.and_(own(instance_targets, scope.organization), window.holds(TARGETS.outcome_at))
    return sa.select(sa.literal_column("1")).select_from(instance_targets).where(ended).limit(1).offset(number)


def counts(
    scope: Scope, window: OutcomeWindow, *, some_stop_later: bool = False, with_lengths: bool = False
) -> sa.Select[Any]:
    """The numbers of clocks that ended, by traits and outcome.

    For each: how many clocks ended, how many of them were the first of their instance, how many have stopped, and the
    sums of the lengths of those. With `with_lengths` working times are read instead of summed, and by how much wall
    times are longer; null for a clock that has not stopped.

    The statement goes along the index once, in its order.

    `later` is the number of clocks that stop after now; only a breached clock can. If there are any, breached clocks
    have to be counted again with `some_stop_later`, which is half as fast.
    """
    now = moment(window.now)
    later = TARGETS.stopped_at > now
    stopped = TARGETS.stopped_at <= now if some_stop_later else TARGETS.stopped_at.is_not(None)
    first = sa.or_(TARGETS.previous_at.is_(None), TARGETS.previous_at < moment(window.start))
    # Of the lengths, a clock that goes on has only that of its pauses.
    known = {name: TARGETS[name] for name in ("worked", "lasted") if not some_stop_later}
    of_stopped = {name: known.get(name, sa.case((stopped, TARGETS[name]))) for name in LENGTHS}
    read = {"worked": of_stopped["worked"], "longer": of_stopped["lasted"] - of_stopped["worked"]}
    numbers = (
        NUMBER,
        sa.func.count(sa.case((first, 1))).label("instances"),
        sa.func.count(sa.case((later, 1))).label("later"),
        sa.func.count(sa.case((stopped, 1))).label("stopped"),
        *(_AllOf(length).label(name) for name, length in read.items() if with_lengths),
        *(_Total(length).label(name) for name, length in of_stopped.items() if not with_lengths or name == "paused"),
    )
    found = sa.select(TARGETS.traits, TARGETS.outcome, *numbers).select_from(instance_targets)
    outcomes = (BREACHED,) if some_stop_later else OUTCOMES
    ended = sa.and_(_within(scope), TARGETS.outcome.in_(outcomes), window.holds(scope.ended))
    return found.where(ended).group_by(TARGETS.traits, TARGETS.outcome)


def touched(scope: Scope, window: OutcomeWindow) -> sa.Select[Any]:
    """The number of instances with such a clock that ended.

    The first clock of an instance may lie outside of the scope.
    """
    number = sa.func.count(sa.distinct(TARGETS.instance_id))
    these = sa.and_(_within(scope), TARGETS.outcome.in_(OUTCOMES), window.holds(scope.ended))
    return sa.select(number).select_from(instance_targets).where(these)


def lengths(scope: Scope, window: OutcomeWindow) -> sa.Select[Any]:
    """Working times and wall times of the counted clocks that have stopped, by type, in microseconds."""
    columns = (_AllOf(TARGETS[name]).label(name) for name in ("worked", "lasted"))
    return _stopped(sa.select(TRAITS.type, *columns), scope, window).group_by(TRAITS.type)


class _AsRead(GenericFunction[Any]):
    """A column that no index is to be chosen by.

    SQLite would find the clocks by when they ended, and sort them. PostgreSQL knows how many there are, as long as it
    is asked for the column itself: of an expression it would expect few, and sort all of them.
    """

    name = "as_read"
    type = UtcDateTime()
    inherit_cache = True


@compiles(_AsRead)
def _spelled_as_it_is(element: _AsRead, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(_AsRead, SQLITE)
def _spelled_as_an_expression(element: _AsRead, compiler: Any, **options: Any) -> str:
    column = compiler.process(element.clauses, **options)
    return f"coalesce({column}, {column})"


def outside(scope: Scope, type_: str) -> sa.Select[Any]:
    """One of the traits of that type that lie outside of the scope."""
    of_type = own(target_traits, scope.organization, type=type_)
    return sa.select(TRAITS.id).where(of_type, ~scope.traits).limit(1)


@dataclass(frozen=True, slots=True)
class Rank:
    """A place (from 1) among the `number` lengths of the clocks of a type.

    `is_whole` is true if the scope has all traits of the type.
    """

    type: str
    length: str
    place: int
    number: int
    is_whole: bool


def at_rank(scope: Scope, window: OutcomeWindow, rank: Rank) -> sa.Select[Any]:
    """The length at the rank and the next one, larger first: found by counting along the index of all lengths."""
    length = TARGETS[rank.length]
    # Written out, because a partial index serves only a statement that repeats its condition.
    counted = sa.and_(length.is_not(None), sa.text(COUNTED), TARGETS.stopped_at <= moment(window.now))
    of_type = own(instance_targets, scope.organization, type=rank.type)
    within = window.holds(_AsRead(TARGETS.outcome_at))
    found = sa.select(length).where(of_type, counted, within, *([] if rank.is_whole else [_within(scope)]))
    return found.order_by(length.desc()).limit(2).offset(max(0, rank.number - rank.place - 1))


def averages(scope: Scope, window: OutcomeWindow) -> sa.Select[Any]:
    """The number of counted clocks that have stopped, and their average working time, by policy and type."""
    found = sa.select(TRAITS.policy_id, TRAITS.type, NUMBER, sa.func.avg(TARGETS.worked).label("worked"))
    return _stopped(found, scope, window).group_by(TRAITS.policy_id, TRAITS.type)


def bucket_counts(scope: Scope, cut: Sequence[Bucket], now: Instant) -> sa.Select[Any]:
    """The number of met, breached and excused clocks in each bucket, by the bucket's number.

    `cut` has no bucket that lies ahead.
    """
    cuts = cuts_of(cut, now)
    within = sa.and_(scope.where, scope.ended >= cuts.c.start, scope.ended < cuts.c.end)
    every = sa.select(sa.func.count()).select_from(instance_targets).where(within).correlate(cuts)
    # With a join PostgreSQL reads all rows for each bucket; with subqueries it looks each bucket up in the index.
    of_outcome = (
        every.where(TARGETS.outcome == outcome).scalar_subquery().label(outcome) for outcome in (MET, BREACHED, EXCUSED)
    )
    return sa.select(cuts.c.bucket, *of_outcome)


def cuts_of(cut: Sequence[Bucket], now: Instant) -> sa.CTE:
    """The buckets as a table: `bucket`, its number, `start` and `end`. None of them lies ahead."""
    columns = (sa.column("bucket", sa.Integer), sa.column("start", UtcDateTime), sa.column("end", UtcDateTime))
    bounds = [
        (number, moment(bucket.start), moment(OutcomeWindow(bucket.start, bucket.end, now).until))
        for number, bucket in enumerate(cut)
    ]
    return sa.values(*columns, name="cuts").data(bounds).cte("cuts")


def broken(excused: bool) -> sa.ColumnElement[bool]:
    """Whether a promise was broken and that counts, or is excused."""
    if excused:
        # Written out, because a partial index serves only a statement that repeats its condition.
        return sa.and_(TARGETS.excused.is_not(None), TARGETS.outcome == EXCUSED, TARGETS.came_to == BREACHED)
    return TARGETS.outcome == BREACHED


def breached(
    scope: Scope, window: OutcomeWindow, *columns: Any, table: sa.FromClause, excused: bool = False
) -> sa.Select[Any]:
    """The breaches that count, or those that are excused."""
    these = sa.and_(scope.where, window.holds(scope.ended), broken(excused))
    return sa.select(*columns).select_from(table).where(these)


def openings(scope: Scope, window: OutcomeWindow, *columns: Any) -> sa.Select[Any]:
    """Of the instances of the scope that opened in the window."""
    opened = sa.func.coalesce(INSTANCES.opened_at, INSTANCES.opened_at) if scope.few else INSTANCES.opened_at
    within = window.holds(opened)
    return sa.select(*columns).select_from(instances).where(scope.instances, within)


def _policies_of(organization: str, origin: Origin) -> sa.Select[Any]:
    return sa.select(policies.c.id).where(own(policies, organization, origin=origin.value))


def _within(scope: Scope) -> sa.ColumnElement[bool]:
    of_traits = scope.traits_of_targets.in_(sa.select(TRAITS.id).where(scope.traits))
    # Within the organization, so that a clock is found by its instance.
    return sa.and_(of_traits, own(instance_targets, scope.organization), *scope.tickets) if scope.tickets else of_traits


def _stopped(found: sa.Select[Any], scope: Scope, window: OutcomeWindow) -> sa.Select[Any]:
    """Only the clocks that count and have stopped."""
    counted = sa.and_(TARGETS.outcome.in_((MET, BREACHED)), TARGETS.stopped_at <= moment(window.now))
    joined = found.select_from(target_traits.join(instance_targets, scope.traits_of_targets == TRAITS.id))
    own_tickets = [own(instance_targets, scope.organization), *scope.tickets] if scope.tickets else []
    return joined.where(scope.traits, counted, window.holds(scope.ended), *own_tickets)
