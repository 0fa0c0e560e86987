"""Every cycle of a ticket's clocks, measured by the promises that were in force in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from domain.calendar.handover import Hours
from domain.ids import Kind
from domain.instants import Instant
from domain.plan.facts import DueFromField
from domain.plan.measured.cycles import ClockSetup, cycles
from domain.plan.measured.hours import follows_team, handovers_since, hours_of
from domain.plan.measured.ladders import acknowledgements
from domain.plan.measured.progress import Promise, target_of
from domain.plan.measured.promises import (
    Change,
    PolicyInForce,
    policy_at_each_turn,
    promised_clocks,
    setup_at_each_turn,
)
from domain.plan.plans import TargetPlan
from domain.policy.clocks.clocks import ClockState, Cycle
from domain.policy.field_deadlines import FieldDeadline, FieldDue
from domain.policy.snapshot import Snapshot
from domain.policy.targets import TargetRule
from domain.ticket.stints import Ownership, Stint
from domain.ticket.timeline import Turn


@dataclass(frozen=True, slots=True)
class MeasuredCycle:
    """A cycle as the plan shows it (`target`), when its clock ran (`cycle`), and what measures it in the end: the rule
    of its last promise, and the hours that count its time."""

    target: TargetPlan
    cycle: Cycle
    rule: TargetRule
    calendar: Hours
    deadlines: tuple[DueFromField, ...] = ()
    """What a field of the ticket said of its due instant, in order."""


def measured_cycles(
    snapshot: Snapshot,
    turns: Sequence[Turn],
    policies: Sequence[PolicyInForce],
    ownership: Ownership,
    told_until: Instant,
) -> Iterator[MeasuredCycle]:
    """The cycles of every clock in the order of the plan's targets; of an OLA, stint by stint.

    What the turns after `told_until`, the last event, do to a clock lies ahead: pauses that end by themselves.

    Raises WorkingTimeExhausted when a due instant lies beyond 2100.
    """
    clocks = _TicketClocks(
        snapshot, turns, policies, tuple(policy_at_each_turn(policies, turns)), ownership, told_until
    )
    if snapshot.ticket.instance.kind is not Kind.OLA:
        yield from (_credited(one, ownership) for one in clocks.cycles_in(None))
        return
    for stint in ownership.stints:
        # Nobody's stints have no clocks.
        if stint.team_id is not None:
            yield from (
                replace(one, target=replace(one.target, stint=stint.event_id, team_id=stint.team_id))
                for one in clocks.cycles_in(stint)
                if one.cycle.started_at is not None
            )


def _credited(one: MeasuredCycle, ownership: Ownership) -> MeasuredCycle:
    """The cycle counts for the team that had the ticket when the clock stopped or the due instant passed."""
    target = one.target
    settled_at = target.stopped_at if target.breached_at is None else target.breached_at
    team_id = ownership.owner_before(settled_at)
    return one if team_id == target.team_id else replace(one, target=replace(target, team_id=team_id))


@dataclass(frozen=True, slots=True)
class _TicketClocks:
    """The clocks of a ticket, and what each of them is walked over."""

    snapshot: Snapshot
    turns: Sequence[Turn]
    policies: Sequence[PolicyInForce]
    policy_at_each_turn: tuple[PolicyInForce, ...]
    ownership: Ownership
    told_until: Instant

    def cycles_in(self, stint: Stint | None) -> Iterator[MeasuredCycle]:
        """Of every clock that was ever promised the cycles in order, without those in which nothing was promised."""
        for clock in promised_clocks(self.policies):
            setups = tuple(setup_at_each_turn(self.policy_at_each_turn, clock))
            promises = self._promises(clock, None if stint is None else stint.team_id)
            walks = [_PromiseWalk(promise, setups, self.turns, stint) for promise in promises]
            promised = tuple(_promised_cycles(walks))
            for number, held in enumerate(promised, start=1):
                measured = self._with_handovers(_measured(held, number, self.told_until), held[-1][0])
                # What an earlier cycle never reached is of no use to anybody, and there may be hundreds of them.
                is_last = number == len(promised)
                yield measured if is_last else replace(measured, target=measured.target.with_reached_only())

    def _with_handovers(self, measured: MeasuredCycle, last: Promise) -> MeasuredCycle:
        """Whoever asks later how much was used needs the teams since the clock's state has last changed."""
        target = measured.target
        if target.fixed or not target.is_open or not follows_team(self.snapshot, last.in_force):
            return measured
        return replace(measured, target=replace(target, handovers=handovers_since(target.since, self.ownership)))

    def _promises(self, clock: str, team_id: str | None) -> Iterator[Promise]:
        step_hours, acknowledged = self.snapshot.calendars_of_steps, acknowledgements(self.turns)
        for one, following in zip(self.policies, (*self.policies[1:], None), strict=True):
            if (rule := one.target(clock)) is not None:
                hours = hours_of(self.snapshot, one, self.ownership, team_id)
                until = None if following is None else following.change
                whole = Promise(
                    one,
                    rule,
                    hours,
                    until,
                    one.change,
                    one.forgives,
                    step_hours=step_hours,
                    acknowledged=acknowledged,
                )
                if isinstance(rule.budget, FieldDeadline):
                    yield from self._each_deadline(whole, rule.budget)
                else:
                    yield whole

    def _each_deadline(self, whole: Promise, budget: FieldDeadline) -> Iterator[Promise]:
        """A promise for each due instant that the field named while the policy was in force."""
        said: list[DueFromField] = []
        for turn, in_force in zip(self.turns, self.policy_at_each_turn, strict=True):
            if in_force is whole.in_force:
                found = budget.read(turn.attributes, whole.calendar.at(turn.at).timezone)
                before = said[-1] if said else None
                if before is None:
                    event_id = None if whole.since is None else turn.event.event_id
                    said.append(DueFromField(budget.field, *_facts(found), turn.at, event_id))
                elif (before.due_at, before.problem) != (found.due_at, found.problem):
                    moved = DueFromField(budget.field, *_facts(found), turn.at, turn.event.event_id, before.due_at)
                    said.append(moved)
        changes = [whole.since, *(Change(one.at, str(one.event_id)) for one in said[1:])]
        for one, since, following in zip(said, changes, [*changes[1:], whole.following], strict=True):
            forgives = whole.forgives if since is whole.since else whole.in_force.policy.forgives
            yield replace(whole, deadline=one, since=since, following=following, forgives=forgives)


