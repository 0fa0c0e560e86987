"""A cycle of a clock cut into segments without gap or overlap: where each second went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from domain.calendar.handover import Hours
from domain.calendar.local_time.intervals import Interval
from domain.calendar.rules.closures import Closure
from domain.instants import DAY, Instant, Micros
from domain.plan.measured.measuring import MeasuredCycle
from domain.plan.plans import TargetPlan
from domain.policy.clocks.clocks import Cycle, Hold, Span

NOTHING = Micros(0)
_STEP = 60 * DAY
"""How much of a calendar is cut at a time, latest first, so that only what is shown is computed."""


class SegmentKind(StrEnum):
    """`running` while open, `closed` by the calendar while running, `paused`, `stopped` from a stop to the reopening,
    or a `summary` of the older part of a cycle."""

    RUNNING = "running"
    CLOSED = "closed"
    PAUSED = "paused"
    STOPPED = "stopped"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Share:
    """How long one cause held the clock: in wall time, and how much of that was working time. Shares may overlap."""

    cause: str
    wall: Micros
    working: Micros


@dataclass(frozen=True, slots=True)
class Totals:
    """Wall time of each kind; together they are all the time there was.

    `counted` is what the clock has used: the running time, or all time for a clock that runs to a fixed instant.
    """

    running: Micros = NOTHING
    closed: Micros = NOTHING
    paused: Micros = NOTHING
    stopped: Micros = NOTHING
    counted: Micros = NOTHING

    @property
    def wall(self) -> Micros:
        return Micros(self.running + self.closed + self.paused + self.stopped)


@dataclass(frozen=True, slots=True)
class Segment:
    """`[start, end)` of one kind. `counted` is how much of it the clock has used.

    `closed_by` is set where it is closed, `shares` where it is paused or a summary, `totals` where it is a summary.
    """

    kind: SegmentKind
    start: Instant
    end: Instant
    counted: Micros = NOTHING
    closed_by: Closure | None = None
    shares: tuple[Share, ...] = ()
    totals: Totals | None = None

    @property
    def wall(self) -> Micros:
        return Micros(self.end - self.start)


@dataclass(frozen=True, slots=True)
class Trace:
    """A cycle up to an instant: all of it in `totals` and `shares`, its latest part segment by segment."""

    segments: tuple[Segment, ...]
    totals: Totals
    shares: tuple[Share, ...]
    end: Instant


def trace(measured: MeasuredCycle, now: Instant, most: int) -> Trace:
    """A cycle from the clock's start to its stop, else to `now`.

    At most `most` segments are listed, and one more that sums up what was before them.
    """
    end = _end(measured.target, now)
    walk = _SegmentWalk(measured, end)
    start = measured.cycle.started_at
    if start is None:
        return Trace((), Totals(), (), end)
    return Trace(tuple(walk.segments(most)), walk.totals(start, end), walk.shares(start, end), end)


def _end(target: TargetPlan, now: Instant) -> Instant:
    """An event dated ahead of our clock counts as if it had happened, as in every view of an instance."""
    return max(now, target.since) if target.stopped_at is None else target.stopped_at


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: SegmentKind
    interval: Interval[Instant]

    @property
    def start(self) -> Instant:
        return self.interval.start

    @property
    def end(self) -> Instant:
        return self.interval.end

    @property
    def wall(self) -> Micros:
        return Micros(self.interval.length)


class _SegmentWalk:
    """One cycle, as it is cut up to `end`."""

    def __init__(self, measured: MeasuredCycle, end: Instant) -> None:
        self._cycle = measured.cycle
        self._calendar: Hours = measured.calendar
        self.pieces: tuple[_Piece, ...] = tuple(_pieces(measured.cycle, end))
        self._is_fixed = measured.target.fixed
        self._has_deadline = measured.target.deadline is not None

    def segments(self, most: int) -> list[Segment]:
        found: list[Segment] = []
        for segment in self._backwards():
            if found and _join(segment, found[-1]):
                found[-1] = replace(found[-1], start=segment.start, counted=Micros(segment.counted + found[-1].counted))
            elif len(found) == most:
                break
            else:
                found.append(segment)
        found.reverse()
        return [*self._summary(found), *found]

    def totals(self, start: Instant, end: Instant) -> Totals:
        sums = dict.fromkeys(SegmentKind, 0)
        counted = 0
        for piece in _clipped(self.pieces, start, end):
            open_ = self._open(piece)
            sums[piece.kind] += open_
            sums[SegmentKind.CLOSED] += piece.wall - open_
            counted += self._counted(piece, open_)
        kinds = {name.value: Micros(sums[name]) for name in SegmentKind if name is not SegmentKind.SUMMARY}
        return Totals(**kinds, counted=Micros(counted))

    def shares(self, start: Instant, end: Instant) -> tuple[Share, ...]:
        return tuple(_shares(self._cycle.held, self._calendar, start, end))

    def _summary(self, found: Sequence[Segment]) -> Iterator[Segment]:
        if found and self.pieces[0].start < found[0].start:
            start, end = self.pieces[0].start, found[0].start
            totals = self.totals(start, end)
            shares = self.shares(start, end)
            yield Segment(SegmentKind.SUMMARY, start, end, totals.counted, shares=shares, totals=totals)

    def _backwards(self) -> Iterator[Segment]:
        for piece in reversed(self.pieces):
            if piece.kind is SegmentKind.RUNNING:
                yield from self._cut(piece)
            else:
                shares = self.shares(piece.start, piece.end) if piece.kind is SegmentKind.PAUSED else ()
                counted = self._counted(piece, piece.wall)
                yield Segment(piece.kind, piece.start, piece.end, counted, shares=shares)

    def _cut(self, piece: _Piece) -> Iterator[Segment]:
        """A running piece cut where the calendar opens and closes, latest segment first."""
        end = piece.end
        while end > piece.start:
            start = Instant(max(piece.start, end - _STEP))
            for stretch in reversed(self._calendar.stretches(start, end)):
                if stretch.closed_by is None:
                    wall = Micros(stretch.end - stretch.start)
                    yield Segment(SegmentKind.RUNNING, stretch.start, stretch.end, wall)
                else:
                    yield Segment(SegmentKind.CLOSED, stretch.start, stretch.end, closed_by=stretch.closed_by)
            end = start

    def _open(self, piece: _Piece) -> Micros:
        """The wall time of a piece without what the calendar closes of it while the clock runs."""
        if piece.kind is SegmentKind.RUNNING:
            return self._calendar.elapsed(piece.start, piece.end)
        return piece.wall

    def _counted(self, piece: _Piece, open_: Micros) -> Micros:
        """How much the clock has used. One that runs to a fixed instant uses all time from its start to its stop, one
        whose due instant a field holds all working time."""
        if self._is_fixed or piece.kind is SegmentKind.RUNNING:
            return open_
        return self._calendar.elapsed(piece.start, piece.end) if self._has_deadline else NOTHING


def _pieces(cycle: Cycle, end: Instant) -> Iterator[_Piece]:
    """The cycle up to `end` in order: running, paused, and stopped in between; without pieces of no length."""
    pairs = pairwise(cycle.going)
    stopped = (Span(before.end, after.start) for before, after in pairs if before.end is not None)
    kinds = ((SegmentKind.RUNNING, cycle.ran), (SegmentKind.PAUSED, cycle.paused), (SegmentKind.STOPPED, stopped))
    # A pause may end ahead of the instant that is asked about.
    parts = ((kind, span.clip(span.start, end)) for kind, spans in kinds for span in spans)
    pieces = (_Piece(kind, part) for kind, part in parts if part is not None)
    yield from sorted(pieces, key=lambda piece: piece.start)


def _clipped(pieces: Iterable[_Piece], start: Instant, end: Instant) -> Iterator[_Piece]:
    for piece in pieces:
        if (part := piece.interval.clip(start, end)) is not None:
            yield _Piece(piece.kind, part)


def _shares(holds: Iterable[Hold], calendar: Hours, start: Instant, end: Instant) -> Iterator[Share]:
    wall: dict[str, int] = {}
    working: dict[str, int] = {}
    for hold in holds:
        if (part := hold.span.clip(start, end)) is not None:
            wall[hold.cause] = wall.get(hold.cause, 0) + part.length
            working[hold.cause] = working.get(hold.cause, 0) + calendar.elapsed(part.start, part.end)
    for cause, length in wall.items():
        yield Share(cause, Micros(length), Micros(working[cause]))


def _join(earlier: Segment, later: Segment) -> bool:
    """Whether both are one segment that came up in two steps."""
    kinds = (SegmentKind.RUNNING, SegmentKind.CLOSED)
    return earlier.kind in kinds and (earlier.kind, earlier.closed_by) == (later.kind, later.closed_by)
