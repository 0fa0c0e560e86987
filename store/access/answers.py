"""What requests with an idempotency key were answered, for a day, so that a retry is answered the same."""

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
from store.schema.tables import answers
from store.schema.tenancy import own

KEPT_FOR = Micros(24 * HOUR)
MOST_PURGED = 100
KEY_FIELD = "Idempotency-Key"
"""What those who send keys call them."""
_NOT_YET = 0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Question:
    """A request under a key; `digest` is equal for equal requests."""

    organization: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answers:
    """`claim` comes first, then the work, then `keep`; in one transaction (`Database.transaction`) or in one each.

    In one, whoever asks the same meanwhile waits for its end, so the work is done once. In one each, everybody who asks
    before an answer is kept does the work, which must stand that, and all of them get the first answer.
    """

    database: Database
    now: Clock

    async def claim(self, question: Question) -> Answer | None:
        """The answer that was kept; None: the work is to be done. Raises IdempotencyKeyReused."""

        def work(conn: sa.Connection) -> Any:
            expired = answers.c.answered_at <= moment(Instant(self.now() - KEPT_FOR))
            conn.execute(sa.delete(answers).where(_under(question), expired))
            held = None
            while held is None:  # it may be released between the two
                if insert_new(conn, answers, self._row(question, Answer(_NOT_YET, {}, ""))):
                    # Behind our own row: whoever waits for another one's key holds nothing that others wait for.
                    _purge(conn, expired)
                    return None
                held = _held(conn, question)
            return held

        if (held := await self.database.write(work)) is None:
            return None
        if held.request_digest != question.digest:
            raise IdempotencyKeyReused(
                KEY_FIELD, question.key, "was sent with another request before; choose a new one"
            )
        return _answer(held)

    async def keep(self, question: Question, answer: Answer) -> Answer:
        """The answer that counts: this one, unless somebody who asked the same was quicker."""
        row = self._row(question, answer)

        def work(conn: sa.Connection) -> Answer:
            if (conn.execute(sa.update(answers).where(_unanswered(question)).values(row))).rowcount:
                return answer
            if insert_new(conn, answers, row):
                return answer
            held = _held(conn, question)
            same = held is not None and held.request_digest == question.digest
            return (_answer(held) if same else None) or answer

        return await self.database.write(work)

    async def release(self, question: Question) -> None:
        """The work came to nothing: the key is free for another request."""

        def work(conn: sa.Connection) -> None:
            conn.execute(sa.delete(answers).where(_unanswered(question)))

        await self.database.write(work)

    def _row(self, question: Question, answer: Answer) -> dict[str, Any]:
        return {
            "organization": question.organization,
            "key": question.key,
            "request_digest": question.digest,
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": answer.body,
            "answered_at": moment(self.now()),
        }


def _held(conn: sa.Connection, question: Question) -> Any:
    return (conn.execute(sa.select(answers).where(_under(question)))).first()


def _purge(conn: sa.Connection, expired: sa.ColumnElement[bool]) -> None:
    """Some of what has expired, whoever it belongs to; what others are about to remove is left to them."""
    key = sa.tuple_(answers.c.organization, answers.c.key)
    oldest = sa.select(answers.c.organization, answers.c.key).where(expired).order_by(answers.c.answered_at)
    some = oldest.limit(MOST_PURGED).with_for_update(skip_locked=True)
    conn.execute(sa.delete(answers).where(key.in_(some)))


def _under(question: Question) -> sa.ColumnElement[bool]:
    return own(answers, question.organization, key=question.key)


def _unanswered(question: Question) -> sa.ColumnElement[bool]:
    return sa.and_(_under(question), answers.c.request_digest == question.digest, answers.c.status == _NOT_YET)


def _answer(row: Any) -> Answer | None:
    return None if row.status == _NOT_YET else Answer(row.status, row.headers, row.body)
