"""The entries of the log, and what they say of themselves: each notice on each channel once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from domain.ids import SubjectType
from domain.record.deliveries import NO_CHANNEL, RETRIED, DeliveryState
from domain.record.records import DEAD, DELIVERED
from store.database.types import Name
from store.lists.keys import Key
from store.lists.listed import Sorting
from store.schema.tables import deliveries, instances, notices
from store.schema.tenancy import own

D, N = deliveries.c, notices.c
ENTRIES = notices.outerjoin(
    deliveries, own(deliveries, N.organization, instance_id=N.instance_id, notice_id=N.notice_id)
)


def is_in(status: str) -> sa.ColumnElement[bool]:
    # Written out, so that it is seen that the indexes of these few hold what is asked for.
    return D.status == sa.literal_column(f"'{status}'")


ASKED, _AT_REST = D.resend_at.is_not(None), D.resend_at.is_(None)
OF_STATE: Mapping[DeliveryState, sa.ColumnElement[bool]] = {
    DeliveryState.PENDING: sa.or_(sa.and_(D.channel.is_(None), ~N.settled), sa.and_(ASKED, D.resend_tries == 0)),
    DeliveryState.RETRIED: sa.or_(sa.and_(is_in(RETRIED), _AT_REST), sa.and_(ASKED, D.resend_tries > 0)),
    DeliveryState.DELIVERED: sa.and_(is_in(DELIVERED), _AT_REST),
    DeliveryState.DEAD: sa.and_(is_in(DEAD), _AT_REST),
    DeliveryState.SKIPPED: sa.and_(D.channel.is_(None), N.settled),
}
STATE = sa.case(*((condition, state.value) for state, condition in OF_STATE.items()), else_="")
"""Each entry is in one state."""
CHANNEL = sa.func.coalesce(D.channel, "")
TAKEN_AT = sa.case((is_in(DELIVERED), D.at))
"""When the receiver had taken it, the first time."""
# The attempt that settled it; while it is sent once more, that one is among the earlier ones already.
_SETTLED_BY_ONE = sa.and_(
    _AT_REST, sa.or_(is_in(DELIVERED), sa.and_(is_in(DEAD), D.tried_at.is_not(None))), D.error != NO_CHANNEL
)
ATTEMPTS = sa.func.coalesce(D.earlier, 0) + sa.case((_SETTLED_BY_ONE, 1), else_=0)
_RESENDS = sa.func.coalesce(D.resends, 0)
_ERROR = sa.func.nullif(D.error, "", type_=Name())


def _subject(type_: SubjectType) -> sa.ColumnElement[Any]:
    """The ticket's id, where the notice is of such a ticket."""
    these = own(instances, N.organization, id=N.instance_id, subject_type=type_.value)
    return sa.select(instances.c.subject).where(these).correlate(notices).scalar_subquery()


def _always(column: sa.ColumnElement[Any]) -> Key:
    return Key(column, may_be_absent=False)


LOGGED = Sorting(
    {
        "fired_at": _always(N.fired_at),
        "planned_at": Key(N.planned_at),
        "sent_at": Key(D.tried_at),
        "taken_at": Key(TAKEN_AT),
        "notice_id": _always(N.notice_id),
        "type": _always(N.type),
        "escalation": Key(N.escalation),
        "channel": Key(D.channel),
        "state": _always(STATE),
        "instance_id": _always(N.instance_id),
        **{f"{type_}_id": Key(_subject(type_)) for type_ in SubjectType},
        "policy_id": Key(N.policy_id),
        "attempts": _always(ATTEMPTS),
        "resends": _always(_RESENDS),
        "error": Key(_ERROR),
    },
    "-fired_at",
    (_always(N.notice_id), _always(CHANNEL)),
    along=True,
)
"""The log is sorted by whatever it shows, newest first unless somebody asks for another order."""
