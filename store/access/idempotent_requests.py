"""Requests with an idempotency key and their answers, kept for a day, so that a retry gets the same answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.errors import IdempotencyKeyReused
from domain.instants import HOUR, Instant, Micros
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import moment
from store.database.upserts import insert_new
from store.schema.tables import idempotent_requests
from store.schema.tenancy import own

KEPT_FOR = Micros(24 * HOUR)
MOST_PURGED = 100
KEY_FIELD = "Idempotency-Key"
"""The name of the header that carries the key."""
_NOT_YET = 0


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request under a key. `digest` is the same for the same method, path, query and body."""

    organization: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class IdempotentRequests:
    """Call `claim` first, then do the work, then call `keep`.

    The three may share a transaction (`Database.transaction`) or have one each.

    In one transaction the work is done once: the same request waits until the transaction ends. With a transaction for
    each step, every request that arrives before an answer is kept does the work again. The work must then be
    repeatable, and every request gets the first answer.
    """

    database: Database
    now: Clock

    async def claim(self, request: IdempotentRequest) -> KeptAnswer | None:
        """The answer that was kept, None if the work is still to be done.

        Raises IdempotencyKeyReused when the key came with another request before.
        """

        def work(conn: sa.Connection) -> Any:
            expired = idempotent_requests.c.answered_at <= moment(Instant(self.now() - KEPT_FOR))
            conn.execute(sa.delete(idempotent_requests).where(_under(request), expired))
            held = None
            while held is None:  # it may be released between the two
                if insert_new(conn, idempotent_requests, self._row(request, KeptAnswer(_NOT_YET, {}, ""))):
                    # After our own row, so that a request that waits for a key holds no row that others wait for.
                    _purge(conn, expired)
                    return None
                held = _held(conn, request)
            return held

        if (held := await self.database.write(work)) is None:
            return None
        if held.request_digest != request.digest:
            raise IdempotencyKeyReused(KEY_FIELD, request.key, "was sent with another request before; choose a new one")
        return _answer(held)

    async def keep(self, request: IdempotentRequest, answer: KeptAnswer) -> KeptAnswer:
        """The answer that counts: this one, unless the same request has been answered meanwhile."""
        row = self._row(request, answer)

        def work(conn: sa.Connection) -> KeptAnswer:
            if (conn.execute(sa.update(idempotent_requests).where(_unanswered(request)).values(row))).rowcount:
                return answer
            if insert_new(conn, idempotent_requests, row):
                return answer
            held = _held(conn, request)
            same = held is not None and held.request_digest == request.digest
            return (_answer(held) if same else None) or answer

        return await self.database.write(work)

    async def release(self, request: IdempotentRequest) -> None:
        """Free the key for another request, because the work failed."""

        def work(conn: sa.Connection) -> None:
            conn.execute(sa.delete(idempotent_requests).where(_unanswered(request)))

        await self.database.write(work)

    def _row(self, request: IdempotentRequest, answer: KeptAnswer) -> dict[str, Any]:
        return {
            "organization": request.organization,
            "key": request.key,
            "request_digest": request.digest,
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": answer.body,
            "answered_at": moment(self.now()),
        }


def _held(conn: sa.Connection, request: IdempotentRequest) -> Any:
    return (conn.execute(sa.select(idempotent_requests).where(_under(request)))).first()


def _purge(conn: sa.Connection, expired: sa.ColumnElement[bool]) -> None:
    """Remove some expired requests of all organizations, except those that another transaction is removing."""
    key = sa.tuple_(idempotent_requests.c.organization, idempotent_requests.c.key)
    oldest = (
        sa.select(idempotent_requests.c.organization, idempotent_requests.c.key)
        .where(expired)
        .order_by(idempotent_requests.c.answered_at)
    )
    some = oldest.limit(MOST_PURGED).with_for_update(skip_locked=True)
    conn.execute(sa.delete(idempotent_requests).where(key.in_(some)))


def _under(request: IdempotentRequest) -> sa.ColumnElement[bool]:
    return own(idempotent_requests, request.organization, key=request.key)


def _unanswered(request: IdempotentRequest) -> sa.ColumnElement[bool]:
    return sa.and_(
        _under(request),
        idempotent_requests.c.request_digest == request.digest,
        idempotent_requests.c.status == _NOT_YET,
    )


def _answer(row: Any) -> KeptAnswer | None:
    return None if row.status == _NOT_YET else KeptAnswer(row.status, row.headers, row.body)
