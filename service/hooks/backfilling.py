"""Asking a ticket system for what its webhooks lost: what has changed is kept as a delivery is, and applied as one."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass

from domain.errors import InvalidValue, NoticeFailed, NoticeRefused, SlaError
from domain.instants import Instant, render
from service.dependencies import Dependencies
from service.hooks.connecting import connection_of, target_of
from service.systems import Target
from sources.connectors import Answer, FoundBody, Request, changes
from store.sources.bodies import NewBody
from store.sources.sources import StoredSource

MOST_BODIES = 10_000
MOST_SECONDS = 60.0
SHORTEST_WAIT_SECONDS = 0.2


class TicketSystemFailed(SlaError):
    """The ticket system refused to list, or did not answer; what was listed before that is kept."""

    status = 502
    code = "ticket_system_failed"
    title = "Ticket system failed"


@dataclass(frozen=True, slots=True)
class Backfilled:
    """How many bodies were kept, how many had been kept before, of how many tickets the system refused to list the
    comments, and whether the list was cut, after `MOST_BODIES` or `MOST_SECONDS`."""

    kept: int
    repeated: int
    refused: int
    more: bool


async def backfill(deps: Dependencies, stored: StoredSource, since: Instant) -> Backfilled:
    """Raises InvalidValue for a time that lies ahead, and for a source that cannot list; TicketSystemFailed; NotFound
    for a source that is switched off."""
    if since > deps.now():
        raise InvalidValue("since", render(since), "must not lie ahead")
    target = target_of(stored.document, deps.cipher)
    listing = changes(connection_of(stored.document), since)
    kept = repeated = refused = 0
    until = time.monotonic() + MOST_SECONDS
    try:
        found = next(listing)
        while True:
            if kept + repeated >= MOST_BODIES or time.monotonic() > until:
                return Backfilled(kept, repeated, refused, more=True)
            if not isinstance(found, FoundBody):
                answer = await _asked(deps, target, found, until)
                refused += answer is None
                found = listing.send(Answer() if answer is None else answer)
                continue
            if await deps.store.hook_bodies.keep_listed(stored.organization, stored.id, _body(deps, found), found.id):
                kept += 1
            else:
                repeated += 1
            found = next(listing)
    except StopIteration:
        return Backfilled(kept, repeated, refused, more=False)
    except (NoticeRefused, NoticeFailed) as error:
        raise TicketSystemFailed(error.message) from error


async def _asked(deps: Dependencies, target: Target, request: Request, until: float) -> Answer | None:
    """The answer; None where what is dispensable was refused. A system that says when to come again, in time, is asked
    again then."""
    while True:
        try:
            return await deps.systems.ask(target, request)
        except NoticeRefused:
            if not request.dispensable:
                raise
            return None
        except NoticeFailed as failure:
            wait = failure.retry_after
            if wait is None or time.monotonic() + wait > until:
                raise
            await asyncio.sleep(max(wait, SHORTEST_WAIT_SECONDS))


def _body(deps: Dependencies, found: FoundBody) -> NewBody:
    headers = {"content-type": "application/json", **{name.lower(): value for name, value in found.headers.items()}}
    return NewBody(json.dumps(found.document).encode(), deps.now(), headers, "GET", "")
