"""Filling the templates of a connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from domain.instants import SECOND, Instant, to_datetime
from sources.connectors.messages import Connection, Request, Unwritable
from sources.hooks.language.connectors import PLACES, RequestPart
from sources.hooks.language.expressions import Expression, Unmappable, as_text

Document = dict[str, Any]


def base_document(connection: Connection, subject: str | None = None) -> Document:
    """What expressions look at: `settings`, `ticket`, and each of the connector's `names`. Raises Unwritable."""
    document: Document = {"settings": dict(connection.settings), "answers": {}}
    if subject is None:
        return document
    if not subject.startswith(connection.prefix):
        raise Unwritable("prefix", subject, f"must begin with {connection.prefix}: it is no ticket of this source")
    document["ticket"] = subject.removeprefix(connection.prefix)
    for name, expression in connection.connector.names.items():
        found = evaluated(expression, document, f"connector.names.{name}")
        if found in (None, ""):
            raise Unwritable(f"connector.names.{name}", subject, "is not found in the ticket's id")
        document[name] = found
    return document


def evaluated(expression: Expression, document: Mapping[str, Any], place: str) -> Any:
    try:
        return expression.of(document, place)
    except Unmappable as error:
        raise Unwritable(place, error.value, error.reason) from None


def holds(expression: Expression, document: Mapping[str, Any], place: str) -> bool:
    try:
        return expression.holds(document, place)
    except Unmappable as error:
        raise Unwritable(place, error.value, error.reason) from None


def filled(template: Any, document: Mapping[str, Any], place: str) -> Any:
    """The template with the values of its expressions; keys of objects whose value is null are left out."""
    if isinstance(template, Expression):
        return evaluated(template, document, place)
    if isinstance(template, Mapping):
        parts = {name: filled(part, document, f"{place}.{name}") for name, part in template.items()}
        return {name: part for name, part in parts.items() if part is not None}
    if isinstance(template, list):
        return [filled(part, document, f"{place}[{index}]") for index, part in enumerate(template)]
    return template


def request_of(part: RequestPart, document: Mapping[str, Any], place: str) -> Request:
    """Raises Unwritable where something that the request needs is not there."""
    known = dict(document)
    for name, expression in part.needs.items():
        known[name] = evaluated(expression, known, f"{place}.needs.{name}")
        if known[name] in (None, "", []):
            raise Unwritable(f"{place}.needs.{name}", document.get("value"), part.otherwise or "is not there")
    query = {name: evaluated(expression, known, f"{place}.query.{name}") for name, expression in part.query.items()}
    texts = {name: as_text(value) for name, value in query.items()}
    return Request(
        part.method,
        PLACES.sub(lambda match: _escaped(match[1], known, place), part.path),
        {name: text for name, text in texts.items() if text is not None},
        None if part.body is None else filled(part.body, known, f"{place}.body"),
    )


def _escaped(name: str, document: Mapping[str, Any], place: str) -> str:
    text = as_text(document.get(name))
    # Dots alone would be another path: what names a ticket must not lead elsewhere.
    if not text or text in (".", ".."):
        raise Unwritable(f"{place}.path", text, f"has no {name} that a path can hold")
    return quote(text, safe="")


def times(since: Instant) -> Document:
    """`since` in the ways in which vendors write it, in UTC, cut to the second."""
    at = to_datetime(since)
    return {
        "since": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "since_spaced": at.strftime("%Y-%m-%d %H:%M:%S"),
        "since_epoch": since // SECOND,
        "since_epoch_ms": since // SECOND * 1000,
    }
