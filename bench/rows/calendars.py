"""A calendar that was never seen before, and many in turn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from bench.figures import Figure, median
from bench.rig import Rig
from domain.calendar import Calendar, pin_packaged_tzdata
from domain.instants import HOUR, Micros, parse

FRESH = 300
FEW, MANY = 100, 600
ROUNDS = 5
START = parse("2026-03-10T12:00:00Z")
WORKING = Micros(8 * HOUR)
HOLIDAYS = [date(year, month, day) for year in range(2024, 2030) for month, day in ((1, 1), (5, 1), (12, 25), (12, 26))]


def document(variant: int) -> dict[str, Any]:
    """A week of ten windows and 25 holidays; the variant only makes another calendar of it."""
    pairs = [["09:00", "12:00"], ["13:00", "17:00"]]
    return {
        "timezone": "Europe/Berlin",
        "weekly_hours": dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), pairs),
        "holidays": [day.isoformat() for day in HOLIDAYS] + [{"date": "2024-01-01", "name": f"variant {variant}"}],
    }


async def measure(rig: Rig) -> Sequence[Figure]:  # noqa: ARG001 - as every row's
    pin_packaged_tzdata()
    first = Calendar.from_json(document(0))
    first.add(START, WORKING)
    cold, warm = [], []
    for variant in range(1, FRESH):
        told = document(variant)
        began = time.perf_counter_ns()
        fresh = Calendar.from_json(told)
        fresh.add(START, WORKING)
        cold.append((time.perf_counter_ns() - began) / 1000)
        began = time.perf_counter_ns()
        fresh.add(START, WORKING)
        warm.append((time.perf_counter_ns() - began) / 1000)
    few, many = _in_turn(FEW), _in_turn(MANY)
    return [
        Figure(
            "cold calendar: parse, compile, first add, against a warm add", median(cold), "us", median(warm), "60 us"
        ),
        Figure(f"an add, {MANY} calendars in turn, against {FEW} in turn", many, "us", few, "no cliff"),
    ]


def _in_turn(count: int) -> float:
    calendars = [Calendar.from_json(document(1000 + variant)) for variant in range(count)]
    took = []
    for _ in range(ROUNDS + 1):
        began = time.perf_counter_ns()
        for calendar in calendars:
            calendar.add(START, WORKING)
        took.append((time.perf_counter_ns() - began) / count / 1000)
    return median(took[1:])
