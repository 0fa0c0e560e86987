"""What became of each milestone of a clock: planned, fired, delivered, and what was withdrawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from domain.instants import Instant, Micros
from domain.plan.milestones import Milestone, without_distant_repeats
from domain.plan.plans import Plan, TargetPlan
from domain.record.ledger import TICKET, Firing, Key, Ledger
from domain.record.notices import step_label
from domain.record.quiet import was_quiet
from domain.ticket.events import Event


@dataclass(frozen=True, slots=True)
class ExplainedMilestone:
    """A milestone as it is planned, or a firing that is in no plan any more.

    `planned_at` None: the milestone is not going to happen. `threshold` is the used time at which it happens, None
    where the clock has no such milestone any more. A `quiet` one was told to nobody, as an event had asked.
    `held_since` is when an escalation was reached that was held until its hours opened; `label` is what people call it.
    """

    name: str
    threshold: Micros | None
    planned_at: Instant | None
    firing: Firing | None = None
    quiet: bool = False
    held_since: Instant | None = None
    label: str | None = None

    @property
    def lateness(self) -> Micros | None:
        """How long after its planned instant it fired."""
        return None if self.firing is None else Micros(self.firing.fired_at - self.firing.planned_at)


def explained_milestones(target: TargetPlan, ledger: Ledger, events: Sequence[Event]) -> tuple[ExplainedMilestone, ...]:
    """The milestones of a clock by threshold, then its firings that are withdrawn or about to be, as they fired."""
    own = [firing for firing in ledger if (firing.key.target, firing.key.cycle) == (target.name, target.cycle)]
    names = {firing.key.milestone for firing in own}
    shown = without_distant_repeats(target.milestones, lambda one: one.name in names)
    planned = [_planned(target, milestone, own, events) for milestone in shown]
    stand = {(one.firing.key, one.firing.generation) for one in planned if one.firing is not None}
    known = {milestone.name: milestone for milestone in target.milestones}
    others = (firing for firing in own if (firing.key, firing.generation) not in stand)
    return (*planned, *_fired(others, known, events))


def explained_long_pauses(plan: Plan, ledger: Ledger, events: Sequence[Event]) -> tuple[ExplainedMilestone, ...]:
    """When pauses stop counting, as planned, and then the firings that are withdrawn or about to be, as they fired."""
    own = [firing for firing in ledger if firing.key.target == TICKET]
    planned = []
    for pause in plan.long_pauses:
        key = Key.of_pause(pause)
        fits = (one for one in own if one.stands and one.key == key and one.planned_at == pause.at)
        firing = next(fits, None)
        quiet = firing is not None and was_quiet(firing, events)
        planned.append(ExplainedMilestone(pause.milestone, None, pause.at, firing, quiet))
    stand = [one.firing for one in planned]
    return (*planned, *_fired((one for one in own if one not in stand), {}, events))


def orphaned(targets: Iterable[TargetPlan], ledger: Ledger, events: Sequence[Event]) -> tuple[ExplainedMilestone, ...]:
    """The firings of clocks that are no longer in the plan, as they fired."""
    known = {(TICKET, 1), *((target.name, target.cycle) for target in targets)}
    return tuple(_fired((one for one in ledger if (one.key.target, one.key.cycle) not in known), {}, events))


def _planned(
    target: TargetPlan, milestone: Milestone, own: Iterable[Firing], events: Sequence[Event]
) -> ExplainedMilestone:
    key = Key.of(target, milestone)
    fits = (one for one in own if one.stands and one.key == key and one.planned_at == milestone.planned_at)
    firing = next(fits, None)
    quiet = firing is not None and was_quiet(firing, events)
    planned_at, held_since = milestone.planned_at, milestone.held_since
    label = step_label(milestone.name, milestone.escalation)
    return ExplainedMilestone(milestone.name, milestone.threshold, planned_at, firing, quiet, held_since, label)


def _fired(
    firings: Iterable[Firing], known: Mapping[str, Milestone], events: Sequence[Event]
) -> Iterator[ExplainedMilestone]:
    for one in sorted(firings, key=lambda firing: (firing.fired_at, firing.planned_at)):
        name = one.key.milestone
        milestone, quiet = known.get(name), was_quiet(one, events)
        threshold = None if milestone is None else milestone.threshold
        label = None if milestone is None else step_label(name, milestone.escalation)
        yield ExplainedMilestone(name, threshold, one.planned_at, one, quiet, label=label)
