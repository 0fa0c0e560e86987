"""What is due next, as it is shown: rows in groups. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from domain.instants import Instant, render, to_datetime
from domain.plan.milestones import ESCALATION
from domain.plan.plans import TargetPlan
from domain.plan.status import InstanceStatus, exceeded, is_at_risk, is_overdue
from domain.policy.clocks.clocks import ClockState
from domain.record.views import calendar_of, policy_in_force, used_at
from store.instances.instances import StoredInstance
from web.pages.due_next.narrowing import DueNextFilters
from web.pages.due_next.reading import Figures, Found
from web.showing.bars import UsedBar, used_bar
from web.showing.durations import signed
from web.showing.words import link, words

BREACHED, AT_RISK_GROUP, TODAY, LATER, PAUSED = "Breached", "At risk", "Today", "Later", "Paused"
GROUPS = (BREACHED, AT_RISK_GROUP, TODAY, LATER, PAUSED)


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """Working time left, `seconds` at `at`; it runs on until `until`, None where the clock stands still now."""

    text: str
    seconds: float
    at: str
    until: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """A ticket with the clock that is due first."""

    id: str
    subject: str
    title: str
    url: str | None
    promise: str
    priority: str
    team: str
    assignee: str
    policy: str
    bar: UsedBar | None
    left: TimeLeft | None
    due: Instant | None
    last_notice: str
    last_notice_at: Instant | None
    group: str
    paused_until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    rows: Sequence[Row] = field(default_factory=list)


def grouped(rows: Iterable[Row]) -> Sequence[Group]:
    """The groups that have rows, in their order."""
    found: dict[str, list[Row]] = {name: [] for name in GROUPS}
    for row in rows:
        found[row.group].append(row)
    return [Group(name, of_it) for name, of_it in found.items() if of_it]


@dataclass(frozen=True, slots=True)
class Figure:
    value: int
    name: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """`empty` and `advice` say what to do where there is nothing to show."""

    figures: Sequence[Figure]
    groups: Sequence[Group]
    shown: int
    total: int
    first: str
    next: str
    empty: str
    advice: str
    warning: str
    calm: Instant | None
    """The first due, where nothing is due today."""
    has_no_policy: bool = False
    """There is nothing to show, and what to begin with is offered."""

    @property
    def summary(self) -> str:
        """For whoever reads along: one sentence after each change."""
        return ", ".join(f"{one.value} {one.name.lower()}" for one in self.figures)


def board_of(found: Found, filters: DueNextFilters, now: Instant, zone: str) -> Board:
    """`zone` is the organization's, in which its days begin."""
    rows = [row_of(one, now, zone, found.team_names) for one in (*found.due, *found.paused)]
    unique = {row.id: row for row in reversed(rows)}
    kept = [unique[id_] for id_ in dict.fromkeys(row.id for row in rows)]
    empty, advice = _nothing(found, filters) if not kept else ("", "")
    return Board(
        figures=_figures(found.figures),
        groups=grouped(kept),
        shown=len(kept),
        total=found.total + found.figures.paused,
        first=filters.address(cursor="") if filters.cursor else "",
        next=filters.address(cursor=found.next_cursor) if found.next_cursor else "",
        empty=empty,
        advice=advice,
        calm=_calm(kept),
        has_no_policy=bool(empty) and not found.has_policies and not filters.is_narrowed,
        warning="" if found.has_receivers or not found.has_policies else NOBODY_IS_TOLD,
    )


def _calm(rows: Iterable[Row]) -> Instant | None:
    open_ones = [row for row in rows if row.group != PAUSED]
    if any(row.group != LATER for row in open_ones):
        return None
    return min((row.due for row in open_ones if row.due is not None), default=None)


NOBODY_IS_TOLD = "No receiver: nobody is told. Settings has a place for one."


def _figures(found: Figures) -> Sequence[Figure]:
    return (
        Figure(found.overdue, "Breached and open", "bad"),
        Figure(found.at_risk, "At risk", "warn"),
        Figure(found.within_the_hour, "Due within the hour"),
        Figure(found.paused, "Paused"),
        Figure(found.failing_receivers, "Receivers failing", "bad"),
    )


