"""Every version of a policy: its content, who made it, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant
from domain.policy.policies import Policy
from store.database.types import instant
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.schema.tables import api_keys, policy_versions
from store.schema.tenancy import own

LISTED_VERSIONS = Listed(
    columns_of(policy_versions, "version", "change", "changed_at", "changed_by"), "version", "version"
)


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


def read_versions(conn: sa.Connection, organization: str, policy_id: str, part: ListPart) -> Found[PolicyVersion]:
    """Oldest first unless the part says otherwise."""
    table = policy_versions
    these = own(table, organization, policy_id=policy_id)
    key = own(api_keys, organization, id=table.c.changed_by)
    wanted = sa.select(table, api_keys.c.name).join_from(table, api_keys, key, isouter=True)
    return LISTED_VERSIONS.find(conn, wanted, table, these, part).each(_version)


def _version(row: Any) -> PolicyVersion:
    return PolicyVersion(Policy.from_json(row.doc), row.change, instant(row.changed_at), row.changed_by, row.name)
