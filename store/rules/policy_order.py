"""The order in which policies are evaluated."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from domain.errors import InvalidValue, InvalidValues
from domain.ids import Kind
from domain.ticket.origins import Origin
from store.schema.tables import policies
from store.schema.tenancy import own


def last_position(conn: sa.Connection, organization: str) -> int:
    last = sa.select(sa.func.max(policies.c.position)).where(own(policies, organization))
    return conn.scalar(last) or 0


def live_ids(conn: sa.Connection, organization: str, kind: Kind) -> Sequence[str]:
    """The ids of live policies in their order.

    Those of the API v1 have no order, because a ticket matches at most one of them.
    """
    live = sa.and_(
        own(policies, organization, kind=kind.value, origin=Origin.V2.value), policies.c.archived_at.is_(None)
    )
    return (conn.scalars(sa.select(policies.c.id).where(live).order_by(policies.c.position))).all()


def require_every_one_once(policy_ids: Sequence[str], present: Sequence[str]) -> None:
    """Raises InvalidValues with a fault for each id that is missing, unknown or doubled."""
    given, known = set(policy_ids), set(present)
    by_fault = {
        "missing": [policy_id for policy_id in present if policy_id not in given],
        "unknown": [policy_id for policy_id in dict.fromkeys(policy_ids) if policy_id not in known],
        "doubled": _doubled(policy_ids),
    }
    faults = [InvalidValue("policy_ids", id_, f"is {fault}") for fault, ids in by_fault.items() for id_ in ids]
    if faults:
        summary = "; ".join(f"{fault}: {', '.join(ids)}" for fault, ids in by_fault.items() if ids)
        reason = f"must name every policy exactly once ({summary})"
        raise InvalidValues("policy_ids", list(policy_ids), reason, faults)


def move(conn: sa.Connection, organization: str, policy_ids: Sequence[str]) -> None:
    """Give these policies the positions that they have together, in the order of `policy_ids`."""
    if not policy_ids:
        return
    these = sa.and_(own(policies, organization), policies.c.id.in_(policy_ids))
    positions = (conn.scalars(sa.select(policies.c.position).where(these).order_by(policies.c.position))).all()
    one = own(policies, organization, id=sa.bindparam("of_policy"))
    placing = sa.update(policies).where(one).values(position=sa.bindparam("to"))
    places = zip(policy_ids, positions, strict=True)
    conn.execute(placing, [{"of_policy": policy_id, "to": position} for policy_id, position in places])


def _doubled(policy_ids: Sequence[str]) -> Sequence[str]:
    earlier: set[str] = set()
    doubled: dict[str, None] = {}
    for policy_id in policy_ids:
        if policy_id in earlier:
            doubled[policy_id] = None
        earlier.add(policy_id)
    return list(doubled)
