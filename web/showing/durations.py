"""Lengths of working time as people read them, in hours: how long a working day is, only its calendar knows."""

from __future__ import annotations

from domain.instants import HOUR, MINUTE, SECOND

MINUS = "\u2212"


def duration(length: int) -> str:
    """From microseconds: `4 h`, `2 h 5 min`, `90 h`, `12 min`, `40 s`, `0 min`."""
    size = abs(length)
    if 0 < size < MINUTE:
        return f"{max(1, size // SECOND)} s"
    hours, rest = divmod(size, HOUR)
    minutes = rest // MINUTE
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def exact(length: int) -> str:
    """To the second: `2 h 5 min 4 s`, `4 s`, `0 s`."""
    hours, rest = divmod((abs(length) + SECOND // 2) // SECOND, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def signed(length: int) -> str:
    """With a minus where it is used up: `-4 min`, with the sign that is as wide as a plus."""
    return f"{MINUS}{duration(length)}" if length < 0 else duration(length)
