"""What a feed of an on-call says, without what is needed to read one."""

from __future__ import annotations

from dataclasses import dataclass

from domain.instants import DAY, Instant
from domain.people.feeds import FeedEvent


@dataclass(frozen=True, slots=True)
class Feed:
    """`unread` is how many events could not be read."""

    events: tuple[FeedEvent, ...]
    unread: int = 0


def feed_of(text: str, zone: str, at: Instant) -> Feed:
    """What a feed says around an instant. Times without a zone, and whole days, are those of `zone`.

    Raises InvalidValue for the field `ical`: of a text that is no calendar, of one with too many events, and of one of
    which no event can be read. Takes up to seconds: call it in a thread.
    """
    # Here and not at every start: most organizations have no feed.
    from service.people.feeds import read_feed  # noqa: PLC0415

    return read_feed(text, zone, at // DAY)
