"""Receivers of an organization. Addresses and secrets come encrypted, and are handed out as they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.errors import NotFound
from domain.instants import Instant
from domain.record.receivers import Choice, Receiver
from store.access.organizations import begin_change
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import holdable, instant, moment
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.schema.tables import receivers
from store.schema.tenancy import own

LONGEST_REASON = 500

LISTED = Listed(
    columns_of(receivers, "id", "name", "channel", "timezone", "enabled", "created_at", "updated_at"),
    "created_at",
    searched=("id", "name"),
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An address and the secrets that are valid now, the newest first; all of them encrypted."""

    address: str
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredReceiver:
    """`version` counts changes from 1 on."""

    receiver: Receiver
    sealed: Sealed
    version: int
    created_at: Instant
    updated_at: Instant


Change = Callable[[StoredReceiver], tuple[Receiver, Sealed]]


@dataclass(frozen=True, slots=True)
class Receivers:
    """Methods that name a receiver raise NotFound for one that does not exist."""

    database: Database
    now: Clock

    async def create(self, organization: str, receiver: Receiver, sealed: Sealed) -> StoredReceiver:
        """Raises NotFound for the organization."""
        now = moment(self.now())
        row = {**_columns(receiver, sealed), "organization": organization, "id": receiver.id, "version": 1}

        def work(conn: sa.Connection) -> StoredReceiver:
            begin_change(conn, organization)
            conn.execute(sa.insert(receivers).values({**row, "created_at": now, "updated_at": now}))
            return _find(conn, organization, receiver.id)

        return await self.database.write(work)

    async def list(self, organization: str, part: ListPart) -> Found[StoredReceiver]:
        """Oldest first unless the part says otherwise."""
        these = own(receivers, organization)
        return await self.database.read(
            lambda conn: LISTED.find(conn, sa.select(receivers), receivers, these, part).each(_stored)
        )

    async def enabled(self, organization: str) -> Sequence[StoredReceiver]:
        """All that are told, oldest first. None for an organization that does not exist."""
        query = sa.select(receivers).where(own(receivers, organization), receivers.c.enabled)
        ordered = query.order_by(receivers.c.created_at, receivers.c.id)
        return await self.database.read(lambda conn: [_stored(row) for row in conn.execute(ordered)])

    async def get(self, organization: str, receiver_id: str) -> StoredReceiver:
        return await self.database.read(lambda conn: _find(conn, organization, receiver_id))

    async def update(self, organization: str, receiver_id: str, change: Change) -> StoredReceiver:
        """Write what `change` makes of the receiver as it is now, so that no other change is lost."""

        def work(conn: sa.Connection) -> StoredReceiver:
            begin_change(conn, organization)
            stored = _find(conn, organization, receiver_id)
            values = {**_columns(*change(stored)), "version": stored.version + 1, "updated_at": moment(self.now())}
            conn.execute(sa.update(receivers).where(own(receivers, organization, id=receiver_id)).values(values))
            return _find(conn, organization, receiver_id)

        return await self.database.write(work)

    async def switch_off(self, organization: str, receiver_id: str, version: int, because: str) -> bool:
        """Switch a receiver off, unless it was changed since that version; return whether it was switched off."""
        values = {
            "enabled": False,
            "disabled_because": holdable(because)[:LONGEST_REASON],
            "version": version + 1,
            "updated_at": moment(self.now()),
        }
        row = own(receivers, organization, id=receiver_id, version=version)
        statement = sa.update(receivers).where(row).values(values)
        return await self.database.write(lambda conn: conn.execute(statement).rowcount == 1)

    async def delete(self, organization: str, receiver_id: str) -> None:
        def work(conn: sa.Connection) -> None:
            begin_change(conn, organization)
            _find(conn, organization, receiver_id)
            conn.execute(sa.delete(receivers).where(own(receivers, organization, id=receiver_id)))

        await self.database.write(work)


def _find(conn: sa.Connection, organization: str, receiver_id: str) -> StoredReceiver:
    row = conn.execute(sa.select(receivers).where(own(receivers, organization, id=receiver_id))).first()
    if row is None:
        raise NotFound(f"receiver {receiver_id!r} does not exist", field="receiver_id", value=receiver_id)
    return _stored(row)


def _columns(receiver: Receiver, sealed: Sealed) -> dict[str, Any]:
    return {
        "name": receiver.name,
        "channel": receiver.channel,
        "address": sealed.address,
        "secrets": list(sealed.secrets),
        "choice": receiver.choice.to_json(),
        "timezone": receiver.timezone,
        "enabled": receiver.enabled,
        "disabled_because": receiver.disabled_because,
    }


def _stored(row: Any) -> StoredReceiver:
    receiver = Receiver(
        row.id,
        row.name,
        row.channel,
        Choice.from_json(row.choice),
        row.timezone,
        row.enabled,
        row.disabled_because,
    )
    sealed = Sealed(row.address, tuple(row.secrets))
    return StoredReceiver(receiver, sealed, row.version, instant(row.created_at), instant(row.updated_at))
