"""Instants, lengths and values as people read them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from domain.instants import HOUR, MINUTE, SECOND, Instant, Micros, to_datetime


def spoken_length(length: Micros) -> str:
    """`26 h 5 min 3.5 s`, exact; days are left out, for a day of work is not one of the calendar."""
    parts = []
    left = abs(length)
    for unit, name in ((HOUR, "h"), (MINUTE, "min")):
        count, left = divmod(left, unit)
        if count:
            parts.append(f"{count} {name}")
    if left or not parts:
        seconds, fraction = divmod(left, SECOND)
        parts.append(f"{seconds}{f'.{fraction:06}'.rstrip('0') if fraction else ''} s")
    return f"{'-' if length < 0 else ''}{' '.join(parts)}"


def spoken_instant(instant: Instant, zone: str) -> str:
    """`Mon 2026-03-02 09:00:00+01:00`, the fraction of a second only where there is one."""
    moment = to_datetime(instant).astimezone(ZoneInfo(zone))
    fraction = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%a %Y-%m-%d %H:%M:%S}{fraction}{moment.isoformat(timespec='microseconds')[26:]}"


def spoken_optional(instant: Instant | None, zone: str, absent: str) -> str:
    return absent if instant is None else spoken_instant(instant, zone)


def printable(text: str) -> str:
    """Names and reasons come from outside; a line stays a line, and a terminal is told nothing."""
    return "".join(character if character.isprintable() else "�" for character in text)
