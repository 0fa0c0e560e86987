"""Listing what has changed in a ticket system since a time, as bodies that its webhooks might have brought."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from domain.digests import digest
from domain.errors import InvalidValue
from domain.instants import SECOND, Instant
from sources.connectors.filling import Document, base_document, evaluated, filled, holds, request_of, times
from sources.connectors.messages import Answer, Connection, Request, Unwritable
from sources.hooks.language.connectors import BackfillPart, ListPart
from sources.hooks.language.expressions import as_text
from sources.hooks.language.times import ISO, read

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
            yield from _listed(part, connection, _of_project(project), since, f"connector.backfill[{index}]")


def _of_project(project: str | None) -> Document:
    if project is None:
        return {}
    owner, _, repository = project.partition("/")
    return {"project": project, "owner": owner, "repository": repository or None}


def _listed(
    part: ListPart, connection: Connection, given: Document, since: Instant, place: str
) -> Generator[Request | FoundBody, Answer | None, None]:
    document: Document = {**base_document(connection), **times(since), "cursor": None, "page": 1, "offset": 0, **given}
    for page in range(1, MOST_PAGES + 1):
        document["page"] = page
        request = request_of(part.request, document, place)
        answer = yield replace(request, dispensable="parent" in given)
        assert answer is not None
        document["answer"] = answer.document
        found = evaluated(part.items, document, f"{place}.items")
        items: Sequence[Any] = found if isinstance(found, list) else ()
        for item in items:
            own = {**document, "item": item}
            if not _is_older(part, own, since, place):
                yield _body(part, own, place)
            for index, one in enumerate(part.within if isinstance(part, BackfillPart) else ()):
                inner = {**given, "parent": item}
                yield from _listed(one, connection, inner, since, f"{place}.within[{index}]")
        document["offset"] += len(items)
        if part.cursor is not None:
            document["cursor"] = evaluated(part.cursor, document, f"{place}.cursor")
        if not items or not holds(part.more, document, f"{place}.more"):
            return


def _body(part: ListPart, own: Document, place: str) -> FoundBody:
    key = as_text(evaluated(part.id, own, f"{place}.id"))
    body = filled(part.body, own, f"{place}.body")
    return FoundBody(f"backfill:{key or digest(own['item'])[:32]}", body, part.headers)


def _is_older(part: ListPart, own: Document, since: Instant, place: str) -> bool:
    """One whose time cannot be read is kept: whoever interprets it says so."""
    if part.at is None:
        return False
    try:
        at = read(evaluated(part.at, own, f"{place}.at"), ISO, UTC, f"{place}.at").at
    except InvalidValue:
        return False
    return at < since // SECOND * SECOND
