"""What ticket systems have sent: kept before anything else, then listed with what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from domain.errors import Conflict, NotFound
from domain.instants import Instant
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import holdable, instant, moment, optional_instant
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.schema.tables import hook_bodies, sources
from store.schema.tenancy import own

MOST_PRUNED = 500
LISTED = Listed(
    columns_of(hook_bodies, "received_at", "state", "attempts", "retry_at", "settled_at", body="arrival"),
    "-body",
    "body",
)


class BodyState(StrEnum):
    """`stored`: it is still to be interpreted. `applied`: its tickets have its events. `ignored`: it means nothing.
    `set_aside`: the mapping does not fit it, or no instance takes what it says; it can be tried again."""

    STORED = "stored"
    APPLIED = "applied"
    IGNORED = "ignored"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class NewBody:
    """A delivery as it came, without what is secret of it."""

    body: bytes
    received_at: Instant
    headers: Mapping[str, str]
    method: str
    uri: str


@dataclass(frozen=True, slots=True)
class StoredBody:
    """`arrival` is its number at its source, from 1. `outcomes` says of each of its items what became of it."""

    source_id: str
    arrival: int
    delivery: NewBody
    state: BodyState
    outcomes: Sequence[Mapping[str, Any]]
    reason: str
    attempts: int
    retry_at: Instant | None
    settled_at: Instant | None


@dataclass(frozen=True, slots=True)
class HookBodies:
    database: Database
    now: Clock

    async def keep_listed(self, organization: str, source_id: str, new: NewBody, listed: str) -> int | None:
        """Keep a body that was asked for and is known by that name; None where it was kept before."""
        this = own(hook_bodies, organization, source_id=source_id, listed=listed)
        known = sa.select(hook_bodies.c.arrival).where(this)
        if await self.database.read(lambda conn: conn.execute(known).first()) is not None:
            return None
        return await self.keep(organization, source_id, new, listed)

    async def keep(self, organization: str, source_id: str, new: NewBody, listed: str | None = None) -> int:
        """Keep a delivery and return its number.

        Numbers are given in the order in which transactions end: whoever sees one sees all before it. Raises NotFound
        for a source that is switched off, or gone.
        """
        this = sa.and_(own(sources, organization, id=source_id), sources.c.enabled)
        number = sa.update(sources).where(this).values(arrivals=sources.c.arrivals + 1).returning(sources.c.arrivals)
        row = {
            "organization": organization,
            "source_id": source_id,
            "received_at": moment(new.received_at),
            "method": new.method,
            "uri": holdable(new.uri),
            "headers": dict(new.headers),
            "body": new.body,
            "state": BodyState.STORED.value,
            "reason": "",
            "attempts": 0,
            "listed": listed,
        }

        def work(conn: sa.Connection) -> int:
            arrival = conn.scalar(number)
            if arrival is None:
                raise NotFound("there is no such source")
            conn.execute(sa.insert(hook_bodies).values({**row, "arrival": arrival}))
            return int(arrival)

        return await self.database.write(work)

    async def list(
        self, organization: str, source_id: str, part: ListPart, state: BodyState | None = None
    ) -> Found[StoredBody]:
        """The bodies of a source, the newest first unless the part says otherwise.

        Without their bytes, which `get` has.
        """
        table = hook_bodies
        these = own(table, organization, source_id=source_id)
        if state is not None:
            these = sa.and_(these, table.c.state == state.value)
        return await self.database.read(
            lambda conn: LISTED.find(conn, sa.select(*_BUT_THE_BYTES), table, these, part).each(stored_body)
        )

    async def get(self, organization: str, source_id: str, arrival: int) -> StoredBody:
        """Raises NotFound."""
        return await self.database.read(lambda conn: _find(conn, organization, source_id, arrival))

    async def replay(self, organization: str, source_id: str, arrival: int) -> StoredBody:
        """Have one body interpreted once more, whatever became of it. Raises NotFound, and Conflict for one that
        waits already."""
        this = own(hook_bodies, organization, source_id=source_id, arrival=arrival)

        def work(conn: sa.Connection) -> StoredBody:
            found = _find(conn, organization, source_id, arrival)
            if found.state is BodyState.STORED:
                raise Conflict(f"body {arrival} waits to be interpreted already", field="body", value=arrival)
            conn.execute(sa.update(hook_bodies).where(this).values(_AGAIN))
            return _find(conn, organization, source_id, arrival)

        return await self.database.write(work)

    async def replay_set_aside(self, organization: str, source_id: str) -> int:
        """Have all that is set aside interpreted once more; return how many they are."""
        these = own(hook_bodies, organization, source_id=source_id, state=BodyState.SET_ASIDE.value)
        statement = sa.update(hook_bodies).where(these).values(_AGAIN)
        return await self.database.write(lambda conn: int(conn.execute(statement).rowcount))

    async def prune(self, before: Instant) -> int:
        """Remove what arrived before that instant and is settled, some of it; return how many went.

        What still waits stays, however old it is.
        """
        table = hook_bodies
        old = sa.and_(table.c.received_at < moment(before), table.c.state != BodyState.STORED.value)
        key = sa.tuple_(table.c.source_id, table.c.arrival)
        some = sa.select(table.c.source_id, table.c.arrival).where(old).order_by(table.c.received_at)
        statement = sa.delete(table).where(key.in_(some.limit(MOST_PRUNED).with_for_update(skip_locked=True)))
        return await self.database.write(lambda conn: int(conn.execute(statement).rowcount))


_BUT_THE_BYTES = [
    *(column for column in hook_bodies.c if column.name != "body"),
    sa.literal(b"", sa.LargeBinary).label("body"),
]
_AGAIN = {"state": BodyState.STORED.value, "attempts": 0, "retry_at": None, "reason": ""}


def _find(conn: sa.Connection, organization: str, source_id: str, arrival: int) -> StoredBody:
    this = own(hook_bodies, organization, source_id=source_id, arrival=arrival)
    row = conn.execute(sa.select(hook_bodies).where(this)).first()
    if row is None:
        raise NotFound(f"there is no body {arrival} of this source", field="body", value=arrival)
    return stored_body(row)


def stored_body(row: Any) -> StoredBody:
    return StoredBody(
        source_id=row.source_id,
        arrival=row.arrival,
        delivery=NewBody(bytes(row.body), instant(row.received_at), row.headers, row.method, row.uri),
        state=BodyState(row.state),
        outcomes=row.outcomes or (),
        reason=row.reason,
        attempts=row.attempts,
        retry_at=optional_instant(row.retry_at),
        settled_at=optional_instant(row.settled_at),
    )
