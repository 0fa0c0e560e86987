"""API keys. Only a SHA-256 digest of a key is kept, and its first characters, by which people tell keys apart.

A plain digest is enough because keys are random tokens of high entropy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.access.scopes import SCOPES, require_scopes
from domain.access.subscriptions import Subscription
from domain.errors import Conflict, NotFound
from domain.fields import require_name
from domain.instants import Instant
from store.access.organizations import DEFAULT_ORGANIZATION, Organization, Organizations, find_organization
from store.database.clock import Clock, system_clock
from store.database.connections import Database
from store.database.ids import mint, mint_key
from store.database.types import instant, moment, optional_instant
from store.database.upserts import insert_missing
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.schema.tables import api_keys, organizations
from store.schema.tenancy import OF_ORGANIZATION, own

LONGEST_PREFIX = 12
LONGEST_NAME = 200

LISTED = Listed(
    columns_of(api_keys, "id", "name", "prefix", "created_at", "revoked_at"),
    "created_at",
    searched=("id", "name", "prefix"),
)


def _owner_of(this: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Of the key, unless it is revoked."""
    owners = api_keys.join(organizations, own(organizations, api_keys.c.organization))
    valid = sa.and_(this, api_keys.c.revoked_at.is_(None))
    return sa.select(api_keys, organizations.c.subscription).select_from(owners).where(valid)


_OF_DIGEST = _owner_of(api_keys.c.digest == sa.bindparam("of_digest"))
_OF_ID = _owner_of(own(api_keys, OF_ORGANIZATION, id=sa.bindparam("of_key")))


@dataclass(frozen=True, slots=True)
class KeyOwner:
    id: str
    organization: str
    name: str
    scopes: tuple[str, ...]
    subscription: Subscription


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as it is kept: its text is shown once, at creation, and cannot be read later."""

    id: str
    organization: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: Instant
    revoked_at: Instant | None


@dataclass(frozen=True, slots=True)
class Keys:
    database: Database
    now: Clock

    async def verify(self, key: str) -> KeyOwner | None:
        """The owner of a key, None for an unknown or revoked key."""
        row = await self.database.read(lambda conn: conn.execute(_OF_DIGEST, {"of_digest": digest(key)}).first())
        return None if row is None else _owner(row)

    async def owner(self, organization: str, key_id: str) -> KeyOwner | None:
        """The same for the id of a key, which is no secret."""
        found = await self.visitor(organization, key_id)
        return None if found is None else found[0]

    async def visitor(self, organization: str, key_id: str) -> tuple[KeyOwner, Organization] | None:
        """The same, with the organization."""
        given = {"of_organization": organization, "of_key": key_id}

        def work(conn: sa.Connection) -> tuple[KeyOwner, Organization] | None:
            row = conn.execute(_OF_ID, given).first()
            return None if row is None else (_owner(row), find_organization(conn, organization))

        return await self.database.read(work)

    async def ensure(self, key: str, name: str, organization: str, scopes: Sequence[str]) -> bool:
        """Add a key, and its organization if that does not exist; return whether the key is valid.

        A key that exists stays as it is, revoked or not. Raises Conflict when it belongs to another organization.
        """
        await Organizations(self.database, self.now).ensure(organization)
        same = sa.select(api_keys).where(api_keys.c.digest == digest(key))
        row = self._row(key, name, organization, scopes)

        def work(conn: sa.Connection) -> StoredKey:
            insert_missing(conn, api_keys, [row])
            return _stored(conn.execute(same).one())

        there = await self.database.write(work)
        if there.organization != organization:
            raise Conflict("this key belongs to another organization", field="organization", value=organization)
        return there.revoked_at is None

    async def create(self, organization: str, name: str, scopes: Sequence[str]) -> tuple[StoredKey, str]:
        """A new key and its text, which cannot be read later.

        Raises NotFound for the organization, InvalidValue for the name and the scopes.
        """
        key = mint_key()
        row = self._row(key, require_name(name, "name", LONGEST_NAME), organization, require_scopes(scopes))

        def work(conn: sa.Connection) -> tuple[StoredKey, str]:
            find_organization(conn, organization)
            conn.execute(sa.insert(api_keys).values(row))
            return _find(conn, row["id"], organization), key

        return await self.database.write(work)

    async def list(self, organization: str, part: ListPart) -> Found[StoredKey]:
        """Oldest first unless the part says otherwise. Revoked keys are included. Raises NotFound."""
        theirs = own(api_keys, organization)

        def work(conn: sa.Connection) -> Found[StoredKey]:
            find_organization(conn, organization)
            return LISTED.find(conn, sa.select(api_keys), api_keys, theirs, part).each(_stored)

        return await self.database.read(work)

    async def revoke(self, key_id: str, organization: str | None = None) -> StoredKey:
        """Revoke a key of the organization, or of any organization if none is given.

        A key that is revoked already keeps its `revoked_at`. Raises NotFound.
        """
        table = api_keys
        valid = sa.and_(_this_key(key_id, organization), table.c.revoked_at.is_(None))

        def work(conn: sa.Connection) -> StoredKey:
            conn.execute(sa.update(table).where(valid).values(revoked_at=moment(self.now())))
            return _find(conn, key_id, organization)

        return await self.database.write(work)

    async def any(self) -> bool:
        """Whether there is any valid key."""

        def work(conn: sa.Connection) -> bool:
            valid = sa.select(api_keys.c.id).where(api_keys.c.revoked_at.is_(None)).limit(1)
            return conn.scalar(valid) is not None

        return await self.database.read(work)

    def _row(self, key: str, name: str, organization: str, scopes: Sequence[str]) -> dict[str, Any]:
        row = {"id": mint("key"), "organization": organization, "name": name, "prefix": prefix(key)}
        return row | {"digest": digest(key), "scopes": list(scopes), "created_at": moment(self.now())}


async def ensure_key(
    database_url: str,
    key: str,
    name: str,
    organization: str = DEFAULT_ORGANIZATION,
    scopes: Sequence[str] = SCOPES,
) -> bool:
    """`Keys.ensure` for a caller without a store."""
    database = Database(database_url)
    try:
        return await Keys(database, system_clock).ensure(key, name, organization, scopes)
    finally:
        await database.close()


async def any_key(database_url: str) -> bool:
    """`Keys.any` for a caller without a store."""
    database = Database(database_url)
    try:
        return await Keys(database, system_clock).any()
    finally:
        await database.close()


def _find(conn: sa.Connection, key_id: str, organization: str | None) -> StoredKey:
    row = conn.execute(sa.select(api_keys).where(_this_key(key_id, organization))).first()
    if row is None:
        raise NotFound(f"there is no API key {key_id!r}", field="key_id", value=key_id)
    return _stored(row)


def _this_key(key_id: str, organization: str | None) -> sa.ColumnElement[bool]:
    return api_keys.c.id == key_id if organization is None else own(api_keys, organization, id=key_id)


def _stored(row: Any) -> StoredKey:
    return StoredKey(
        id=row.id,
        organization=row.organization,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes),
        created_at=instant(row.created_at),
        revoked_at=optional_instant(row.revoked_at),
    )


def _owner(row: Any) -> KeyOwner:
    return KeyOwner(row.id, row.organization, row.name, tuple(row.scopes), Subscription(row.subscription))


def digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def prefix(key: str) -> str:
    """The characters that are shown: at most a quarter of the key, so that nobody can guess the rest."""
    return key[: min(LONGEST_PREFIX, len(key) // 4)]
