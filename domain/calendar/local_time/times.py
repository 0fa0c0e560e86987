"""Wall-clock times of day and windows between them, in microseconds since local midnight, on whole seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from domain.calendar.local_time.intervals import Interval, WallTime
from domain.errors import InvalidValue
from domain.instants import DAY, HOUR, MINUTE, SECOND

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_MIDNIGHTS_AT_THE_END = frozenset({"24:00", "24:00:00"})


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """`[opens, closes)` in microseconds since local midnight, on whole seconds.

    A window whose `closes` lies before its `opens` runs past midnight: 22:00 to 02:00. Raises InvalidValue for times
    outside the day and for a window of no length.
    """

    opens: int
    closes: int
    today: WallTime = field(init=False, repr=False, compare=False)
    """The part on the date the window belongs to; kept, for many calendars share a window and each asks for it."""
    tomorrow: WallTime | None = field(init=False, repr=False, compare=False)
    """The part on the date after it, where the window runs past midnight."""

    def __post_init__(self) -> None:
        if not (_is_time(self.opens) and 0 <= self.opens < DAY):
            raise InvalidValue("window", self.opens, "must open between 00:00 and 23:59:59")
        if not (_is_time(self.closes) and 0 <= self.closes <= DAY):
            raise InvalidValue("window", self.closes, "must close between 00:00 and 24:00")
        if self.opens == self.closes:
            raise InvalidValue(
                "window", self.to_json(), "must not open and close at once (00:00-24:00 is the whole day)"
            )
        object.__setattr__(self, "today", Interval(self.opens, self.closes if self.closes > self.opens else DAY))
        past_midnight = 0 < self.closes < self.opens
        object.__setattr__(self, "tomorrow", Interval(0, self.closes) if past_midnight else None)

    @classmethod
    def from_json(cls, value: Any, field: str) -> Window:
        """A window from `["HH:MM", "HH:MM"]`. Raises InvalidValue naming the field and the pair."""
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise InvalidValue(field, value, 'must be a pair of times such as ["09:00", "17:00"]')
        opens, closes = (_parse(text) for text in value)
        if opens is None or opens == DAY:
            raise InvalidValue(field, value, "must open at HH:MM or HH:MM:SS, from 00:00 to 23:59:59")
        if closes is None:
            raise InvalidValue(field, value, "must close at HH:MM or HH:MM:SS, from 00:00 to 24:00")
        try:
            return cls(opens, closes)
        except InvalidValue as refusal:
            raise InvalidValue(field, value, refusal.reason) from None

    def to_json(self) -> list[str]:
        return [render_time(self.opens), render_time(self.closes)]


def _is_time(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value % SECOND == 0


def _parse(text: Any) -> int | None:
    if not isinstance(text, str):
        return None
    if text in _MIDNIGHTS_AT_THE_END:
        return DAY
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * HOUR + minutes * MINUTE + seconds * SECOND


def render_time(time: int) -> str:
    minutes, rest = divmod(time, MINUTE)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{rest // SECOND:02}" if rest else text
