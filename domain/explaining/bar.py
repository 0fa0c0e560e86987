"""A cycle of a clock as a line of characters, each for the kind that fills most of its time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from domain.explaining.segments import Segment, SegmentKind, Trace
from domain.instants import Instant

WIDTH = 72
CELLS = {
    SegmentKind.RUNNING: "█",
    SegmentKind.CLOSED: "░",
    SegmentKind.PAUSED: "▒",
    SegmentKind.STOPPED: "·",
    SegmentKind.SUMMARY: "~",
}
AHEAD = "-"
DUE = "▲"
LEGEND = "█ running  ░ closed  ▒ paused  · stopped  ~ summed up  - ahead  ▲ due"


def bar(trace: Trace, due_at: Instant | None, width: int = WIDTH) -> tuple[str, ...]:
    """The line, and one below it that points at the due instant if there is one; nothing for a cycle of no length.

    What is still ahead gets a third of the line at most, so that a weekend to come does not hide the day there was.
    """
    if not trace.segments:
        return ()
    start, end = trace.segments[0].start, trace.end
    ahead = (
        0 if due_at is None or due_at <= end else min(width // 3, max(1, (due_at - end) * width // (due_at - start)))
    )
    drawn = width - ahead
    edges = [start + (end - start) * index // drawn for index in range(drawn + 1)]
    line = "".join(_cells(trace.segments, edges)) + AHEAD * ahead
    if due_at is None or due_at < start:
        return (line,)
    place = width - 1 if ahead else min((due_at - start) * drawn // (end - start), width - 1)
    return line, f"{' ' * place}{DUE}"


def _cells(segments: Iterable[Segment], edges: Sequence[int]) -> Iterator[str]:
    left = list(segments)
    for begins, ends in pairwise(edges):
        while left and left[0].end <= begins:
            left.pop(0)
        yield _cell(left, begins, ends)


def _cell(segments: Iterable[Segment], begins: int, ends: int) -> str:
    shares = dict.fromkeys(CELLS.values(), 0)
    for segment in segments:
        if segment.start >= ends:
            break
        shares[CELLS[segment.kind]] += min(segment.end, ends) - max(segment.start, begins)
    return max(shares, key=lambda cell: shares[cell])
