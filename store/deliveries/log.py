"""Reading the log: each notice on each channel once, newest first unless it is sorted otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant
from domain.record.deliveries import RETRIED, DeliveryKey, DeliveryState, no_such_delivery
from domain.record.records import DEAD
from store.database.connections import Database
from store.database.counting import count_rows
from store.database.types import Name, instant, moment, optional_instant
from store.deliveries.entries import ASKED, ATTEMPTS, ENTRIES, LOGGED, OF_STATE, STATE, TAKEN_AT, D, N, is_in
from store.lists.keys import Place
from store.lists.listed import ListPart
from store.schema.tables import deliveries, notices
from store.schema.tenancy import own

_COLUMNS = (
    *(N.instance_id, N.notice_id, N.type, N.planned_at, N.fired_at, N.policy_id, N.escalation),
    *(D.channel, D.tried_at, D.error, D.resends),
    *(STATE.label("state"), TAKEN_AT.label("taken_at"), ATTEMPTS.label("attempts")),
)


@dataclass(frozen=True, slots=True)
class LoggedDelivery:
    """An entry. `planned_at` is None for a withdrawal. `sent_at` is when the last attempt began, and `taken_at` when
    the receiver had taken it. `attempts` are those that are known of: a worker that is killed takes its last second
    with it. `error` is what the last attempt in vain came to. `resends` counts how often somebody asked for it again.
    `escalation` is what the step is called whose notice it is.
    """

    key: DeliveryKey
    type: str
    policy_id: str | None
    state: DeliveryState
    planned_at: Instant | None
    fired_at: Instant
    sent_at: Instant | None
    taken_at: Instant | None
    attempts: int
    error: str | None
    resends: int
    escalation: str | None = None


_UNSETTLED = "unsettled"
_FEW_ROWS: Mapping[str, sa.ColumnElement[bool]] = {RETRIED: is_in(RETRIED), DEAD: is_in(DEAD), "asked": ASKED}
_FEW: Mapping[DeliveryState, Sequence[str]] = {
    DeliveryState.PENDING: (_UNSETTLED, "asked"),
    DeliveryState.RETRIED: (RETRIED, "asked"),
    DeliveryState.DEAD: (DEAD,),
}


# By the name of the channel, which the key holds: no row is read for it, and of a long log all are counted.
def _is_of_kind(kind: str) -> sa.ColumnElement[bool]:
    named = f"{kind}:"
    return sa.or_(D.channel == kind, sa.func.substr(D.channel, 1, len(named)) == sa.literal(named, Name()))


def _goes_to(receiver: str) -> sa.ColumnElement[bool]:
    named = f":{receiver}"
    end = sa.func.substr(D.channel, sa.func.length(D.channel) - (len(named) - 1))
    return end == sa.literal(named, Name())


@dataclass(frozen=True, slots=True)
class DeliveryFilters:
    """What is empty or None narrows nothing. `kinds` are kinds of channels, `receivers` what stands behind them in
    their names. Times are those at which notices fired: `since <= fired_at < until`."""

    states: Sequence[DeliveryState] = ()
    kinds: Sequence[str] = ()
    receivers: Sequence[str] = ()
    types: Sequence[str] = ()
    instance_ids: Sequence[str] = ()
    policy_ids: Sequence[str] = ()
    since: Instant | None = None
    until: Instant | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        lists = ((N.type, self.types), (N.instance_id, self.instance_ids), (N.policy_id, self.policy_ids))
        found: list[sa.ColumnElement[bool]] = [column.in_(values) for column, values in lists if values]
        if self.kinds:
            found.append(sa.or_(*map(_is_of_kind, self.kinds)))
        if self.receivers:
            found.append(sa.or_(*map(_goes_to, self.receivers)))
        if self.states:
            found.append(sa.or_(*(OF_STATE[state] for state in self.states)))
        if self.since is not None:
            found.append(N.fired_at >= moment(self.since))
        if self.until is not None:
            found.append(N.fired_at < moment(self.until))
        return found


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Some of the `total` entries that match; `last` is the place of the last of them, None where nothing follows."""

    deliveries: Sequence[LoggedDelivery]
    total: int
    last: Place | None


@dataclass(frozen=True, slots=True)
class Deliveries:
    database: Database

    async def page(
        self,
        organization: str,
        filters: DeliveryFilters,
        *,
        limit: int,
        offset: int = 0,
        after: Place | None = None,
        sort: str | None = None,
    ) -> DeliveryPage:
        """Entries that match, newest first unless `sort` says otherwise, behind the place `after` where one is given.

        Raises InvalidValue for a sort or a place that is not of the log.
        """
        these = sa.and_(own(notices, organization), *filters.conditions(), *_of_few(organization, filters.states))
        query = sa.select(*_COLUMNS).select_from(ENTRIES).where(these)
        part = ListPart(limit, offset, after, sort)

        def work(conn: sa.Connection) -> DeliveryPage:
            rows, last = LOGGED.read(conn, query, part)
            return DeliveryPage([_logged(organization, row) for row in rows], count_rows(conn, ENTRIES, these), last)

        return await self.database.read(work)

    async def get(self, key: DeliveryKey) -> LoggedDelivery:
        """Raises NotFound."""
        return await self.database.read(lambda conn: find_delivery(conn, key))

    async def notice(self, organization: str, notice_id: str) -> Mapping[str, Any] | None:
        """The document of a notice as it was sent; None where the organization has no such notice."""
        # The id says of which instance it is, which finds it on the key.
        instance_id = notice_id.removeprefix(f"{organization}/").partition("/")[0]
        this = own(notices, organization, instance_id=instance_id, notice_id=notice_id)
        return await self.database.read(lambda conn: conn.scalar(sa.select(N.doc).where(this)))


def _of_few(organization: str, states: Sequence[DeliveryState]) -> Sequence[sa.ColumnElement[bool]]:
    """The notices that may have entries in these states, where such notices are few and have indexes of their own."""
    if not states or not set(states) <= _FEW.keys():
        return ()
    found = {part for state in states for part in _FEW[state]}
    unsettled = sa.select(N.instance_id, N.notice_id).where(own(notices, organization), ~N.settled)
    parts = [
        sa.select(D.instance_id, D.notice_id).where(own(deliveries, organization), _FEW_ROWS[one])
        for one in found - {_UNSETTLED}
    ]
    if _UNSETTLED in found:
        parts.append(unsettled)
    return (sa.tuple_(N.instance_id, N.notice_id).in_(sa.union_all(*parts)),)


def find_delivery(conn: sa.Connection, key: DeliveryKey) -> LoggedDelivery:
    """Raises NotFound."""
    of_notice = own(notices, key.organization, instance_id=key.instance_id, notice_id=key.notice_id)
    query = sa.select(*_COLUMNS).select_from(ENTRIES).where(of_notice, D.channel.is_not_distinct_from(key.channel))
    row = conn.execute(query).first()
    if row is None:
        raise no_such_delivery(key.id)
    return _logged(key.organization, row)


def _logged(organization: str, row: Any) -> LoggedDelivery:
    return LoggedDelivery(
        key=DeliveryKey(organization, row.instance_id, row.notice_id, row.channel),
        type=row.type,
        policy_id=row.policy_id,
        state=DeliveryState(row.state),
        planned_at=optional_instant(row.planned_at),
        fired_at=instant(row.fired_at),
        sent_at=optional_instant(row.tried_at),
        taken_at=optional_instant(row.taken_at),
        attempts=row.attempts,
        error=row.error or None,
        resends=row.resends or 0,
        escalation=row.escalation,
    )
