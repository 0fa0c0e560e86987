"""The trend as a drawing, with the same in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from web.pages.compliance.figures import rate

Document = Mapping[str, Any]
HEIGHT = 100.0
STEP = 10
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Bar:
    """How many were met and broken in a bucket: heights in percent of the tallest."""

    x: float
    width: float
    met: float
    breached: float


@dataclass(frozen=True, slots=True)
class TrendRow:
    label: str
    rate: str
    met: int
    breached: int
    excused: int
    is_part: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """A drawing of 100 by 100. `lines` are paths, broken where nothing was counted; `dots` have a place each.

    `lowest` is the rate at its foot, in percent; `text` says the same in a sentence, `rows` in a table.
    """

    lines: Sequence[str]
    dots: Sequence[tuple[float, float]]
    bars: Sequence[Bar]
    lowest: int
    most: int
    first: str
    last: str
    text: str
    rows: Sequence[TrendRow]


def trend_of(buckets: Sequence[Document]) -> Trend | None:
    """Of the buckets of a trend in their order; None where nothing was counted in any."""
    rates = [one["compliance_rate"] for one in buckets]
    known = [one for one in rates if one is not None]
    if not known:
        return None
    lowest = min(90, int(min(known)) // STEP * STEP)
    width = 100 / len(buckets)
    places = [
        None if one is None else (round((index + 0.5) * width, 2), round(_height(one, lowest), 2))
        for index, one in enumerate(rates)
    ]
    most = max(one["met"] + one["breached"] for one in buckets)
    return Trend(
        lines=list(_lines(places)),
        dots=[place for place in places if place is not None],
        bars=[_bar(one, index * width, width, most) for index, one in enumerate(buckets)],
        lowest=lowest,
        most=most,
        first=named(buckets[0]["label"]),
        last=named(buckets[-1]["label"]),
        text=_sentence(buckets),
        rows=[
            TrendRow(
                named(one["label"]),
                rate(one["compliance_rate"]),
                one["met"],
                one["breached"],
                one["excused"],
                one["clipped"],
            )
            for one in buckets
        ],
    )


def _height(value: float, lowest: int) -> float:
    return HEIGHT * (100 - value) / (100 - lowest)


def _lines(places: Sequence[tuple[float, float] | None]) -> Iterator[str]:
    path: list[tuple[float, float]] = []
    for place in (*places, None):
        if place is not None:
            path.append(place)
            continue
        if len(path) > 1:
            yield "M" + "L".join(f"{x:g} {y:g}" for x, y in path)
        path = []


def _bar(bucket: Document, left: float, width: float, most: int) -> Bar:
    inset = width * 0.15
    return Bar(
        round(left + inset, 2),
        round(width - 2 * inset, 2),
        round(HEIGHT * bucket["met"] / most, 2),
        round(HEIGHT * bucket["breached"] / most, 2),
    )


def _sentence(buckets: Sequence[Document]) -> str:
    counted = [one for one in buckets if one["compliance_rate"] is not None]
    first, last = counted[0], counted[-1]
    lowest = min(counted, key=lambda one: float(one["compliance_rate"]))
    if first is last:
        return f"{_at(first)}."
    return f"{_at(first)}, {_at(last)}; lowest {_at(lowest)}."


def _at(bucket: Document) -> str:
    label = bucket["label"]
    return f"{rate(bucket['compliance_rate'])} {'on' if _DAY.match(label) else 'in'} {named(label)}"


def named(label: str) -> str:
    """A bucket as people say it: `Mon 2 Mar 2026`, with the time of an hour, `week 10 of 2026`, `March 2026`."""
    if _DAY.match(label):
        at = datetime.fromisoformat(label)
        return f"{at:%a %-d %b %Y %H:%M}" if "T" in label else f"{at:%a %-d %b %Y}"
    year, _, part = label.partition("-")
    if part.startswith("W"):
        return f"week {int(part[1:])} of {year}"
    return f"{date(int(year), int(part), 1):%B %Y}" if part.isdigit() else label
