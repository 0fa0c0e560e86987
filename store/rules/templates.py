"""Templates of organizations: in which words a channel speaks, where these are not the built-in ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant
from store.access.organizations import begin_change
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import instant, moment
from store.database.upserts import replace
from store.schema.tables import templates
from store.schema.tenancy import own


@dataclass(frozen=True, slots=True)
class StoredTemplates:
    """By part of the message; what is not there is built in."""

    channel: str
    parts: Mapping[str, str]
    updated_at: Instant


@dataclass(frozen=True, slots=True)
class Templates:
    database: Database
    now: Clock

    async def put(self, organization: str, channel: str, parts: Mapping[str, str]) -> StoredTemplates:
        """Keep them in place of those that there were. Raises NotFound for the organization."""
        now = self.now()
        row = {"organization": organization, "channel": channel, "parts": dict(parts), "updated_at": moment(now)}

        def work(conn: sa.Connection) -> StoredTemplates:
            begin_change(conn, organization)
            replace(conn, templates, [row])
            return StoredTemplates(channel, parts, now)

        return await self.database.write(work)

    async def of(self, organization: str) -> Mapping[str, StoredTemplates]:
        """All that the organization has, by channel."""
        query = sa.select(templates).where(own(templates, organization)).order_by(templates.c.channel)
        return await self.database.read(lambda conn: {row.channel: _stored(row) for row in conn.execute(query)})

    async def delete(self, organization: str, channel: str) -> bool:
        """Whether there were any. Raises NotFound for the organization."""

        def work(conn: sa.Connection) -> bool:
            begin_change(conn, organization)
            gone = sa.delete(templates).where(own(templates, organization, channel=channel))
            return bool(conn.execute(gone).rowcount)

        return await self.database.write(work)


def _stored(row: Any) -> StoredTemplates:
    return StoredTemplates(row.channel, row.parts, instant(row.updated_at))
