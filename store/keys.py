"""API keys: only a SHA-256 digest is kept (keys are high-entropy tokens), and a few characters to tell them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.errors import Conflict
from domain.scopes import SCOPES
from domain.subscriptions import Subscription
from store.clock import Clock, system_clock
from store.database import Database
from store.ids import mint
from store.organizations import DEFAULT_ORGANIZATION, Organizations
from store.tables import api_keys, organizations
from store.types import moment
from store.upserts import insert_missing

LONGEST_PREFIX = 12


@dataclass(frozen=True, slots=True)
class KeyOwner:
    id: str
    organization: str
    name: str
    scopes: tuple[str, ...]
    plan: Subscription


@dataclass(frozen=True, slots=True)
class Keys:
    database: Database
    now: Clock

    async def verify(self, key: str) -> KeyOwner | None:
        """Who a key belongs to; None for an unknown or revoked one."""
        table = api_keys
        valid = sa.and_(table.c.digest == digest(key), table.c.revoked_at.is_(None))
        owners = table.join(organizations, organizations.c.id == table.c.organization)
        query = sa.select(table, organizations.c.plan).select_from(owners).where(valid)
        async with self.database.read() as conn:
            row = (await conn.execute(query)).first()
        return None if row is None else _owner(row)

    async def ensure(self, key: str, name: str, organization: str, scopes: Sequence[str]) -> None:
        """Adds a key of an organization, made if it is new; a key that is there stays as it is, revoked or not.

        Raises Conflict when it belongs to another organization.
        """
        await Organizations(self.database, self.now).ensure(organization)
        row: dict[str, Any] = {"id": mint("key"), "organization": organization, "name": name, "prefix": prefix(key)}
        row |= {"digest": digest(key), "scopes": list(scopes), "created_at": moment(self.now())}
        owner = sa.select(api_keys.c.organization).where(api_keys.c.digest == digest(key))
        async with self.database.write() as conn:
            await insert_missing(conn, api_keys, [row])
            if await conn.scalar(owner) != organization:
                raise Conflict("this key belongs to another organization", field="organization", value=organization)

    async def any(self) -> bool:
        """Whether some key is valid."""
        async with self.database.read() as conn:
            valid = sa.select(api_keys.c.id).where(api_keys.c.revoked_at.is_(None)).limit(1)
            return await conn.scalar(valid) is not None


async def ensure_key(
    database_url: str,
    key: str,
    name: str,
    organization: str = DEFAULT_ORGANIZATION,
    scopes: Sequence[str] = SCOPES,
) -> None:
    """`Keys.ensure` for a caller without a store."""
    database = Database(database_url)
    try:
        await Keys(database, system_clock).ensure(key, name, organization, scopes)
    finally:
        await database.close()


async def any_key(database_url: str) -> bool:
    """`Keys.any` for a caller without a store."""
    database = Database(database_url)
    try:
        return await Keys(database, system_clock).any()
    finally:
        await database.close()


def _owner(row: Any) -> KeyOwner:
    return KeyOwner(row.id, row.organization, row.name, tuple(row.scopes), Subscription(row.plan))


def digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def prefix(key: str) -> str:
    """At most a quarter of the key, so that what is shown gives nothing away."""
    return key[: min(LONGEST_PREFIX, len(key) // 4)]
