"""Sources: ticket systems of an organization that send webhooks. Their secrets come and go encrypted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.errors import NotFound
from domain.instants import Instant
from store.access.organizations import find_organization
from store.database.clock import Clock
from store.database.connections import Database
from store.database.ids import mint
from store.database.types import holdable, instant, moment, optional_instant
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.schema.tables import hook_bodies, source_memories, source_writes, sources
from store.schema.tenancy import own

LONGEST_REFUSAL = 300

LISTED = Listed(
    columns_of(sources, "id", "name", "kind", "adopt", "enabled", "created_at", "updated_at"),
    "created_at",
    searched=("id", "name"),
)


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """What an administrator has chosen. `mapping` None: the shipped one of this kind. `secrets` are encrypted; a
    delivery that fits any of them is accepted, and the newest stands first. `connector` is the way back to the system:
    `base_url`, `credentials` (encrypted), `projects`; None: there is none."""

    name: str
    kind: str
    secrets: tuple[str, ...]
    mapping: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] | None = None
    verify_by: tuple[str, ...] = ()
    adopt: bool = True
    prefix: str = ""
    enabled: bool = True
    connector: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StoredSource:
    """`arrivals` counts what was kept since the source was made, `refusals` what did not fit a secret."""

    id: str
    organization: str
    document: SourceDocument
    arrivals: int
    refusals: int
    refused_at: Instant | None
    refusal: str
    created_at: Instant
    updated_at: Instant


@dataclass(frozen=True, slots=True)
class Sources:
    """Every method that is given an organization raises NotFound for a source that it does not have."""

    database: Database
    now: Clock

    async def create(self, organization: str, document: SourceDocument) -> StoredSource:
        now = moment(self.now())
        row = {**_columns(document), "id": mint("src"), "organization": organization, "arrivals": 0, "refusals": 0}
        row |= {"refusal": "", "worker": "", "created_at": now, "updated_at": now}

        def work(conn: sa.Connection) -> StoredSource:
            find_organization(conn, organization)
            conn.execute(sa.insert(sources).values(row))
            return _find(conn, organization, row["id"])

        return await self.database.write(work)

    async def list(self, organization: str, part: ListPart) -> Found[StoredSource]:
        """Oldest first unless the part says otherwise."""
        these = own(sources, organization)
        return await self.database.read(
            lambda conn: LISTED.find(conn, sa.select(sources), sources, these, part).each(_stored)
        )

    async def connected(self, organization: str) -> Sequence[StoredSource]:
        """Those that are switched on and have a connector, oldest first."""
        order = (sources.c.created_at, sources.c.id)
        query = sa.select(sources).where(own(sources, organization), sources.c.enabled).order_by(*order)
        every = await self.database.read(lambda conn: [_stored(row) for row in conn.execute(query)])
        return [one for one in every if one.document.connector is not None]

    async def get(self, organization: str, source_id: str) -> StoredSource:
        return await self.database.read(lambda conn: _find(conn, organization, source_id))

    async def named(self, source_id: str) -> StoredSource | None:
        """The source that an address names, whoever it belongs to; None for one that does not exist."""
        query = sa.select(sources).where(sources.c.id == source_id)
        row = await self.database.read(lambda conn: conn.execute(query).first())
        return None if row is None else _stored(row)

    async def update(
        self, organization: str, source_id: str, change: Callable[[SourceDocument], SourceDocument]
    ) -> StoredSource:
        """Write what `change` makes of the source as it is now, so that no other change is lost."""
        this = own(sources, organization, id=source_id)

        def work(conn: sa.Connection) -> StoredSource:
            conn.execute(sa.select(sources.c.id).where(this).with_for_update())
            changed = change(_find(conn, organization, source_id).document)
            values = {**_columns(changed), "updated_at": moment(self.now())}
            conn.execute(sa.update(sources).where(this).values(values))
            return _find(conn, organization, source_id)

        return await self.database.write(work)

    async def delete(self, organization: str, source_id: str) -> None:
        """With its bodies, and all that is remembered of its tickets."""
        this = own(sources, organization, id=source_id)

        def work(conn: sa.Connection) -> None:
            # First of all the source, so that nothing arrives any more.
            conn.execute(sa.select(sources.c.id).where(this).with_for_update())
            _find(conn, organization, source_id)
            for table in (source_memories, source_writes, hook_bodies):
                conn.execute(sa.delete(table).where(own(table, organization, source_id=source_id)))
            conn.execute(sa.delete(sources).where(this))

        await self.database.write(work)

    async def refuse(self, organization: str, source_id: str, reason: str) -> None:
        """Count a delivery that was refused; the reason of the last one is shown."""
        counted = {"refusals": sources.c.refusals + 1, "refused_at": moment(self.now())}
        shown = {"refusal": holdable(reason)[:LONGEST_REFUSAL]}
        statement = sa.update(sources).where(own(sources, organization, id=source_id)).values({**counted, **shown})
        await self.database.write(lambda conn: conn.execute(statement).rowcount)

    async def counts(self, organization: str, source_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """How many of the bodies that are kept are in which state, by source."""
        table = hook_bodies
        these = sa.and_(own(table, organization), table.c.source_id.in_(source_ids))
        columns = (table.c.source_id, table.c.state, sa.func.count())
        query = sa.select(*columns).where(these).group_by(table.c.source_id, table.c.state)

        def work(conn: sa.Connection) -> Mapping[str, Mapping[str, int]]:
            found: dict[str, dict[str, int]] = {}
            for source_id, state, number in conn.execute(query):
                found.setdefault(source_id, {})[state] = number
            return found

        return await self.database.read(work)


def _find(conn: sa.Connection, organization: str, source_id: str) -> StoredSource:
    row = conn.execute(sa.select(sources).where(own(sources, organization, id=source_id))).first()
    if row is None:
        raise NotFound(f"there is no source {source_id!r}", field="source_id", value=source_id)
    return _stored(row)


def _columns(document: SourceDocument) -> dict[str, Any]:
    return {
        "name": document.name,
        "kind": document.kind,
        "mapping": document.mapping,
        "settings": dict(document.settings or {}),
        "verify_by": list(document.verify_by),
        "adopt": document.adopt,
        "prefix": document.prefix,
        "secrets": list(document.secrets),
        "connector": None if document.connector is None else dict(document.connector),
        "enabled": document.enabled,
    }


def _stored(row: Any) -> StoredSource:
    document = SourceDocument(
        name=row.name,
        kind=row.kind,
        secrets=tuple(row.secrets),
        mapping=row.mapping,
        settings=row.settings,
        verify_by=tuple(row.verify_by),
        adopt=row.adopt,
        prefix=row.prefix,
        enabled=row.enabled,
        connector=row.connector,
    )
    return StoredSource(
        id=row.id,
        organization=row.organization,
        document=document,
        arrivals=row.arrivals,
        refusals=row.refusals,
        refused_at=optional_instant(row.refused_at),
        refusal=row.refusal,
        created_at=instant(row.created_at),
        updated_at=instant(row.updated_at),
    )