def _nothing(found: Found, filters: DueNextFilters) -> tuple[str, str]:
    if filters.is_narrowed:
        return "Nothing matches", "No open ticket fits these filters."
    if not found.has_policies:
        return "No policy yet", "Without one no ticket has a promise."
    return "Nothing is due", "No clock runs. Tickets appear here as they are opened."


def row_of(stored: StoredInstance, now: Instant, zone: str, team_names: Mapping[str, str]) -> Row:
    clock = first_due(stored.plan.targets, now)
    ticket = stored.ticket
    standing = (one for one in stored.ledger if one.withdrawn_at is None)
    # What came due while nobody could fire it fires together; the last of it is what was planned last.
    told = max(standing, key=lambda one: (one.fired_at, one.planned_at), default=None)
    return Row(
        id=stored.id,
        subject=ticket.instance.subject,
        title=ticket.title or "",
        url=link(ticket.url),
        promise="" if clock is None else words(clock.label or clock.type),
        priority=policy_in_force(stored.snapshot, stored.plan).priority or "",
        team=team_names.get(ticket.team_id or "", ticket.team_id or ""),
        assignee=ticket.assignee or "",
        policy=policy_in_force(stored.snapshot, stored.plan).name,
        bar=None if clock is None else _bar(stored, clock, now),
        left=None if clock is None else _left(stored, clock, now),
        due=None if clock is None else clock.due_at,
        last_notice="" if told is None else words(told.key.milestone.partition(":")[0]),
        last_notice_at=None if told is None else told.fired_at,
        group=group_of(stored, clock, now, zone),
        paused_until=None if clock is None else clock.resumes_at,
    )


def first_due(targets: Iterable[TargetPlan], now: Instant) -> TargetPlan | None:
    """The open clock that is due first; one that is paused only where no other is open."""
    open_ones = [one for one in targets if one.is_open and one.state is not ClockState.WAITING]
    running = [one for one in open_ones if one.as_of(now).state is ClockState.RUNNING] or open_ones
    return min(running, key=lambda one: (one.due_at is None, one.due_at or 0), default=None)


def group_of(stored: StoredInstance, clock: TargetPlan | None, now: Instant, zone: str) -> str:
    if is_overdue(stored.plan, now) or (clock is not None and exceeded(clock, now)):
        return BREACHED
    if is_at_risk(stored.plan, now):
        return AT_RISK_GROUP
    if stored.status is InstanceStatus.PAUSED or (clock is not None and clock.as_of(now).state is ClockState.PAUSED):
        return PAUSED
    if clock is None or clock.due_at is None:
        return LATER
    return TODAY if _day(clock.due_at, zone) == _day(now, zone) else LATER


def _day(at: Instant, zone: str) -> object:
    return to_datetime(at).astimezone(ZoneInfo(zone)).date()


def _bar(stored: StoredInstance, clock: TargetPlan, now: Instant) -> UsedBar | None:
    if clock.budget is None:
        return None
    used = used_at(clock, calendar_of(stored.snapshot, clock), now)
    steps = (one.threshold for one in clock.milestones if one.name.startswith(ESCALATION) and not one.repeat)
    return used_bar(used, clock.budget, paused=clock.as_of(now).state is ClockState.PAUSED, steps=steps)


def _left(stored: StoredInstance, clock: TargetPlan, now: Instant) -> TimeLeft | None:
    if clock.budget is None:
        return None
    hours = calendar_of(stored.snapshot, clock)
    left = clock.budget - used_at(clock, hours, now)
    runs = clock.as_of(now).state is ClockState.RUNNING and hours.elapsed(now, Instant(now + 1)) > 0
    until = None
    if runs:
        # Where a second from now on counts whole, an hour may too; the page asks again long before.
        ahead = Instant(now + 3_600_000_000)
        until = render(Instant(now + hours.elapsed(now, ahead)))
    return TimeLeft(signed(left), left / 1_000_000, render(now), until)
