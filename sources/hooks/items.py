"""Which items a delivery holds: one for each ticket that it speaks of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.digests import digest
from domain.errors import InvalidValue
from domain.instants import Instant, render
from domain.ticket.events import FUTURE_TOLERANCE
from sources.hooks.deliveries import Delivery, NotReadable, decoded
from sources.hooks.language.expressions import Unmappable, as_text
from sources.hooks.language.mapping import SourceMapping
from sources.hooks.language.times import Moment
from sources.hooks.outcomes import Interpretation, Outcome
from sources.hooks.reading import cleaned, id_of, moment_of, subject_of, text_of

LONGEST_KEY = 200
MOST_ITEMS = 1000
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Item:
    """One ticket's part of a delivery. `document` is what expressions look at.

    `identified`: the vendor itself says when it happened, or what its id is.
    """

    index: int
    event: str
    subject: str
    document: Mapping[str, Any]
    key: str
    moment: Moment
    received_at: Instant
    identified: bool


def items(
    mapping: SourceMapping, settings: Mapping[str, Any], delivery: Delivery, prefix: str = ""
) -> list[Item | Interpretation]:
    """The items of a delivery, in the order in which they are to be interpreted.

    What needs no ticket to be decided about comes back decided: what cannot be read, what the mapping does not know,
    what belongs to no ticket. `prefix` stands before the ids of its tickets. `settings` are those of the source, with
    the defaults of the mapping (`settings_of`). Never raises.
    """
    try:
        body = decoded(delivery, mapping.form_field)
    except NotReadable as error:
        shown = delivery.body[:200].decode("utf-8", errors="replace")
        return [set_aside(0, "", Unmappable("body", cleaned(shown), str(error)))]
    base = {
        "body": body,
        "item": body,
        "headers": delivery.headers,
        "query": delivery.query,
        "settings": settings,
        "before": None,
    }
    try:
        parts = _parts(mapping, base)
    except Unmappable as error:
        return [set_aside(0, "", error)]
    whole = hashlib.sha256(delivery.body).hexdigest()[:32] if mapping.each is None else None
    found = [
        _item(mapping, index, {**base, "item": part}, _Arrival(delivery.received_at, whole, prefix))
        for index, part in enumerate(parts)
    ]
    if mapping.ordered_by_time:
        found.sort(key=lambda one: one.moment.at if isinstance(one, Item) else 0)
    return found


def _parts(mapping: SourceMapping, document: Mapping[str, Any]) -> Sequence[Any]:
    if mapping.each is None:
        return [document["body"]]
    parts = mapping.each.of(document, "each")
    if not isinstance(parts, list):
        raise Unmappable("each", _shown(parts), "must find a list in the body")
    if len(parts) > MOST_ITEMS:
        raise Unmappable("each", f"{len(parts)} items", f"must find at most {MOST_ITEMS}")
    return parts


@dataclass(frozen=True, slots=True)
class _Arrival:
    """What all items of a delivery share: `whole` is a digest of its bytes, if it is one item."""

    received_at: Instant
    whole: str | None
    prefix: str


def _item(mapping: SourceMapping, index: int, document: Mapping[str, Any], place: _Arrival) -> Item | Interpretation:
    event = ""
    try:
        event = text_of(mapping.event, document, "event") or ""
        if (reason := _meaningless(mapping, event)) is not None:
            return Interpretation(Outcome.IGNORED, index, event, reason=reason)
        subject = subject_of(mapping.ticket, document, place.prefix)
        if subject is None:
            return Interpretation(Outcome.IGNORED, index, event, reason="it names no ticket")
        own = id_of(mapping.id, document, "id")
        moment = not_ahead(moment_of(mapping.time, document, "time"), place.received_at, "time")
        return Item(
            index=index,
            event=event,
            subject=subject,
            document=document,
            key=short_key(own) if own else place.whole or digest(document["item"])[:32],
            moment=moment or Moment(place.received_at),
            received_at=place.received_at,
            identified=bool(own) or moment is not None,
        )
    except Unmappable as error:
        return set_aside(index, event, error)


def _meaningless(mapping: SourceMapping, event: str) -> str | None:
    if event in mapping.events:
        return None
    if event in mapping.ignore:
        return mapping.ignore[event]
    if EVERY in mapping.events:
        return None
    return f"unknown event {event}" if event else "it names no event"


def short_key(text: str) -> str:
    clean = cleaned(text)
    return clean if len(text) <= LONGEST_KEY else hashlib.sha256(clean.encode()).hexdigest()[:32]


def not_ahead(moment: Moment | None, received_at: Instant, place: str) -> Moment | None:
    """Clocks differ by minutes; what is later than that is a wrong format or zone, and no event."""
    if moment is not None and moment.at > received_at + FUTURE_TOLERANCE:
        raise Unmappable(place, render(moment.at), f"must not lie after the arrival, {render(received_at)}")
    return moment


def set_aside(index: int, event: str, error: InvalidValue) -> Interpretation:
    return Interpretation(
        Outcome.SET_ASIDE, index, event, reason=error.reason, field=error.field, value=_shown(error.value)
    )


def _shown(value: Any) -> Any:
    """What was found, as JSON can carry it and a person can read it."""
    if value is None or isinstance(value, bool):
        return value
    text = as_text(value)
    try:
        return cleaned(text if text is not None else repr(value))[:200]
    except (RecursionError, ValueError):
        return f"{type(value).__name__} too large to show"
