"""Receivers of an organization. Addresses and secrets come encrypted, and are handed out as they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant
from domain.record.receivers import Choice, Receiver
from store.access.organizations import begin_change
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import holdable, instant, moment
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.owned import OwnedRows
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

        def work(conn: sa.Connection) -> StoredReceiver:
            begin_change(conn, organization)
            return _RECEIVERS.insert(conn, organization, receiver.id, _columns(receiver, sealed), self.now())

        return await self.database.write(work)

    async def list(self, organization: str, part: ListPart) -> Found[StoredReceiver]:
        """Oldest first unless the part says otherwise."""
        return await self.database.read(lambda conn: _RECEIVERS.list(conn, organization, part))

    async def enabled(self, organization: str) -> Sequence[StoredReceiver]:
        """All that are told, oldest first. None for an organization that does not exist."""
        return await self.database.read(lambda conn: _RECEIVERS.all(conn, organization, enabled=True))

    async def get(self, organization: str, receiver_id: str) -> StoredReceiver:
        return await self.database.read(lambda conn: _RECEIVERS.find(conn, organization, receiver_id))

    async def update(self, organization: str, receiver_id: str, change: Change) -> StoredReceiver:
        """Write what `change` makes of the receiver as it is now, so that no other change is lost."""

        def work(conn: sa.Connection) -> StoredReceiver:
            receiver, sealed = change(_RECEIVERS.begin(conn, organization, receiver_id))
            return _RECEIVERS.update(conn, organization, receiver_id, _columns(receiver, sealed), self.now())

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
            _RECEIVERS.begin(conn, organization, receiver_id)
            _RECEIVERS.delete(conn, organization, receiver_id)

        await self.database.write(work)


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


_RECEIVERS = OwnedRows(receivers, "receiver", LISTED, _stored)