@dataclass(frozen=True, slots=True)
class _PromiseWalk:
    """The walk of a clock as one of its promises sees it: the promise says what holds the clock, the setups the rest.

    `setups` has one entry for each turn.
    """

    promise: Promise
    setups: tuple[ClockSetup, ...]
    turns: Sequence[Turn]
    stint: Stint | None

    def cycles(self, most: int | None = None) -> tuple[Cycle, ...]:
        """The cycles over the first `most` turns, or over all."""
        own: dict[int, ClockSetup] = {}
        for setup in self.setups:
            if id(setup) not in own:
                own[id(setup)] = self.promise.holding(setup)
        return cycles([own[id(setup)] for setup in self.setups[:most]], self.turns[:most], self.stint)

    def left_by(self, replacement: Change, index: int) -> Cycle:
        """What had become of the cycle at `index` by the event that put another promise in this one's place."""
        count = next(n for n, turn in enumerate(self.turns) if turn.event.event_id == replacement.event_id)
        return self.cycles(count)[index].taken_back(replacement.start, replacement.event_id)


PromisedCycle = tuple[tuple[Promise, Cycle], ...]
"""One cycle as each promise that was in force in it sees it: what holds the clock may differ between them."""


def _promised_cycles(walks: Sequence[_PromiseWalk]) -> Iterator[PromisedCycle]:
    """Each cycle in which something was promised."""
    for index, versions in enumerate(zip(*(walk.cycles() for walk in walks), strict=True)):
        pairs = zip(walks, versions, strict=True)
        found = [(walk, cycle) for walk, cycle in pairs if walk.promise.applies_to(cycle)]
        if found:
            last, cycle = found[-1]
            replacement = last.promise.following
            if replacement is not None and (cycle.stopped_at is None or replacement.start < cycle.stopped_at):
                found = [(walk, walk.left_by(replacement, index)) for walk, _ in found]
            elif replacement is not None:
                # What came as the clock stopped came too late: that stop is still held to this promise.
                found[-1] = replace(last, promise=replace(last.promise, following=None)), cycle
            yield tuple((walk.promise, cycle) for walk, cycle in found)


def _measured(held: PromisedCycle, number: int, told_until: Instant) -> MeasuredCycle:
    last, cycle = held[-1]
    target = target_of(held, number)
    if cycle.state is ClockState.RUNNING and cycle.since > told_until:
        # Nothing that was told lets it run, so its last pause has an end that lies ahead of what was told.
        target = target.paused_before(cycle.paused[-1].start)
    deadlines = tuple(promise.deadline for promise, _ in held if promise.deadline is not None)
    return MeasuredCycle(target, cycle, last.rule, last.counting_calendar, deadlines)


def _facts(found: FieldDue) -> tuple[str | None, Instant | None, str | None]:
    return found.value, found.due_at, found.problem
