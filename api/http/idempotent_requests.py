"""Carrying out requests with an `Idempotency-Key`: once, with the same answer for each repetition."""

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
from store.access.idempotent_requests import KEY_FIELD, IdempotentRequest, KeptAnswer
from store.store import Store

ANSWERED_BEFORE = "Idempotency-Replayed"
KEPT_HEADERS = ("content-type", "location", "etag")

log = logging.getLogger(__name__)


class Keeping(StrEnum):
    ATOMIC = "atomic"
    REPEATABLE = "repeatable"
    SECRET = "secret"  # noqa: S105 - what the answer holds


class AnsweredBefore(Exception):
    def __init__(self, answer: KeptAnswer) -> None:
        self.answer = answer


class Execution:
    """One execution of a request that came with a key: claim the key, do the work, keep the answer."""

    def __init__(self, store: Store, request: IdempotentRequest, how: Keeping) -> None:
        self._store = store
        self.request = request
        self._how = how
        self._claimed = False

    def around(self) -> AbstractAsyncContextManager[None]:
        """The context in which the request is carried out and its answer is kept."""
        return self._released_by_errors() if self._how is Keeping.REPEATABLE else self._store.database.transaction()

    async def claim(self) -> None:
        """Claim the key. Raises AnsweredBefore if there is an answer, IdempotencyKeyReused for another request."""
        if (answer := await self._store.idempotent_requests.claim(self.request)) is not None:
            raise AnsweredBefore(answer)
        self._claimed = True

    async def settle(self, response: Response) -> Response:
        """The response that counts. Only a success is kept."""
        if not 200 <= response.status_code < 300:
            await self._store.idempotent_requests.release(self.request)
            return response
        answer = self._answer(response)
        kept = await self._keep(answer)
        return response if kept is answer else self.repeated(kept)

    def repeated(self, answer: KeptAnswer) -> Response:
        if self._how is not Keeping.SECRET:
            return Response(answer.body, answer.status, {**answer.headers, ANSWERED_BEFORE: "true"})
        created = json.loads(answer.body)["id"]
        reason = f"The request under this key created {created}; its secret was shown then and is not known here."
        refusal = problems.response(IdempotencyKeyUsed(reason, field=KEY_FIELD, value=created))
        refusal.headers.update({name: value for name, value in answer.headers.items() if name == "location"})
        return refusal

    def _answer(self, response: Response) -> KeptAnswer:
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        body = bytes(response.body).decode()
        if self._how is Keeping.SECRET:
            body = json.dumps({"id": json.loads(body)["id"]})
        return KeptAnswer(response.status_code, headers, body)

    async def _keep(self, answer: KeptAnswer) -> KeptAnswer:
        try:
            return await self._store.idempotent_requests.keep(self.request, answer)
        except StoreUnavailable as error:
            if self._how is not Keeping.REPEATABLE:
                raise
            # The work is done, and a retry repeats it without harm.
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
                    await self._store.idempotent_requests.release(self.request)
            raise


def derived_event_id(request: IdempotentRequest) -> str:
    """An id for an event that came without one: the same for every retry, even if no answer was kept."""
    text = f"{request.organization}/{request.key}/{request.digest}"
    return f"evt_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
