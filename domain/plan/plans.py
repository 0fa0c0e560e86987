"""The answer of `plan`: every target with its due instant and its milestones, all of them absolute.

A plan is what the workflow records and walks; reading one back needs neither a calendar nor a time zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.ids import escaped
from domain.instants import Instant, Micros, parse, parse_optional, render, render_optional
from domain.plan.facts import DueFromField, Excuse, Handover, PolicyFacts
from domain.plan.milestones import LongPause, Milestone, milestones_from_json
from domain.policy.clocks.clocks import ClockState, clock_name
from domain.ticket.stints import Ownership


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """One cycle of one target's clock.

    `used` (working time) and `paused_for` (wall time) are as of `since`, the last change of `state`. `breached_at` is
    the due instant if the clock is still going then: in the future for a clock that has time left. `stint` is the
    event id of the stint that the clock belongs to, if any; `team_id` the team whose promise it is or has become.
    `cycle` counts from 1. A cycle is `superseded` if the clock began again in its stead or its promise was taken back.
    `budget` of a `fixed` target is the wall time until its fixed instant; of one whose `deadline` a field holds, the
    working time until then, None where the field holds none. `policy` is the policy that the target was
    last measured by, None until a change of the ticket puts another in force than that of the opening.
    `used_when_breached` is there where it is not the budget: a changed target may have been breached with less used, or
    by a change that came when more was used. `label` is the target's own name, where several of its type are told apart
    by theirs. A clock that is paused and runs on by itself does so at `resumes_at`; `due_at` and milestones know of it,
    `state`, `since` and `paused_for` are as of the pause until somebody asks for the target `as_of` a later instant.
    `breached_under` is the policy whose promise was broken, where another was in force later; None where there is none.
    `handovers` are there where its hours follow the team that has the ticket: of a clock that is going the team as of
    `since`, and those after it.
    `excuse` is the one in force: its outcome stays as it is and counts in no rate.
    """

    id: str
    type: str
    cycle: int
    budget: Micros | None
    state: ClockState
    since: Instant
    used: Micros
    paused_for: Micros
    started_at: Instant | None
    stopped_at: Instant | None
    due_at: Instant | None
    breached_at: Instant | None
    milestones: tuple[Milestone, ...]
    stint: str | None = None
    team_id: str | None = None
    superseded: bool = False
    fixed: bool = False
    policy: PolicyFacts | None = None
    used_when_breached: Micros | None = None
    label: str | None = None
    resumes_at: Instant | None = None
    breached_under: PolicyFacts | None = None
    handovers: tuple[Handover, ...] = ()
    excuse: Excuse | None = None
    deadline: DueFromField | None = None

    @property
    def decided_by(self) -> PolicyFacts | None:
        """The policy by whose promise the target is judged; None for that of the opening."""
        return self.breached_under or self.policy

    @property
    def clock_name(self) -> str:
        """The same in every stint: `resolution`, or `resolution:workaround` for a target with a name of its own."""
        return clock_name(self.type, self.label)

    @property
    def name(self) -> str:
        """The name of the clock, unique within its ticket: `resolution`, or `resolution/<stint>` in a stint."""
        return self.clock_name if self.stint is None else f"{self.clock_name}/{escaped(self.stint)}"

    @property
    def is_open(self) -> bool:
        return self.state in (ClockState.RUNNING, ClockState.PAUSED)

    @property
    def remaining(self) -> Micros | None:
        """Working time left as of `since`; negative once the budget is exceeded, None without a due instant."""
        return None if self.budget is None else Micros(self.budget - self.used)

    @property
    def used_before_overrun(self) -> Micros:
        """What was used at the breach, or will be: whatever is used beyond it is overrun."""
        return (self.budget or Micros(0)) if self.used_when_breached is None else self.used_when_breached

    def paused_before(self, start: Instant) -> TargetPlan:
        """A target that runs from `since` on as it is before that: paused since `start`."""
        paused_for = Micros(self.paused_for - (self.since - start))
        return replace(
            self, state=ClockState.PAUSED, since=start, paused_for=paused_for, resumes_at=Instant(self.since)
        )

    def as_of(self, now: Instant) -> TargetPlan:
        """The target at `now`: a pause that has ended by itself by then is over."""
        if self.resumes_at is None or now < self.resumes_at:
            return self
        paused_for = Micros(self.paused_for + (self.resumes_at - self.since))
        return replace(self, state=ClockState.RUNNING, since=self.resumes_at, paused_for=paused_for, resumes_at=None)

    def with_reached_only(self) -> TargetPlan:
        """The same target without the milestones that are not going to happen."""
        return replace(self, milestones=tuple(one for one in self.milestones if one.planned_at is not None))

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": self.type,
            "cycle": self.cycle,
            "budget": self.budget,
            "state": self.state.value,
            "since": render(self.since),
            "used": self.used,
            "paused_for": self.paused_for,
            "started_at": render_optional(self.started_at),
            "stopped_at": render_optional(self.stopped_at),
            "due_at": render_optional(self.due_at),
            "breached_at": render_optional(self.breached_at),
            "milestones": [milestone.to_json() for milestone in self.milestones],
            **{name: value for name, value in (("stint", self.stint), ("team_id", self.team_id)) if value is not None},
            **{name: True for name in ("superseded", "fixed") if getattr(self, name)},
            **{
                name: facts.to_json()
                for name, facts in (("policy", self.policy), ("breached_under", self.breached_under))
                if facts is not None
            },
            **({} if self.used_when_breached is None else {"used_when_breached": self.used_when_breached}),
            **({} if self.label is None else {"label": self.label}),
            **({} if self.resumes_at is None else {"resumes_at": render(self.resumes_at)}),
            **({"handovers": [one.to_json() for one in self.handovers]} if self.handovers else {}),
            **({} if self.excuse is None else {"excuse": self.excuse.to_json()}),
            **({} if self.deadline is None else {"deadline": self.deadline.to_json()}),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> TargetPlan:
        return cls(
            id=body["id"],
            type=body["type"],
            cycle=body["cycle"],
            budget=body["budget"],
            state=ClockState(body["state"]),
            since=parse(body["since"]),
            used=body["used"],
            paused_for=body["paused_for"],
            started_at=parse_optional(body["started_at"]),
            stopped_at=parse_optional(body["stopped_at"]),
            due_at=parse_optional(body["due_at"]),
            breached_at=parse_optional(body["breached_at"]),
            milestones=milestones_from_json(body["milestones"]),
            **{name: read(body[name]) for name, read in _SOMETIMES.items() if name in body},
        )


def _as_it_is(value: Any) -> Any:
    return value


# A document has few of these.
_SOMETIMES: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("stint", "team_id", "superseded", "fixed", "used_when_breached", "label"), _as_it_is),
    **dict.fromkeys(("policy", "breached_under"), PolicyFacts.from_json),
    "resumes_at": parse_optional,
    "handovers": lambda documents: tuple(Handover.from_json(one) for one in documents),
    "excuse": Excuse.from_json,
    "deadline": DueFromField.from_json,
}


def latest_policy(measured_by: Iterable[PolicyFacts], versions: Mapping[str, Any] | None) -> PolicyFacts | None:
    """The policy in force, of those that targets were last measured by and the versions that the plan was made with.

    None for that of the opening. A policy under which nothing was ever measured has promised nothing.
    """
    changed = list(measured_by)
    latest = [facts for facts in changed if versions is not None and facts.id == versions["policy_id"]]
    found = latest or changed
    return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class TicketEnd:
    """How the ticket ended; `closed_at` None while it is open."""

    closed_at: Instant | None
    cancelled: bool = False

    def to_json(self) -> dict[str, Any]:
        return {"closed_at": render_optional(self.closed_at), "cancelled": self.cancelled}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> TicketEnd:
        return cls(parse_optional(body["closed_at"]), body["cancelled"])


@dataclass(frozen=True, slots=True)
class Plan:
    """Every target of a ticket, all instants absolute.

    `ownership` is there where the clocks belong to stints, `ticket` where clocks may start again while the ticket is
    open: such an instance stays open as long as its ticket. `versions` names what the plan was made with: policy and
    calendar, by id and version, and the release of the time zone database. `long_pauses` are the pauses that stop
    counting before they end.
    """

    opened_at: Instant
    targets: tuple[TargetPlan, ...]
    ownership: Ownership | None = None
    ticket: TicketEnd | None = None
    versions: Mapping[str, Any] | None = None
    long_pauses: tuple[LongPause, ...] = ()

    @property
    def policy(self) -> PolicyFacts | None:
        """The policy in force, None for that of the opening."""
        return latest_policy((one.policy for one in self.targets if one.policy is not None), self.versions)

    @property
    def end(self) -> Ownership | TicketEnd | None:
        """How the ticket ended, where the instance stays open as long as its ticket; else None."""
        return self.ticket if self.ownership is None else self.ownership

    @property
    def closed_at(self) -> Instant | None:
        """When the last clock stopped or was cancelled; None while one runs or is paused."""
        if self.end is not None:
            return self.end.closed_at
        if any(target.is_open for target in self.targets):
            return None
        return max((target.since for target in self.targets), default=self.opened_at)

    @property
    def latest(self) -> tuple[TargetPlan, ...]:
        """Of each clock the cycle that is not superseded and began last."""
        latest = {target.name: target for target in self.targets if not target.superseded}
        return tuple(latest.values())

    def target(self, name: str, cycle: int = 1) -> TargetPlan | None:
        return next((target for target in self.targets if (target.name, target.cycle) == (name, cycle)), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "opened_at": render(self.opened_at),
            "targets": [target.to_json() for target in self.targets],
            **({} if self.ownership is None else {"ownership": self.ownership.to_json()}),
            **({} if self.ticket is None else {"ticket": self.ticket.to_json()}),
            **({} if self.versions is None else {"versions": dict(self.versions)}),
            **({"long_pauses": [pause.to_json() for pause in self.long_pauses]} if self.long_pauses else {}),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Plan:
        return cls(
            parse(body["opened_at"]),
            tuple(TargetPlan.from_json(target) for target in body["targets"]),
            Ownership.from_json(body["ownership"]) if "ownership" in body else None,
            TicketEnd.from_json(body["ticket"]) if "ticket" in body else None,
            body.get("versions"),
            tuple(LongPause.from_json(pause) for pause in body.get("long_pauses", ())),
        )
