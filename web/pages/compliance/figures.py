"""Headline figures and times with their changes, from what the REST analytics answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from domain.instants import MINUTE
from service.analytics.views import TIMED
from web.showing.durations import duration
from web.showing.numbers import DASH, percent
from web.showing.words import words

Document = Mapping[str, Any]
Kind = Literal["good", "bad", "idle"]
MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Change:
    """Whether it is for the better; `text` has its sign."""

    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Headline:
    name: str
    value: str
    change: Change | None


@dataclass(frozen=True, slots=True)
class TimesRow:
    """How long the stopped clocks of one promise took: average, median and 90th percentile, in working and in wall
    time."""

    name: str
    count: int
    working: Sequence[str]
    wall: Sequence[str]
    change: Change | None


def rate(value: float | None) -> str:
    """Of percent with two decimals, as the analytics have it: `92.5 %`."""
    return DASH if value is None else f"{value:g} %"


def change(value: float | None, better: Literal[1, -1, 0], unit: str = "") -> Change | None:
    """`better` is the sign of what is for the better, 0 where neither is."""
    if value is None:
        return None
    if value == 0:
        return Change("no change", "idle")
    sign = "+" if value > 0 else MINUS
    kind: Kind = "idle" if better == 0 else "good" if (value > 0) == (better > 0) else "bad"
    return Change(f"{sign}{abs(round(value, 2)):g}{unit}", kind)


def headlines(summary: Document, changes: Document | None) -> Sequence[Headline]:
    """Of a summary and of how it differs from another, None where there is no other."""
    counts = summary["counts"]
    changed = changes or {"compliance_rate": None, "instances": None, "paused_share": None, "counts": {}}
    paused = changed["paused_share"]

    def counted(name: str, title: str, better: Literal[1, -1, 0]) -> Headline:
        return Headline(title, str(counts[name]), change(changed["counts"].get(name), better))

    return (
        Headline("Compliance", rate(summary["compliance_rate"]), change(changed["compliance_rate"], 1, " points")),
        counted("met", "Met", 0),
        counted("breached", "Breached", -1),
        counted("excused", "Excused, in no rate", 0),
        counted("cancelled", "Cancelled, in no rate", 0),
        Headline("Tickets", str(summary["instances"]), change(changed["instances"], 0)),
        Headline(
            "Of the time paused",
            percent(summary["paused_share"], 1),
            change(None if paused is None else 100 * paused, 0, " points"),
        ),
    )


def times(summary: Document, changes: Document | None) -> Sequence[TimesRow]:
    """Without promises of which no clock has stopped."""
    return [
        TimesRow(
            words(name),
            summary[name]["count"],
            _lengths(summary[name]["working_minutes"]),
            _lengths(summary[name]["calendar_minutes"]),
            None if changes is None else _longer(changes[name]["working_minutes"]["median"]),
        )
        for name in TIMED
        if summary[name]["count"]
    ]


def _lengths(spread: Document) -> Sequence[str]:
    return [DASH if (value := spread[name]) is None else _minutes(value) for name in ("average", "median", "p90")]


def _longer(minutes: float | None) -> Change | None:
    if minutes is None:
        return None
    if minutes == 0:
        return Change("no change", "idle")
    text = _minutes(abs(minutes))
    return Change(f"+{text}", "bad") if minutes > 0 else Change(f"{MINUS}{text}", "good")


def _minutes(value: float) -> str:
    return duration(round(value * MINUTE))
