"""A bar of the time that is used of a budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from web.showing.durations import duration

TICKS = (50.0, 75.0, 100.0)


@dataclass(frozen=True, slots=True)
class UsedBar:
    """`width`, `ticks` and `steps` are in percent of the drawing, whose right edge is the due where nothing is overrun.

    `kind` is `run`, `warn`, `bad` or `paused`; `text` says the same in words.
    """

    width: float
    kind: Literal["run", "warn", "bad", "paused"]
    ticks: tuple[float, ...]
    steps: tuple[float, ...]
    text: str


def used_bar(used: int, budget: int, *, paused: bool = False, steps: Iterable[int] = ()) -> UsedBar:
    """Of working time in microseconds; `steps` is the working time after which escalations happen. A bar that overruns
    shows all that is used: the due is then the last tick inside of it."""
    whole = max(used, budget, 1)
    share = used / max(budget, 1)
    kind: Literal["run", "warn", "bad", "paused"]
    kind = "bad" if used > budget else "paused" if paused else "warn" if share >= 0.75 else "run"
    scale = 100 / whole
    text = f"{round(100 * share)} % used: {duration(used)} of {duration(budget)}"
    return UsedBar(
        round(used * scale, 1),
        kind,
        tuple(round(tick * budget / 100 * scale, 1) for tick in TICKS if tick < 100 or used > budget),
        tuple(round(step * scale, 1) for step in steps if 0 < step <= whole),
        f"{text}, paused" if paused else text,
    )
