"""Policies of an organization in evaluation order, every version kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

import sqlalchemy as sa

from domain.errors import Conflict, NotFound, Outdated
from domain.ids import Kind
from domain.instants import Instant
from domain.policy.policies import Policy
from domain.ticket.origins import Origin
from store.access.organizations import SYSTEM, begin_change
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import instant, moment, optional_instant
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.rules.calendars import require_calendar
from store.rules.claims import count_claims
from store.rules.policy_history import PolicyVersion, append_version, read_versions
from store.rules.policy_order import last_position, live_ids, move, require_every_one_once
from store.schema.tables import instances, policies
from store.schema.tenancy import own

Part = Literal["targets", "escalations"]

LISTED = Listed(
    columns_of(
        policies,
        *("id", "name", "position", "enabled", "origin", "version", "created_at", "updated_at", "archived_at"),
        business_hours_id="calendar_id",
    ),
    "position",
    searched=("id", "name"),
)


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    policy: Policy
    position: int
    created_at: Instant
    updated_at: Instant
    archived_at: Instant | None


@dataclass(frozen=True, slots=True)
class Policies:
    """Changes raise NotFound for an organization or a policy that does not exist, Conflict for an archived one."""

    database: Database
    now: Clock

    async def create(
        self, organization: str, policy: Policy, changed_by: str = SYSTEM, chosen: Collection[str] = ()
    ) -> StoredPolicy:
        """Create the policy at version 1, behind all others. `chosen` are the ids of its parts that the client chose.

        Raises Conflict when its id or a chosen id is taken, or when the API v1 has a policy for the same tickets;
        InvalidValue when its business hours do not exist.
        """
        first = replace(policy, version=1)
        now = moment(self.now())

        def work(conn: sa.Connection) -> StoredPolicy:
            begin_change(conn, organization)
            _require_calendars(conn, organization, first)
            _require_alone(conn, organization, first)
            if _row(conn, organization, first.id) is not None:
                raise Conflict(f"policy {first.id} exists already", field="id", value=first.id)
            _require_free(conn, organization, chosen)
            position = last_position(conn, organization) + 1
            row = {**_columns(first), "organization": organization, "id": first.id, "position": position}
            conn.execute(sa.insert(policies).values(**row, created_at=now, updated_at=now))
            append_version(conn, organization, first, "created", now, changed_by)
            return _find(conn, organization, first.id)

        return await self.database.write(work)

    async def list(
        self,
        organization: str,
        kind: Kind | None,
        part: ListPart,
        include_archived: bool = False,
        origin: Origin | None = None,
    ) -> Found[StoredPolicy]:
        """In evaluation order unless the part says otherwise; of every kind and origin unless one is given."""
        wanted = own(policies, organization)
        if kind is not None:
            wanted = sa.and_(wanted, policies.c.kind == kind.value)
        if origin is not None:
            wanted = sa.and_(wanted, policies.c.origin == origin.value)
        if not include_archived:
            wanted = sa.and_(wanted, policies.c.archived_at.is_(None))
        return await self.database.read(
            lambda conn: LISTED.find(conn, sa.select(policies), policies, wanted, part).each(_stored)
        )

    async def get(self, organization: str, policy_id: str, include_archived: bool = False) -> StoredPolicy:
        """Raises NotFound."""
        return await self.database.read(lambda conn: _find(conn, organization, policy_id, include_archived))

    async def update(
        self, organization: str, policy: Policy, changed_by: str = SYSTEM, chosen: Collection[str] = ()
    ) -> StoredPolicy:
        """Write the next version of the policy. Running instances keep the version under which they were opened.

        `policy.version` is the version that was edited: raises Outdated when somebody else has changed it meanwhile.
        `chosen` are the ids of new parts that the client chose: raises Conflict when one is taken, and as in `create`.
        """
        now = moment(self.now())

        def work(conn: sa.Connection) -> StoredPolicy:
            begin_change(conn, organization)
            stored = _find_live(conn, organization, policy.id, policy.version)
            _require_calendars(conn, organization, policy)
            _require_alone(conn, organization, policy)
            _require_free(conn, organization, chosen)
            following = replace(policy, version=stored.version + 1)
            _write(conn, organization, following, now, {})
            append_version(conn, organization, following, "updated", now, changed_by)
            return _find(conn, organization, policy.id)

        return await self.database.write(work)

    async def archive(
        self, organization: str, policy_id: str, changed_by: str = SYSTEM, version: int | None = None
    ) -> None:
        """Archive the policy: it matches nothing from now on.

        Raises Conflict, with their number, while instances of it are open or claim it; Outdated when `version` is given
        and is not the present one.
        """
        now = moment(self.now())

        def work(conn: sa.Connection) -> None:
            begin_change(conn, organization)
            stored = _find_live(conn, organization, policy_id, version)
            if count := _open_instances(conn, organization, policy_id):
                reason = f"policy {policy_id} has {count} open instance{'s' if count > 1 else ''}"
                raise Conflict(reason, field="open_instances", value=count)
            archived = replace(stored, version=stored.version + 1)
            _write(conn, organization, archived, now, {"archived_at": now})
            append_version(conn, organization, archived, "archived", now, changed_by)

        await self.database.write(work)

    async def reorder(self, organization: str, kind: Kind, policy_ids: Sequence[str]) -> None:
        """Set the evaluation order of the live policies of a kind, except those of the API v1.

        Raises InvalidValues unless each of them is named exactly once; it lists missing, unknown and doubled ids.
        """

        def work(conn: sa.Connection) -> None:
            begin_change(conn, organization)
            require_every_one_once(policy_ids, live_ids(conn, organization, kind))
            move(conn, organization, policy_ids)

        await self.database.write(work)

    async def versions(self, organization: str, policy_id: str, part: ListPart) -> Found[PolicyVersion]:
        """Oldest first unless the part says otherwise; of archived policies too. Raises NotFound."""

        def work(conn: sa.Connection) -> Found[PolicyVersion]:
            _find(conn, organization, policy_id, include_archived=True)
            return read_versions(conn, organization, policy_id, part)

        return await self.database.read(work)

    async def holding(self, organization: str, kind: Kind, part: Part, part_id: str) -> StoredPolicy:
        """The policy, archived or not, that has this target or escalation. Raises NotFound."""
        those = own(policies, organization, kind=kind.value)
        rows = await self.database.read(lambda conn: conn.execute(sa.select(policies).where(those)).all())
        for row in rows:
            if any(one["id"] == part_id for one in row.doc[part]):
                return _stored(row)
        name = part.removesuffix("s")
        raise NotFound(f"{name} {part_id!r} does not exist", field=f"{name}_id", value=part_id)


def live_policies(conn: sa.Connection, organization: str) -> Sequence[Policy]:
    """The live policies in evaluation order."""
    live = sa.and_(own(policies, organization), policies.c.archived_at.is_(None))
    docs = conn.scalars(sa.select(policies.c.doc).where(live).order_by(policies.c.position, policies.c.id))
    return [Policy.from_json(doc) for doc in docs]


def _row(conn: sa.Connection, organization: str, policy_id: str) -> Any:
    return (conn.execute(sa.select(policies).where(own(policies, organization, id=policy_id)))).first()


def _find(conn: sa.Connection, organization: str, policy_id: str, include_archived: bool = False) -> StoredPolicy:
    row = _row(conn, organization, policy_id)
    if row is None or (row.archived_at is not None and not include_archived):
        raise _unknown(policy_id)
    return _stored(row)


def _find_live(conn: sa.Connection, organization: str, policy_id: str, version: int | None) -> Policy:
    stored = _find(conn, organization, policy_id, include_archived=True)
    if version not in (None, stored.policy.version):
        raise Outdated(f"policy {policy_id} has changed since version {version}", field="version", value=version)
    if stored.archived_at is not None:
        raise Conflict(f"policy {policy_id} is archived", field="policy_id", value=policy_id)
    return stored.policy


def _write(conn: sa.Connection, organization: str, policy: Policy, now: datetime | None, more: dict[str, Any]) -> None:
    values = {**_columns(policy), "updated_at": now, **more}
    conn.execute(sa.update(policies).where(own(policies, organization, id=policy.id)).values(values))


def _open_instances(conn: sa.Connection, organization: str, policy_id: str) -> int:
    # Whatever clock of an instance still runs, runs under the promise in force: any other was taken back.
    table = instances
    these = sa.and_(own(table, organization, policy_id=policy_id), table.c.closed_at.is_(None))
    recorded = sa.select(sa.func.count()).select_from(table).where(these).scalar_subquery()
    # One statement sees one state: a claim that is replaced by its row meanwhile counts, and counts once.
    return conn.scalar(sa.select(recorded + count_claims(organization, policy_id))) or 0


def _require_free(conn: sa.Connection, organization: str, part_ids: Collection[str]) -> None:
    """Raises Conflict for an id that a part of any policy has. Archived policies keep the ids of their parts."""
    if not part_ids:
        return
    for doc in conn.scalars(sa.select(policies.c.doc).where(own(policies, organization))):
        for part in get_args(Part):
            if taken := next((one["id"] for one in doc[part] if one["id"] in part_ids), None):
                raise Conflict(f"{part.removesuffix('s')} {taken} exists already", field="id", value=taken)


def _require_calendars(conn: sa.Connection, organization: str, policy: Policy) -> None:
    """Raises InvalidValue for business hours that the organization does not have, in the policy or in a step of it."""
    require_calendar(conn, organization, policy.business_hours_id)
    for index, step in enumerate(policy.escalations):
        require_calendar(conn, organization, step.hours, f"escalations[{index}].hours")


def _require_alone(conn: sa.Connection, organization: str, policy: Policy) -> None:
    """Raises Conflict for a second policy of the API v1 for a priority: that API knows no order of policies."""
    if policy.origin is not Origin.V1:
        return
    for other in live_policies(conn, organization):
        if other.origin is Origin.V1 and other.id != policy.id and other.conditions == policy.conditions:
            reason = f"policy {other.id} is there for priority {other.conditions[0].value}"
            raise Conflict(reason, field="priority", value=other.id)


def _columns(policy: Policy) -> dict[str, Any]:
    return {
        "kind": policy.kind.value,
        "origin": policy.origin.value,
        "version": policy.version,
        "name": policy.name,
        "enabled": policy.enabled,
        "calendar_id": policy.business_hours_id,
        "doc": policy.to_json(),
    }


def _stored(row: Any) -> StoredPolicy:
    return StoredPolicy(
        policy=Policy.from_json(row.doc),
        position=row.position,
        created_at=instant(row.created_at),
        updated_at=instant(row.updated_at),
        archived_at=optional_instant(row.archived_at),
    )


def _unknown(policy_id: str) -> NotFound:
    return NotFound(f"policy {policy_id!r} does not exist", field="policy_id", value=policy_id)
