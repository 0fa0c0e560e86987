"""Which promises hold from when: those of the opening, and those that a change of the ticket put in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from domain.instants import Instant
from domain.plan.cycles import ClockSetup
from domain.plan.plans import PolicyFacts
from domain.policy.clocks import OnReopen
from domain.policy.policies import OnChange, Policy, TargetRule
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.ticket.timeline import Turn


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """The promises of a policy for a priority, in force from `start` on; `event_id` is the event that changed them
    (None: the opening). `is_first` says whether policy and calendar are those the ticket opened under."""

    start: Instant
    event_id: str | None
    policy: Policy
    priority: str | None
    calendar: CalendarVersion
    is_first: bool
    restarts: bool = False

    @property
    def facts(self) -> PolicyFacts | None:
        """What tells them apart from those of the opening."""
        if self.event_id is None:
            return None
        return PolicyFacts(self.policy.id, self.policy.name, self.policy.version, self.priority)

    @property
    def targets(self) -> tuple[TargetRule, ...]:
        return self.policy.targets_for(self.priority)

    def target(self, type_: str) -> TargetRule | None:
        return next((target for target in self.targets if target.type == type_), None)


def policies_in_force(snapshot: Snapshot, turns: Sequence[Turn]) -> tuple[PolicyInForce, ...]:
    """In order, the first from the opening on; more than one only where a policy says that changes count.

    The policy in force when the ticket changes decides what the change does. A ticket that no policy would choose any
    more keeps the one it has, and so does one that did not change, whatever a replan has made of the policies.
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
        following = _after(snapshot, current, turn)
        if (following.policy, following.targets) != (current.policy, current.targets):
            found.append(following)
    return tuple(found)


def types_of(terms: Iterable[PolicyInForce]) -> tuple[str, ...]:
    """Every type of target that is ever promised, as first promised."""
    return tuple(dict.fromkeys(target.type for one in terms for target in one.targets))


def policy_at_each_turn(terms: Sequence[PolicyInForce], turns: Iterable[Turn]) -> Iterator[PolicyInForce]:
    """Those in force at each turn; what changes them counts from its own turn on."""
    following = {one.event_id: one for one in terms}
    current = terms[0]
    for turn in turns:
        current = following.get(turn.event.event_id, current)
        yield current


def setup_at_each_turn(in_turn: Sequence[PolicyInForce], type_: str) -> Iterator[ClockSetup]:
    """How the clock of a type is set up at each turn: by what is promised then, or else was last, or is to be first.

    A clock goes whether it is promised or not, so that a promise made later counts from the same start. Not so one with
    conditions of its own, where the promise is to begin afresh: nothing said before when it starts.
    """
    first, rule = next((terms, rule) for terms in in_turn if (rule := terms.target(type_)) is not None)
    is_made, before = not (first.restarts and rule.is_custom), in_turn[0]
    setup: ClockSetup | None = None
    for terms in in_turn:
        # The same one while nothing changes: a ticket may have hundreds of turns under the same terms.
        if setup is None or terms is not before or setup.begins_anew:
            rule, is_made = terms.target(type_) or rule, is_made or terms is first
            setup = ClockSetup(rule.clock(_on_reopen(terms, type_)), is_made, terms.restarts and terms is not before)
        yield setup
        before = terms


def _on_reopen(terms: PolicyInForce, type_: str) -> OnReopen:
    """A policy that does not promise the type takes no verdict of it back."""
    mode = terms.policy.on_reopen
    replaces = mode is OnReopen.RESTART and terms.target(type_) is None
    return OnReopen.NEW_CYCLE if replaces else mode


def _after(snapshot: Snapshot, current: PolicyInForce, turn: Turn) -> PolicyInForce:
    chosen = snapshot.choice(turn.ticket) or (current.policy, current.calendar)
    policy, calendar = chosen
    return PolicyInForce(
        start=turn.at,
        event_id=turn.event.event_id,
        policy=policy,
        priority=turn.ticket.priority,
        calendar=calendar,
        is_first=policy == snapshot.policy,
        restarts=current.policy.on_change is OnChange.RESTART,
    )
