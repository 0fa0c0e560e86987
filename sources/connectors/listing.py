"""Listing what has changed in a ticket system since a time, as bodies that its webhooks might have brought."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.digests import digest
from domain.instants import Instant
from sources.connectors.filling import Document, base_document, evaluated, filled, holds, request_of, times
from sources.connectors.messages import Answer, Connection, Request, Unwritable
from sources.hooks.language.connectors import BackfillPart
from sources.hooks.language.expressions import as_text

MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class FoundBody:
    """`id` is the same whenever the same change is listed."""

    id: str
    document: Any
    headers: Mapping[str, str]


Listing = Generator[Request | FoundBody, Answer | None, None]
"""Yields requests, which are answered, and bodies, which are not."""


def changes(connection: Connection, since: Instant) -> Listing:
    """Raises Unwritable for a connector that cannot list, and for a source without projects where it needs them."""
    parts = connection.connector.backfill
    if not parts:
        raise Unwritable("connector.backfill", None, "is not said in the mapping: this connector cannot list changes")
    if connection.connector.by_project and not connection.projects:
        raise Unwritable("connector.projects", [], "must name the projects to list: this system lists by project")
    for index, part in enumerate(parts):
        for project in connection.projects if part.by_project else (None,):
            yield from _listed(part, connection, project, since, f"connector.backfill[{index}]")


def _listed(
    part: BackfillPart, connection: Connection, project: str | None, since: Instant, place: str
) -> Generator[Request | FoundBody, Answer | None, None]:
    document: Document = {**base_document(connection), **times(since), "cursor": None, "page": 1, "offset": 0}
    if project is not None:
        owner, _, repository = project.partition("/")
        document |= {"project": project, "owner": owner, "repository": repository or None}
    for page in range(1, MOST_PAGES + 1):
        document["page"] = page
        answer = yield request_of(part.request, document, place)
        assert answer is not None
        document["answer"] = answer.document
        items = evaluated(part.items, document, f"{place}.items") or []
        for item in items if isinstance(items, list) else ():
            own = {**document, "item": item}
            key = as_text(evaluated(part.id, own, f"{place}.id"))
            yield FoundBody(
                f"backfill:{key or digest(item)[:32]}", filled(part.body, own, f"{place}.body"), part.headers
            )
        document["offset"] += len(items)
        if part.cursor is not None:
            document["cursor"] = evaluated(part.cursor, document, f"{place}.cursor")
        if not items or not holds(part.more, document, f"{place}.more"):
            return
