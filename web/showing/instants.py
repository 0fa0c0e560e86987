"""Instants as people read them: in the organization's zone, and how far they are from now."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.instants import DAY, HOUR, MINUTE, SECOND, Instant, render, to_datetime


def local(at: Instant, zone: str) -> datetime:
    """In the zone of this IANA name."""
    return to_datetime(at).astimezone(ZoneInfo(zone))


def iso(at: Instant) -> str:
    """For machines: `<time datetime="...">`."""
    return render(at)


def date(at: Instant, zone: str) -> str:
    """`Mon 30 Nov 2026`."""
    return f"{local(at, zone):%a %-d %b %Y}"


def clock(at: Instant, zone: str) -> str:
    """`14:02`."""
    return f"{local(at, zone):%H:%M}"


def moment(at: Instant, zone: str, now: Instant, *, exact: bool = False) -> str:
    """Short, and clear: `14:02` today, `Mon 14:02` within six days, `30 Nov 14:02` this year, else with the year.

    `exact` is to the second: `Mon 14:02:09`.
    """
    then, today = local(at, zone), local(now, zone)
    time = f"{then:%H:%M:%S}" if exact else f"{then:%H:%M}"
    days = abs((then.date() - today.date()).days)
    if days == 0:
        return time
    if days <= 6:
        return f"{then:%a} {time}"
    return f"{then:%-d %b} {time}" if then.year == today.year else f"{then:%-d %b %Y} {time}"


def relative(at: Instant, now: Instant) -> str:
    """`in 2 h 5 min`, `4 min ago`, `now` within half a minute, in wall time; static/board.js has the same words."""
    away = at - now
    size = abs(away)
    if size < 30 * SECOND:
        return "now"
    text = rough(size)
    return f"in {text}" if away > 0 else f"{text} ago"


def rough(length: int) -> str:
    """The two largest units of a length in microseconds: `2 d 3 h`, `2 h 5 min`, `4 min`, `40 s`."""
    if length < MINUTE:
        return f"{length // SECOND} s"
    days, rest = divmod(length, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"
