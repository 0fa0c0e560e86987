"""An iCalendar feed as a rota: its events, each from one instant to another, and the texts that name somebody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.instants import Instant
from domain.people.contacts import Contact


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """`[start, end)`. `attendees` are mail addresses and names, as the feed has them."""

    start: Instant
    end: Instant
    summary: str = ""
    attendees: tuple[str, ...] = ()


def named_in(event: FeedEvent, contacts: Sequence[Contact]) -> tuple[str, ...]:
    """Ids of those whom the event names, in the order of the contacts.

    Attendees go first: a contact is one by id, name or address. Where none of them is a contact the summary names
    everybody whose id, name or address stands in it as whole words, such as Ada of `On call: Ada (primary)`.
    """
    present = {text.casefold() for text in event.attendees}
    attending = tuple(one.id for one in contacts if present & _texts(one))
    if attending:
        return attending
    summary = event.summary.casefold()
    return tuple(one.id for one in contacts if any(_stands_in(text, summary) for text in _texts(one)))


def _texts(contact: Contact) -> set[str]:
    return {text.casefold() for text in (contact.id, contact.name, *(one.address for one in contact.addresses))}


def _stands_in(text: str, summary: str) -> bool:
    return text in summary and re.search(rf"(?<!\w){re.escape(text)}(?!\w)", summary) is not None


def events_at(events: Iterable[FeedEvent], at: Instant) -> tuple[FeedEvent, ...]:
    return tuple(one for one in events if one.start <= at < one.end)
