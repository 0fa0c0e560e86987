"""Which policy holds from when: the one of the opening, and those that a change of the ticket put in its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from domain.instants import Instant
from domain.plan.facts import PolicyFacts
from domain.plan.measured.cycles import ClockSetup
from domain.policy.clocks.clocks import OnReopen
from domain.policy.policies import OnChange, Policy
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.policy.targets import TargetRule
from domain.ticket.timeline import Turn


@dataclass(frozen=True, slots=True)
class Change:
    """An event that put another promise in force, and when."""

    start: Instant
    event_id: str


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """A policy for a priority, in force from `start` on.

    `event_id` is the event that put it in force (None: the opening). `is_first` says whether policy and calendar are
    those the ticket opened under. A policy that `restarts` lets the clocks that are going begin again at `start`.
    One that `forgives` takes breaches back for which its own target has time left.
    A policy that `is_left` promises nothing any more: no policy chooses the ticket, and until one does the policy only
    says what the next change does.
    """

    start: Instant
    event_id: str | None
    policy: Policy
    priority: str | None
    calendar: CalendarVersion
    is_first: bool
    restarts: bool = False
    is_left: bool = False
    forgives: bool = False

    @property
    def change(self) -> Change | None:
        """What put it in force; None for that of the opening."""
        return None if self.event_id is None else Change(self.start, self.event_id)

    @property
    def facts(self) -> PolicyFacts | None:
        """What tells it apart from the policy of the opening; None for that one itself."""
        return None if self.event_id is None else self.own_facts

    @property
    def own_facts(self) -> PolicyFacts:
        return PolicyFacts(self.policy.id, self.policy.name, self.policy.version, self.priority)

    @property
    def targets(self) -> tuple[TargetRule, ...]:
        return () if self.is_left else self.policy.targets_for(self.priority)

    def target(self, clock: str) -> TargetRule | None:
        return next((target for target in self.targets if target.clock_name == clock), None)


def policies_in_force(snapshot: Snapshot, turns: Sequence[Turn]) -> tuple[PolicyInForce, ...]:
    """In order, the first from the opening on; more than one only where a policy says that changes count.

    The policy in force when the ticket changes decides what the change does. A ticket that no policy would choose any
    more is promised nothing from then on. One that did not change keeps what it has, whatever a replan has made of the
    policies.
    """
    first = PolicyInForce(
        turns[0].at, None, snapshot.policy, snapshot.ticket.priority, snapshot.calendar, is_first=True
    )
    found = [first]
    for before, turn in pairwise(turns):
        current = found[-1]
        if current.policy.on_change is OnChange.KEEP:
            break
        if turn.ticket == before.ticket:
            continue
        following = _after_change(snapshot, current, turn)
        if (following.policy, following.targets) != (current.policy, current.targets):
            found.append(following)
    return tuple(found)


def promised_clocks(policies: Iterable[PolicyInForce]) -> tuple[str, ...]:
    """The name of every clock that is ever promised, in the order in which each was first promised."""
    return tuple(dict.fromkeys(target.clock_name for one in policies for target in one.targets))


def policy_at_each_turn(policies: Sequence[PolicyInForce], turns: Iterable[Turn]) -> Iterator[PolicyInForce]:
    """The policy in force at each turn. A policy that a turn puts in force counts from that turn on."""
    by_event = {one.event_id: one for one in policies}
    current = policies[0]
    for turn in turns:
        current = by_event.get(turn.event.event_id, current)
        yield current


def setup_at_each_turn(at_each_turn: Sequence[PolicyInForce], clock: str) -> Iterator[ClockSetup]:
    """How the clock of that name is set up at each turn, from the policy in force at each turn.

    The rule is the one promised at that turn, else the one promised last before it, else the first that will be.
    A clock goes whether it is promised or not, so that a promise made later counts from the same start. A custom clock
    is the exception where its first promise is to begin afresh: before that, nothing said when it starts.
    """
    first, rule = next((one, rule) for one in at_each_turn if (rule := one.target(clock)) is not None)
    may_start, before = not (first.restarts and rule.is_custom), at_each_turn[0]
    setup: ClockSetup | None = None
    for current in at_each_turn:
        # One setup is shared while nothing changes: a ticket may have hundreds of turns under the same policy.
        if setup is None or current is not before or setup.begins_anew:
            rule, may_start = current.target(clock) or rule, may_start or current is first
            begins_anew = current.restarts and current is not before
            setup = ClockSetup(rule.clock(_on_reopen(current, clock)), may_start, begins_anew)
        yield setup
        before = current


def _on_reopen(current: PolicyInForce, clock: str) -> OnReopen:
    """What the target says, else its policy. A policy that does not promise it takes no verdict of it back."""
    rule, mode = current.target(clock), current.policy.on_reopen
    if rule is None:
        return OnReopen.NEW_CYCLE if mode is OnReopen.RESTART else mode
    return rule.on_reopen or mode


def _after_change(snapshot: Snapshot, current: PolicyInForce, turn: Turn) -> PolicyInForce:
    chosen = snapshot.choice(turn.ticket)
    policy, calendar = (current.policy, current.calendar) if chosen is None else chosen
    mode = current.policy.on_change
    return PolicyInForce(
        start=turn.at,
        event_id=turn.event.event_id,
        policy=policy,
        priority=turn.ticket.priority,
        calendar=calendar,
        is_first=policy == snapshot.policy,
        restarts=mode is OnChange.RESTART,
        is_left=chosen is None,
        forgives=mode is OnChange.RETARGET and current.policy.forgives,
    )
