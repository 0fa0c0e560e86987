"""Asking a ticket system for what its webhooks lost: what has changed is kept as a delivery is, and applied as one."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from domain.errors import InvalidValue, NoticeFailed, NoticeRefused, SlaError
from domain.instants import Instant, render
from service.dependencies import Dependencies
from service.hooks.connecting import connection_of, target_of
from sources.connectors import FoundBody, changes
from store.sources.bodies import NewBody
from store.sources.sources import StoredSource

MOST_BODIES = 10_000
MOST_SECONDS = 60.0


class TicketSystemFailed(SlaError):
    """The ticket system refused to list, or did not answer; what was listed before that is kept."""

    status = 502
    code = "ticket_system_failed"
    title = "Ticket system failed"


@dataclass(frozen=True, slots=True)
class Backfilled:
    """How many bodies were kept, how many had been kept before, and whether the list was cut, after `MOST_BODIES` or
    `MOST_SECONDS`."""

    kept: int
    repeated: int
    more: bool


async def backfill(deps: Dependencies, stored: StoredSource, since: Instant) -> Backfilled:
    """Raises InvalidValue for a time that lies ahead, and for a source that cannot list; TicketSystemFailed; NotFound
    for a source that is switched off."""
    if since > deps.now():
        raise InvalidValue("since", render(since), "must not lie ahead")
    target = target_of(stored.document, deps.cipher)
    listing = changes(connection_of(stored.document), since)
    kept = repeated = 0
    until = time.monotonic() + MOST_SECONDS
    try:
        found = next(listing)
        while True:
            if not isinstance(found, FoundBody):
                found = listing.send(await deps.systems.ask(target, found))
                continue
            if kept + repeated >= MOST_BODIES or time.monotonic() > until:
                return Backfilled(kept, repeated, more=True)
            if await deps.store.hook_bodies.keep_listed(stored.organization, stored.id, _body(deps, found), found.id):
                kept += 1
            else:
                repeated += 1
            found = next(listing)
    except StopIteration:
        return Backfilled(kept, repeated, more=False)
    except (NoticeRefused, NoticeFailed) as error:
        raise TicketSystemFailed(error.message) from error


def _body(deps: Dependencies, found: FoundBody) -> NewBody:
    headers = {"content-type": "application/json", **{name.lower(): value for name, value in found.headers.items()}}
    return NewBody(json.dumps(found.document).encode(), deps.now(), headers, "GET", "")
