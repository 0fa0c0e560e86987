"""Reading the log: each notice on each channel once, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant
from domain.record.deliveries import NO_CHANNEL, RETRIED, DeliveryKey, DeliveryState, no_such_delivery
from domain.record.records import DEAD, DELIVERED
from store.database.connections import Database
from store.database.counting import count_rows
from store.database.types import Name, instant, moment, optional_instant
from store.schema.tables import deliveries, notices
from store.schema.tenancy import own

D, N = deliveries.c, notices.c
ENTRIES = notices.outerjoin(
    deliveries, own(deliveries, N.organization, instance_id=N.instance_id, notice_id=N.notice_id)
)


def _is(status: str) -> sa.ColumnElement[bool]:
    # Written out, so that it is seen that the indexes of these few hold what is asked for.
    return D.status == sa.literal_column(f"'{status}'")


_ASKED, _AT_REST = D.resend_at.is_not(None), D.resend_at.is_(None)
_OF_STATE: Mapping[DeliveryState, sa.ColumnElement[bool]] = {
    DeliveryState.PENDING: sa.or_(sa.and_(D.channel.is_(None), ~N.settled), sa.and_(_ASKED, D.resend_tries == 0)),
    DeliveryState.RETRIED: sa.or_(sa.and_(_is(RETRIED), _AT_REST), sa.and_(_ASKED, D.resend_tries > 0)),
    DeliveryState.DELIVERED: sa.and_(_is(DELIVERED), _AT_REST),
    DeliveryState.DEAD: sa.and_(_is(DEAD), _AT_REST),
    DeliveryState.SKIPPED: sa.and_(D.channel.is_(None), N.settled),
}
STATE = sa.case(*((condition, state.value) for state, condition in _OF_STATE.items()), else_="")
"""Each entry is in one state."""
_COLUMNS = (
    *(N.instance_id, N.notice_id, N.type, N.planned_at, N.fired_at, N.policy_id, N.escalation),
    *(D.channel, D.status, D.at, D.tried_at, D.error, D.earlier, D.resends, D.resend_at, STATE.label("state")),
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

    @property
    def place(self) -> DeliveryPlace:
        return DeliveryPlace(self.fired_at, self.key.notice_id, self.key.channel or "")


@dataclass(frozen=True, slots=True)
class DeliveryPlace:
    """Where an entry stands in the log, newest first: its place stays its own, whatever becomes of it."""

    fired_at: Instant
    notice_id: str
    channel: str

    @property
    def behind(self) -> sa.ColumnElement[bool]:
        fired = moment(self.fired_at)
        older = sa.tuple_(N.notice_id, _CHANNEL) < sa.tuple_(sa.literal(self.notice_id), sa.literal(self.channel))
        # The first condition is said apart, because it finds the place on the index.
        return sa.and_(N.fired_at <= fired, sa.or_(N.fired_at < fired, older))


_UNSETTLED = "unsettled"
_FEW_ROWS: Mapping[str, sa.ColumnElement[bool]] = {RETRIED: _is(RETRIED), DEAD: _is(DEAD), "asked": _ASKED}
_FEW: Mapping[DeliveryState, Sequence[str]] = {
    DeliveryState.PENDING: (_UNSETTLED, "asked"),
    DeliveryState.RETRIED: (RETRIED, "asked"),
    DeliveryState.DEAD: (DEAD,),
}
_CHANNEL = sa.func.coalesce(D.channel, "")
_ORDER = (N.fired_at.desc(), N.notice_id.desc(), _CHANNEL.desc())


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
            found.append(sa.or_(*(_OF_STATE[state] for state in self.states)))
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
    last: DeliveryPlace | None


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
        after: DeliveryPlace | None = None,
    ) -> DeliveryPage:
        these = sa.and_(own(notices, organization), *filters.conditions(), *_of_few(organization, filters.states))
        behind = these if after is None else sa.and_(these, after.behind)
        query = sa.select(*_COLUMNS).select_from(ENTRIES).where(behind).order_by(*_ORDER)

        def work(conn: sa.Connection) -> DeliveryPage:
            # One more than is shown tells whether there is another page.
            rows = conn.execute(query.limit(limit + 1).offset(offset)).all()
            found = [_logged(organization, row) for row in rows[:limit]]
            last = found[-1].place if len(rows) > limit else None
            return DeliveryPage(found, count_rows(conn, ENTRIES, these), last)

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
    # The attempt that settled it; while it is sent once more, that one is among the earlier ones already.
    is_settled = row.resend_at is None and (
        row.status == DELIVERED or (row.status == DEAD and row.tried_at is not None)
    )
    is_tried = is_settled and row.error != NO_CHANNEL
    return LoggedDelivery(
        key=DeliveryKey(organization, row.instance_id, row.notice_id, row.channel),
        type=row.type,
        policy_id=row.policy_id,
        state=DeliveryState(row.state),
        planned_at=optional_instant(row.planned_at),
        fired_at=instant(row.fired_at),
        sent_at=optional_instant(row.tried_at),
        taken_at=instant(row.at) if row.status == DELIVERED else None,
        attempts=(row.earlier or 0) + is_tried,
        error=row.error or None,
        resends=row.resends or 0,
        escalation=row.escalation,
    )
