"""Carrying out one order: the requests that it takes, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from domain.instants import Instant
from sources.connectors.filling import Document, base_document, evaluated, holds, request_of, times
from sources.connectors.messages import Answer, Connection, Order, Request, Unwritable
from sources.hooks.echoes import marker_of
from sources.hooks.language.connectors import CheckPart, RequestPart, WritePart
from sources.hooks.language.expressions import as_text, folded

Carried = Generator[Request, Answer, str]
"""Yields requests, is sent their answers, and returns what there is to say of it."""


def carry_out(connection: Connection, order: Order, subject: str, begun_at: Instant | None = None) -> Carried:
    """`begun_at`: it was begun before, and nobody knows whether it came to an end.

    Raises Unwritable for an order that the ticket system cannot be given.
    """
    part = connection.connector.writes.get(order.action)
    if part is None:
        known = ", ".join(connection.connector.writes) or "nothing"
        raise Unwritable("action", order.action, f"is not among what this connector can write ({known})")
    place = f"connector.writes.{order.action}"
    document = base_document(connection, subject)
    document |= {"given": order.value, "marker": marker_of(order.key)}
    document["value"] = _value(part, order.value, connection, place)
    if begun_at is not None:
        document |= times(begun_at)
    if begun_at is not None and part.unless is not None and part.done is not None:
        yield from _asked(part.unless, document, f"{place}.unless")
        if holds(part.done, document, f"{place}.done"):
            return "it was written before"
    yield from _asked(part.requests, document, f"{place}.requests")
    return ""


def check(connection: Connection) -> Carried:
    """Whose credentials these are. Raises Unwritable where the ticket system names nobody."""
    part: CheckPart = connection.connector.check
    document = base_document(connection)
    answer = yield request_of(part.request, document, "connector.check")
    who = as_text(evaluated(part.who, {**document, "answer": answer.document}, "connector.check.who"))
    if not who:
        raise Unwritable("connector.credentials", "(not shown)", "must be those of somebody: the answer names nobody")
    return who


def _asked(parts: Sequence[RequestPart], document: Document, place: str) -> Generator[Request, Answer, None]:
    for index, part in enumerate(parts):
        at = f"{place}[{index}]"
        if part.when is not None and not holds(part.when, document, f"{at}.when"):
            continue
        answer = yield request_of(part, document, at)
        document["answer"] = answer.document
        if part.keep is not None:
            document["answers"] = {**document["answers"], part.keep: answer.document}


def _value(part: WritePart, given: str, connection: Connection, place: str) -> str:
    """The vendor's word for what the policy says. Raises Unwritable for one that it has none for."""
    table: Mapping[str, Any] = dict(connection.settings.get(part.setting) or {}) if part.setting else {}
    for word, meaning in table.items():
        if folded(str(meaning)) == folded(given):
            return str(word)
    if part.table is not None and (known_word := part.table.get(folded(given))) is not None:
        return known_word
    if part.others == "keep":
        return given
    # By the word of the vendor itself, too.
    vendors: list[str] = [*map(str, table), *(one for one in (part.table or {}).values() if one is not None)]
    if (own := next((one for one in vendors if folded(one) == folded(given)), None)) is not None:
        return own
    known = ", ".join(dict.fromkeys([*map(str, table.values()), *(part.table or {})])) or "nothing yet"
    hint = f"; settings.{part.setting} says which word stands for it" if part.setting else ""
    raise Unwritable(place, given, f"must be one of {known}{hint}")
