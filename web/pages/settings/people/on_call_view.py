"""Who is on call now, and the next handovers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from domain.instants import DAY, Instant
from domain.people.on_call import Duty, Rota
from store.people.on_calls import StoredOnCall

AHEAD = 28 * DAY
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class ShiftRow:
    who: str
    start: Instant
    end: Instant
    because: str


@dataclass(frozen=True, slots=True)
class OnCallRow:
    """`until` is the next handover within four weeks, and `then` who comes then; None and empty where there is none."""

    id: str
    name: str
    zone: str
    now: str
    is_nobody: bool
    because: str
    until: Instant | None
    then: str
    feed_error: str
    is_feed: bool


def row_of(stored: StoredOnCall, rota: Rota, names: Mapping[str, str], now: Instant) -> OnCallRow:
    coming = list(islice(rota.shifts(now, Instant(now + AHEAD)), 2))
    duty = rota.at(now)
    following = coming[1] if len(coming) > 1 else None
    return OnCallRow(
        id=stored.on_call.id,
        name=stored.on_call.name,
        zone=stored.on_call.timezone,
        now=who(duty, names),
        is_nobody=not duty.contacts,
        because=because(duty),
        until=None if following is None else following.start,
        then="" if following is None else who(following.duty, names),
        feed_error=(stored.feed.error or "") if stored.feed else "",
        is_feed=stored.feed is not None,
    )


def shift_rows(rota: Rota, names: Mapping[str, str], now: Instant, most: int = 30) -> Sequence[ShiftRow]:
    """From the present shift on, four weeks ahead."""
    shifts = islice(rota.shifts(now, Instant(now + AHEAD)), most)
    return [ShiftRow(who(one.duty, names), one.start, one.end, because(one.duty)) for one in shifts]


def who(duty: Duty, names: Mapping[str, str]) -> str:
    return ", ".join(names.get(one, one) for one in duty.contacts) or NOBODY


def because(duty: Duty) -> str:
    return f"{duty.because}: {duty.summary}" if duty.summary else duty.because
