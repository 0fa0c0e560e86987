"""Who is on call: rotations and feeds of an organization. What feeds say comes encrypted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant, Micros
from domain.people.on_call import OnCall
from store.access.organizations import begin_change
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import holdable, instant, moment, optional_instant
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.owned import OwnedRows, of_any_version
from store.people.naming import require_contacts
from store.schema.tables import on_calls
from store.schema.tenancy import own

MOST_ON_CALLS = 200
LONGEST_ERROR = 500
LISTED = Listed(columns_of(on_calls, "id", "name", "created_at", "updated_at"), "created_at", searched=("id", "name"))


@dataclass(frozen=True, slots=True)
class SealedFeed:
    """`url` and `text` are encrypted; without a URL the text was pasted.

    `read_at` is when the text was read last, `error` why it could not be read since.
    """

    url: str | None = field(default=None, repr=False)
    text: str | None = field(default=None, repr=False)
    read_at: Instant | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class StoredOnCall:
    """`feed` None: a rotation. `version` counts changes from 1 on; what a feed says is none."""

    on_call: OnCall
    feed: SealedFeed | None
    version: int
    created_at: Instant
    updated_at: Instant


@dataclass(frozen=True, slots=True)
class DueFeed:
    organization: str
    on_call_id: str
    url: str = field(repr=False)


Change = Callable[[StoredOnCall], tuple[OnCall, SealedFeed | None]]
Require = Callable[[StoredOnCall], None]


@dataclass(frozen=True, slots=True)
class OnCalls:
    """Methods that name an on-call raise NotFound for one that does not exist.

    Changes raise InvalidValue for contacts that the organization does not have.
    """

    database: Database
    now: Clock

    async def create(self, organization: str, on_call: OnCall, feed: SealedFeed | None) -> StoredOnCall:
        """Raises NotFound for the organization, Conflict where it has as many as it may have."""

        def work(conn: sa.Connection) -> StoredOnCall:
            begin_change(conn, organization)
            _ON_CALLS.require_fewer(conn, organization, MOST_ON_CALLS)
            require_contacts(conn, organization, on_call.contacts)
            return _ON_CALLS.insert(conn, organization, on_call.id, _columns(on_call, feed), self.now())

        return await self.database.write(work)

    async def list(self, organization: str, part: ListPart) -> Found[StoredOnCall]:
        """Oldest first unless the part says otherwise."""
        return await self.database.read(lambda conn: _ON_CALLS.list(conn, organization, part))

    async def get(self, organization: str, on_call_id: str) -> StoredOnCall:
        return await self.database.read(lambda conn: _ON_CALLS.find(conn, organization, on_call_id))

    async def update(
        self, organization: str, on_call_id: str, change: Change, require: Require = of_any_version
    ) -> StoredOnCall:
        """Write what `change` makes of it as it is now. `require` raises where that is not to be changed."""

        def work(conn: sa.Connection) -> StoredOnCall:
            on_call, feed = change(_ON_CALLS.begin(conn, organization, on_call_id, require))
            require_contacts(conn, organization, on_call.contacts)
            return _ON_CALLS.update(conn, organization, on_call_id, _columns(on_call, feed), self.now())

        return await self.database.write(work)

    async def delete(self, organization: str, on_call_id: str, require: Require = of_any_version) -> None:
        def work(conn: sa.Connection) -> None:
            _ON_CALLS.begin(conn, organization, on_call_id, require)
            _ON_CALLS.delete(conn, organization, on_call_id)

        await self.database.write(work)

    async def due_feeds(self, every: Micros, most: int) -> Sequence[DueFeed]:
        """Feeds of all organizations that nobody has set out to read for so long. They are the caller's from now on."""
        now = self.now()
        before = moment(Instant(now - every))
        is_due = sa.and_(
            on_calls.c.feed_url.is_not(None),
            sa.or_(on_calls.c.feed_tried_at.is_(None), on_calls.c.feed_tried_at <= before),
        )
        query = sa.select(on_calls.c.organization, on_calls.c.id, on_calls.c.feed_url).where(is_due).limit(most)

        def work(conn: sa.Connection) -> Sequence[DueFeed]:
            taken = []
            for row in conn.execute(query).all():
                mine = sa.update(on_calls).where(own(on_calls, row.organization, id=row.id), is_due)
                if conn.execute(mine.values(feed_tried_at=moment(now))).rowcount:
                    taken.append(DueFeed(row.organization, row.id, row.feed_url))
            return taken

        if not await self.database.read(lambda conn: conn.execute(query.limit(1)).first()):
            return ()
        return await self.database.write(work)

    async def keep_feed(self, due: DueFeed, text: str | None, error: str | None) -> bool:
        """Keep what was read of a feed, or why it could not be; return whether it is still the on-call's feed."""
        values: dict[str, Any] = {"feed_error": None if error is None else holdable(error)[:LONGEST_ERROR]}
        if text is not None:
            values |= {"feed_text": text, "feed_read_at": moment(self.now())}
        these = sa.and_(own(on_calls, due.organization, id=due.on_call_id), on_calls.c.feed_url == due.url)
        kept = sa.update(on_calls).where(these).values(values)
        return await self.database.write(lambda conn: conn.execute(kept).rowcount == 1)


def every_on_call(conn: sa.Connection, organization: str) -> Sequence[StoredOnCall]:
    """All of an organization, oldest first."""
    return _ON_CALLS.all(conn, organization)


def _columns(on_call: OnCall, feed: SealedFeed | None) -> dict[str, Any]:
    seen = feed or SealedFeed()
    return {
        "name": on_call.name,
        "doc": on_call.to_json(),
        "feed_url": seen.url,
        "feed_text": seen.text,
        "feed_read_at": moment(seen.read_at),
        "feed_tried_at": moment(seen.read_at),
        "feed_error": seen.error,
    }


def _stored(row: Any) -> StoredOnCall:
    feed = SealedFeed(row.feed_url, row.feed_text, optional_instant(row.feed_read_at), row.feed_error)
    is_fed = row.feed_url is not None or row.feed_text is not None
    return StoredOnCall(
        OnCall.from_json(row.doc),
        feed if is_fed else None,
        row.version,
        instant(row.created_at),
        instant(row.updated_at),
    )


_ON_CALLS = OwnedRows(on_calls, "on-call", LISTED, _stored)
