"""Instants as people read them: in their zone, to the minute, and how far away they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SECOND, _MINUTE, _HOUR, _DAY = 1, 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever reads a message: in an IANA zone, at an instant. A zone that is not known is read as UTC."""

    zone: str
    now: datetime

    @property
    def local_zone(self) -> tzinfo:
        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            return UTC

    def moment(self, text: str | None) -> dict[str, str] | None:
        """`at` and `relative` of an RFC 3339 instant, and `iso` as it was; None for None."""
        if text is None:
            return None
        at = datetime.fromisoformat(text)
        return {"iso": text, "at": self._at(at), "relative": relative(at - self.now)}

    def seconds_since(self, text: str) -> int:
        """From an RFC 3339 instant until now; negative for one that is to come."""
        return round((self.now - datetime.fromisoformat(text)).total_seconds())

    def _at(self, moment: datetime) -> str:
        """`15:13` today, else `Mon 2 Mar, 15:13`, with its year where that is another than today's."""
        local, today = moment.astimezone(self.local_zone), self.now.astimezone(self.local_zone)
        if local.date() == today.date():
            return f"{local:%H:%M}"
        year = "" if local.year == today.year else f" {local.year}"
        return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"


def relative(distance: timedelta) -> str:
    """`in 12 min`, `12 min ago`, `now`. Beyond two units nobody counts: `in 3 h 5 min`, `4 days ago`."""
    seconds = round(distance.total_seconds())
    if seconds == 0:
        return "now"
    length = rough(abs(seconds))
    return f"in {length}" if seconds > 0 else f"{length} ago"


def rough(seconds: int) -> str:
    """A length in its two largest units: `45 s`, `12 min`, `3 h 5 min`, `4 days`. What is left is cut off."""
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < 2 * _DAY:
        minutes = seconds % _HOUR // _MINUTE
        return f"{seconds // _HOUR} h" + (f" {minutes} min" if minutes else "")
    return f"{seconds // _DAY} days"
