"""Every version of a policy: its content, who made it, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from domain.instants import Instant
from domain.policy.policies import Policy
from store.database.counting import count_rows
from store.database.types import instant
from store.schema.tables import api_keys, policy_versions
from store.schema.tenancy import own


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """`change` is `created`, `updated` or `archived`. `key_name` is None if no API key made the change."""

    policy: Policy
    change: str
    changed_at: Instant
    changed_by: str
    key_name: str | None


def append_version(
    conn: sa.Connection, organization: str, policy: Policy, change: str, now: datetime | None, changed_by: str
) -> None:
    row = {"organization": organization, "policy_id": policy.id, "version": policy.version, "change": change}
    row |= {"doc": policy.to_json(), "changed_at": now, "changed_by": changed_by}
    conn.execute(sa.insert(policy_versions).values(row))


def read_versions(
    conn: sa.Connection, organization: str, policy_id: str, limit: int, offset: int
) -> tuple[Sequence[PolicyVersion], int]:
    """A page of versions, oldest first, and the number of all."""
    table = policy_versions
    these = own(table, organization, policy_id=policy_id)
    key = own(api_keys, organization, id=table.c.changed_by)
    page = sa.select(table, api_keys.c.name).join_from(table, api_keys, key, isouter=True).where(these)
    total = count_rows(conn, table, these)
    rows = conn.execute(page.order_by(table.c.version).limit(limit).offset(offset))
    return [
        PolicyVersion(Policy.from_json(row.doc), row.change, instant(row.changed_at), row.changed_by, row.name)
        for row in rows
    ], total
