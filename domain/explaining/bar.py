"""A clock's life as a line of characters, each for the kind that fills most of its time."""

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
    """The line, and one below it that points at the due instant if there is one; nothing for a life of no length."""
    if not trace.segments:
        return ()
    start = trace.segments[0].start
    end = trace.end if due_at is None else max(trace.end, due_at)
    edges = [start + (end - start) * index // width for index in range(width + 1)]
    line = "".join(_cells(trace.segments, edges))
    if due_at is None or due_at < start:
        return (line,)
    place = min((due_at - start) * width // (end - start), width - 1)
    return line, f"{' ' * place}{DUE}"


def _cells(segments: Iterable[Segment], edges: Sequence[int]) -> Iterator[str]:
    left = list(segments)
    for begins, ends in pairwise(edges):
        while left and left[0].end <= begins:
            left.pop(0)
        yield _cell(left, begins, ends)


def _cell(segments: Iterable[Segment], begins: int, ends: int) -> str:
    shares = {AHEAD: 0}
    for segment in segments:
        if segment.start >= ends:
            break
        cell = CELLS[segment.kind]
        shares[cell] = shares.get(cell, 0) + min(segment.end, ends) - max(segment.start, begins)
    shares[AHEAD] = ends - begins - sum(shares.values())
    return max(shares, key=lambda cell: shares[cell])
