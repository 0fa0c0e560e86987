"""A clock's cycle as a drawing: where each second went, what lies ahead, and how its budget burnt down. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.instants import Instant

WIDTH = 1000.0
MOST_AHEAD = 1 / 3
"""What is ahead gets this part of the width at most, so that a weekend to come does not hide the day there was."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`[start, end)` of one kind: `running`, `closed`, `paused`, `stopped` or `summary`. `counted` is working time that
    was used in it, in microseconds; `words` say what it is."""

    kind: str
    start: Instant
    end: Instant
    counted: int
    words: str


@dataclass(frozen=True, slots=True)
class Box:
    kind: str
    x: float
    width: float
    words: str


@dataclass(frozen=True, slots=True)
class TimelineDrawing:
    """In a drawing `WIDTH` wide. `burn` are the points of the budget that is left, in percent of the height from above;
    empty where there is no budget. `due` and `now` are places, None where they are not in the drawing."""

    boxes: Sequence[Box]
    burn: str
    burn_ahead: str
    due: float | None
    now: float | None
    starts: Instant
    ends: Instant


def timeline(
    stretches: Sequence[Stretch], end: Instant, due: Instant | None, budget: int | None, *, is_over: bool
) -> TimelineDrawing | None:
    """None for a cycle of no length. `end` is where the last stretch ends; `is_over`: the clock has stopped."""
    if not stretches or end <= stretches[0].start:
        return None
    start = stretches[0].start
    ahead = 0.0 if is_over or due is None or due <= end else min(MOST_AHEAD, (due - end) / (due - start)) * WIDTH
    drawn = WIDTH - ahead

    def place(at: int) -> float:
        return round(min(drawn, max(0.0, (at - start) * drawn / (end - start))), 1)

    boxes = [
        Box(one.kind, place(one.start), round(place(one.end) - place(one.start), 1), one.words) for one in stretches
    ]
    if ahead:
        boxes.append(Box("ahead", round(drawn, 1), round(ahead, 1), "still ahead"))
    burn = [] if budget is None else list(_burn(stretches, budget))
    points = [(place(at), left) for at, left in burn]
    due_place = None if due is None or due < start else WIDTH if ahead else place(due) if due <= end else None
    return TimelineDrawing(
        boxes=boxes,
        burn=_points(points),
        burn_ahead=_points([points[-1], (WIDTH, 100.0)]) if points and ahead else "",
        due=due_place,
        now=None if is_over else round(drawn, 1),
        starts=start,
        ends=due if ahead and due is not None else end,
    )


def _burn(stretches: Sequence[Stretch], budget: int) -> Iterator[tuple[int, float]]:
    used = 0
    yield stretches[0].start, 0.0
    for one in stretches:
        left = budget - used
        if 0 < left < one.counted:
            # Where it was used up, and not at the end of the stretch in which that happened.
            yield one.start + (one.end - one.start) * left // one.counted, 100.0
        used += one.counted
        yield one.end, min(100.0, 100 * used / budget if budget else 100.0)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:.1f}" for x, y in points)
