"""One go at a request with an `Idempotency-Key`: claim the key, do the work, keep the answer."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from enum import StrEnum

from starlette.responses import Response

from api.http import problems
from domain.errors import IdempotencyKeyUsed, StoreUnavailable
from store.access.answers import KEY_FIELD, Answer, Question
from store.store import Store

REPLAYED = "Idempotency-Replayed"
KEPT_HEADERS = ("content-type", "location", "etag")

log = logging.getLogger(__name__)


class Keeping(StrEnum):
    ATOMIC = "atomic"
    REPEATABLE = "repeatable"
    SECRET = "secret"  # noqa: S105 - what the answer holds


class AnsweredBefore(Exception):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer


class Attempt:
    """One go at a request that came with a key."""

    def __init__(self, store: Store, question: Question, how: Keeping) -> None:
        self._store = store
        self.question = question
        self._how = how
        self._claimed = False

    def around(self) -> AbstractAsyncContextManager[None]:
        """What the whole go, answer included, happens in."""
        return self._released_by_errors() if self._how is Keeping.REPEATABLE else self._store.database.transaction()

    async def claim(self) -> None:
        """Raises AnsweredBefore, IdempotencyKeyReused."""
        if (answer := await self._store.answers.claim(self.question)) is not None:
            raise AnsweredBefore(answer)
        self._claimed = True

    async def settle(self, response: Response) -> Response:
        """The response that counts; only success is kept."""
        if not 200 <= response.status_code < 300:
            await self._store.answers.release(self.question)
            return response
        answer = self._answer(response)
        kept = await self._keep(answer)
        return response if kept is answer else self.again(kept)

    def again(self, answer: Answer) -> Response:
        if self._how is not Keeping.SECRET:
            return Response(answer.body, answer.status, {**answer.headers, REPLAYED: "true"})
        created = json.loads(answer.body)["id"]
        told = f"The request under this key created {created}; its secret was shown then and is not known here."
        refusal = problems.response(IdempotencyKeyUsed(told, field=KEY_FIELD, value=created))
        refusal.headers.update({name: value for name, value in answer.headers.items() if name == "location"})
        return refusal

    def _answer(self, response: Response) -> Answer:
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        body = bytes(response.body).decode()
        if self._how is Keeping.SECRET:
            body = json.dumps({"id": json.loads(body)["id"]})
        return Answer(response.status_code, headers, body)

    async def _keep(self, answer: Answer) -> Answer:
        try:
            return await self._store.answers.keep(self.question, answer)
        except StoreUnavailable as error:
            if self._how is not Keeping.REPEATABLE:
                raise
            # Done is done, and a retry does it again without harm.
            log.warning("an answer is not kept: %s", error)
            return answer

    @asynccontextmanager
    async def _released_by_errors(self) -> AsyncIterator[None]:
        try:
            yield
        except AnsweredBefore:
            raise
        except Exception:
            if self._claimed:
                with suppress(StoreUnavailable):
                    await self._store.answers.release(self.question)
            raise


def derived_event_id(question: Question) -> str:
    """An id for an event that came without one: the same for every retry, whatever was kept of the first time."""
    text = f"{question.organization}/{question.key}/{question.digest}"
    return f"evt_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
