"""Opening times as people type them: `09:00-12:00, 13:00-17:00`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from domain.calendar.validation import WEEKDAYS

SHORT = dict(zip(WEEKDAYS, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
LONG = dict(zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))
_BETWEEN = re.compile(r"\s*[-\u2013]\s*")


def windows_in(text: str) -> list[Any]:
    """Pairs of times; what is none stays a text, for the schema to refuse. `closed` and nothing are no windows."""
    if text.strip().lower() in ("", "closed", "-", "\u2013"):
        return []
    found: list[Any] = []
    for one in text.split(","):
        pair = [_time(part) for part in _BETWEEN.split(one.strip())]
        found.append(pair if len(pair) == 2 else one.strip())
    return found


def spelled(windows: Iterable[Sequence[str]]) -> str:
    return ", ".join(f"{opens}-{closes}" for opens, closes in windows)


def week(hours: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """`Mon-Thu 09:00-17:00, Fri 09:00-15:00`; days that are alike stand together."""
    said = []
    for text, days in groupby(WEEKDAYS, lambda day: spelled(hours.get(day, ())).replace(", ", " and ")):
        listed = list(days)
        if text:
            names = SHORT[listed[0]] if len(listed) == 1 else f"{SHORT[listed[0]]}\u2013{SHORT[listed[-1]]}"
            said.append(f"{names} {text.replace('-', chr(0x2013))}")
    return ", ".join(said) or "closed"


def _time(text: str) -> str:
    """`9:00` and `9` are meant as `09:00`."""
    if re.fullmatch(r"\d{1,2}", text):
        return f"{int(text):02}:00"
    return f"0{text}" if re.fullmatch(r"\d:\d\d(:\d\d)?", text) else text
