"""Policies: which tickets they choose and what they promise for each priority (Aurion SLA API v2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.errors import InvalidValue
from domain.fields import (
    optional_text,
    plain_number,
    refuse_unknown,
    require_bool,
    require_choice,
    require_list,
    require_mapping,
    require_percent,
    require_share,
    require_text,
    require_version,
)
from domain.ids import Kind
from domain.instants import MINUTE, Micros, in_units
from domain.policy.budgets import Budget, Deadline, WorkingDays, budget_from_json, budget_to_json
from domain.policy.clocks.clock_checks import require_possible
from domain.policy.clocks.clocks import (
    CLOCKS,
    CUSTOM,
    Clock,
    ClockRule,
    OnReopen,
    clock_name,
    require_clock_name,
    require_target_name,
)
from domain.policy.clocks.triggers import NO_TRIGGERS, TRIGGER_FIELDS, Triggers
from domain.policy.escalations import EscalationRule, Trigger
from domain.policy.field_deadlines import FieldDeadline
from domain.ticket.conditions.conditions import Condition, Match, all_hold, parse_match
from domain.ticket.conditions.spelling import folded
from domain.ticket.origins import Origin
from domain.ticket.pauses import length_from_json, length_to_json
from domain.ticket.tickets import Ticket

TARGET_FIELDS = frozenset(
    {"id", "type", "priority", "hours", "minutes", "days", "end_of_day", "by", "pausable"}
    | {"on_reopen", "name", *TRIGGER_FIELDS}
)
POLICY_FIELDS = frozenset(
    {"id", "name", "description", "kind", "conditions", "match", "targets", "escalations", "at_risk_percent"}
    | {"business_hours", "business_hours_id", "enabled", "version"}
    | {"origin", "escalation_contact", "applicable_team", "compliance", "on_change", "on_reopen", "retarget_breaches"}
    | {"pauses_at_most"}
)
DEFAULT_AT_RISK_PERCENT = Decimal(75)
AUTO = "auto"
UPTIME = "uptime"
TEAM = "team"
"""Stands in `business_hours` for the hours of the team that has the ticket."""
OTHER_CAUSES = "*"
"""Stands in `pauses_at_most` for every cause that is not named there."""


class OnChange(StrEnum):
    """What a change of priority or policy does to the clocks that are going.

    `keep`: nothing. `retarget`: they get the new targets from the same start, with their pauses. `restart`: they begin
    again under the new targets.
    """

    KEEP = "keep"
    RETARGET = "retarget"
    RESTART = "restart"


class RetargetBreaches(StrEnum):
    """What becomes of a breach when `retarget` brings a target that has time left: it is kept, or forgiven."""

    KEEP = "keep"
    FORGIVE = "forgive"


@dataclass(frozen=True, slots=True)
class TargetRule:
    """A promise: `budget` for tickets of `priority` (None: of any priority).

    `triggers` is what it says itself of what starts, stops and pauses its clock. A `type` that is not one of `CLOCKS`
    names a custom clock, which runs from the opening where nothing starts it. `on_reopen` is what a reopening does to
    it (None: what the policy says). `name` tells targets of one type apart: each has a clock of its own.
    """

    id: str
    type: str
    priority: str | None
    budget: Budget
    pausable: bool = True
    triggers: Triggers = NO_TRIGGERS
    on_reopen: OnReopen | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        require_clock_name(self.type)
        if self.name is not None:
            require_target_name(self.name)
        if self.is_custom and not self.triggers.say_when_it_goes:
            known = ", ".join(CLOCKS)
            reason = f"must be one of {known}; a clock of one's own needs what starts or stops it"
            raise InvalidValue("type", self.type, reason)
        if (held := self.triggers.pauses) is not None and not self._may_pause:
            raise InvalidValue(held, self.triggers.spoken(held), "this target is not pausable")
        require_possible(self.type, self._rule, self.triggers, self.on_reopen)

    @property
    def clock_name(self) -> str:
        return clock_name(self.type, self.name)

    @property
    def is_custom(self) -> bool:
        """Whether its clock is a custom one."""
        return self.type not in CLOCKS

    @property
    def _rule(self) -> ClockRule:
        return CLOCKS.get(self.type, CUSTOM)

    @property
    def _may_pause(self) -> bool:
        return self.pausable and not isinstance(self.budget, Deadline | FieldDeadline)

    @property
    def minutes(self) -> int | float | None:
        """The minutes of working time promised; None for a promise in working days or by an instant."""
        if isinstance(self.budget, WorkingDays | Deadline | FieldDeadline):
            return None
        return in_units(self.budget, MINUTE)

    def clock(self, on_reopen: OnReopen) -> Clock:
        named, pausable = self.clock_name, self._may_pause
        return Clock.of(self._rule, self.triggers, pausable=pausable, on_reopen=on_reopen, name=named)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": self.type,
            "priority": self.priority,
            **budget_to_json(self.budget),
            "pausable": self.pausable,
            **self.triggers.to_json(),
            **({} if self.on_reopen is None else {"on_reopen": self.on_reopen.value}),
            **({} if self.name is None else {"name": self.name}),
        }

    @classmethod
    def from_json(cls, document: Any, field: str = "target") -> TargetRule:
        body = require_mapping(document, field)
        refuse_unknown(body, TARGET_FIELDS, field)
        try:
            return cls(
                id=optional_text(body.get("id"), f"{field}.id"),
                type=require_text(body.get("type"), f"{field}.type"),
                priority=optional_text(body.get("priority"), f"{field}.priority") or None,
                budget=budget_from_json(body, field),
                pausable=require_bool(body.get("pausable", True), f"{field}.pausable"),
                triggers=Triggers.from_json(body, field),
                on_reopen=_optional_mode(body.get("on_reopen"), f"{field}.on_reopen"),
                name=optional_text(body.get("name"), f"{field}.name") or None,
            )
        except InvalidValue as error:
            raise (error.under(field) if error.field in _OWN_FIELDS else error) from None


_OWN_FIELDS = ("type", "on_reopen", "name", *TRIGGER_FIELDS)


def _optional_mode(value: Any, field: str) -> OnReopen | None:
    return None if value is None else require_choice(value, OnReopen, field)


@dataclass(frozen=True, slots=True)
class Policy:
    """First match top to bottom by `position`; a disabled or archived policy matches nothing.

    `business_hours` false measures around the clock; true takes `business_hours_id`, or the hours of the ticket's team,
    or the organization's default; with `follows_team` each part of a clock is measured in the hours of the team that
    had the ticket then.
    `at_risk_percent` None warns at half time only. `escalation_contact` gets what is breached while the organization
    escalates automatically; `applicable_team` is told in notices; `compliance` holds the percentages aimed at, by type
    of target and for `uptime` (Scrubbe, SLA policies). `on_change` and `on_reopen` are what a change of priority or
    policy and a reopening do to its clocks, `retarget_breaches` what becomes of their breaches under a longer target.
    `pauses_at_most` holds by cause the working time after which a pause that was told no longer holds a clock.
    """

    id: str
    name: str
    description: str = ""
    kind: Kind = Kind.SLA
    conditions: tuple[Condition, ...] = ()
    match: Match = Match.ALL
    targets: tuple[TargetRule, ...] = ()
    escalations: tuple[EscalationRule, ...] = ()
    at_risk_percent: Decimal | None = DEFAULT_AT_RISK_PERCENT
    business_hours: bool = False
    business_hours_id: str | None = None
    enabled: bool = True
    version: int = 1
    origin: Origin = Origin.V2
    escalation_contact: str | None = None
    applicable_team: str | None = None
    compliance: Mapping[str, Decimal] = field(default_factory=dict)
    on_change: OnChange = OnChange.KEEP
    on_reopen: OnReopen = OnReopen.CONTINUE
    retarget_breaches: RetargetBreaches = RetargetBreaches.KEEP
    pauses_at_most: Mapping[str, Micros] = field(default_factory=dict)
    follows_team: bool = False

    def __post_init__(self) -> None:
        if self.follows_team and not self.business_hours:
            raise InvalidValue("business_hours", self.business_hours, "must be true to follow the team")
        if self.follows_team and self.business_hours_id is not None:
            reason = "must not be given where each team's own hours count"
            raise InvalidValue("business_hours_id", self.business_hours_id, reason)
        for index, step in enumerate(self.escalations):
            self.require_clock(step.target_type, f"escalations[{index}].target_type")
        self._refuse_equal_targets()
        self._refuse_equal_escalations()

    def require_clock(self, type_: str | None, field: str) -> None:
        """Raises InvalidValue for a type of target that is neither in `CLOCKS` nor promised by this policy."""
        known = tuple(dict.fromkeys((*CLOCKS, *(target.type for target in self.targets))))
        if type_ is not None and type_ not in known:
            raise InvalidValue(field, type_, f"must be one of {', '.join(known)}")

    def _refuse_equal_targets(self) -> None:
        seen: set[tuple[str, str | None]] = set()
        for index, target in enumerate(self.targets):
            if self.place_of(target) in seen:
                pair = f"{target.clock_name} for {target.priority or 'any priority'}"
                raise InvalidValue(f"targets[{index}]", pair, "is promised twice")
            seen.add(self.place_of(target))

    def place_of(self, target: TargetRule) -> tuple[str, str | None]:
        """The clock and the priority that it is for; a policy has one target at most for each."""
        return self.place(target.clock_name, target.priority)

    def place(self, clock: str, priority: str | None) -> tuple[str, str | None]:
        return clock, self._spelled(priority)

    def _spelled(self, priority: str | None) -> str | None:
        """Priorities are the same however their letters are written; Scrubbe's are spelled in one way."""
        return priority if priority is None or self.origin is Origin.V1 else folded(priority)

    def _refuse_equal_escalations(self) -> None:
        # A step is fired and told apart by its id; two steps under one id could never both fire.
        seen: set[str] = set()
        for index, step in enumerate(self.escalations):
            if step.id in seen:
                raise InvalidValue(f"escalations[{index}].id", step.id, "is the id of another escalation of the policy")
            seen.add(step.id)

    def longest_pause(self, cause: str) -> Micros | None:
        """The working time for which a pause of that cause, in whatever case, holds a clock at most; None: as long as
        it lasts."""
        limits = {named.casefold(): length for named, length in self.pauses_at_most.items()}
        return limits.get(cause.casefold(), limits.get(OTHER_CAUSES))

    def matches(self, ticket: Ticket) -> bool:
        return self.enabled and all_hold(self.conditions, self.match, ticket.attributes)

    @property
    def steps(self) -> tuple[EscalationRule, ...]:
        """The escalations, and the step to the escalation contact where there is one; its id is `AUTO`."""
        if self.escalation_contact is None:
            return self.escalations
        actions = ({"type": "escalate", "contact": self.escalation_contact},)
        return (*self.escalations, EscalationRule(AUTO, Trigger.BREACHED, actions=actions))

    def targets_for(self, priority: str | None) -> tuple[TargetRule, ...]:
        """One promise per clock: the one for this priority, else the one for any priority."""
        chosen: dict[str, TargetRule] = {}
        wanted = self._spelled(priority)
        for target in self.targets:
            is_for_all = target.priority is None and target.clock_name not in chosen
            if is_for_all or self._spelled(target.priority) == wanted:
                chosen[target.clock_name] = target
        return tuple(chosen.values())

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "kind": self.kind.value,
            "conditions": [condition.to_json() for condition in self.conditions],
            "match": self.match.value,
            "targets": [target.to_json() for target in self.targets],
            "escalations": [escalation.to_json() for escalation in self.escalations],
            "at_risk_percent": None if self.at_risk_percent is None else plain_number(self.at_risk_percent),
            "business_hours": self.hours,
            "business_hours_id": self.business_hours_id,
            "enabled": self.enabled,
            "version": self.version,
            "origin": self.origin.value,
            **self._optional_fields(),
        }

    @property
    def hours(self) -> bool | str:
        """`business_hours` as a document spells it."""
        return TEAM if self.follows_team else self.business_hours

    @property
    def forgives(self) -> bool:
        return self.retarget_breaches is RetargetBreaches.FORGIVE

    def _optional_fields(self) -> dict[str, Any]:
        """The fields that are left out where they hold nothing or the default."""
        named = {"escalation_contact": self.escalation_contact, "applicable_team": self.applicable_team}
        compliance = {name: plain_number(percent) for name, percent in self.compliance.items()}
        modes = {
            "on_change": None if self.on_change is OnChange.KEEP else self.on_change.value,
            "on_reopen": None if self.on_reopen is OnReopen.CONTINUE else self.on_reopen.value,
            "retarget_breaches": self.retarget_breaches.value if self.forgives else None,
        }
        limits = {cause: length_to_json(length) for cause, length in self.pauses_at_most.items()}
        fields = {**named, "compliance": compliance, **modes, "pauses_at_most": limits}
        return {name: value for name, value in fields.items() if value}

    @classmethod
    def from_json(cls, document: Any, field: str = "") -> Policy:
        """Raises InvalidValue with the path of the culprit (`targets[1].hours`)."""
        body = require_mapping(document, field or "policy")
        refuse_unknown(body, POLICY_FIELDS, field or "policy")
        at = f"{field}." if field else ""
        return cls(
            id=optional_text(body.get("id"), f"{at}id"),
            name=require_text(body.get("name"), f"{at}name", longest=200),
            description=optional_text(body.get("description"), f"{at}description", longest=5000),
            kind=require_choice(body.get("kind", Kind.SLA), Kind, f"{at}kind"),
            conditions=_parse_each(Condition.from_json, body.get("conditions"), f"{at}conditions"),
            match=parse_match(body.get("match"), f"{at}match"),
            targets=_parse_each(TargetRule.from_json, body.get("targets"), f"{at}targets"),
            escalations=_parse_each(EscalationRule.from_json, body.get("escalations"), f"{at}escalations"),
            at_risk_percent=_at_risk(body, at),
            business_hours=_business_hours(body, at),
            follows_team=body.get("business_hours") == TEAM,
            business_hours_id=optional_text(body.get("business_hours_id"), f"{at}business_hours_id") or None,
            enabled=require_bool(body.get("enabled", True), f"{at}enabled"),
            version=require_version(body.get("version", 1), f"{at}version"),
            origin=require_choice(body.get("origin", Origin.V2), Origin, f"{at}origin"),
            escalation_contact=optional_text(body.get("escalation_contact"), f"{at}escalation_contact") or None,
            applicable_team=optional_text(body.get("applicable_team"), f"{at}applicable_team") or None,
            compliance=_compliance(body.get("compliance"), f"{at}compliance"),
            on_change=require_choice(_given_or(body.get("on_change"), OnChange.KEEP), OnChange, f"{at}on_change"),
            on_reopen=require_choice(_given_or(body.get("on_reopen"), OnReopen.CONTINUE), OnReopen, f"{at}on_reopen"),
            retarget_breaches=require_choice(
                _given_or(body.get("retarget_breaches"), RetargetBreaches.KEEP),
                RetargetBreaches,
                f"{at}retarget_breaches",
            ),
            pauses_at_most=_pauses_at_most(body.get("pauses_at_most"), f"{at}pauses_at_most"),
        )


def _given_or(value: Any, default: StrEnum) -> Any:
    return default if value is None else value


def _at_risk(body: Any, at: str) -> Decimal | None:
    percent = body.get("at_risk_percent", 75)
    if percent is None and body.get("origin") == Origin.V1:
        return None
    return require_percent(percent, f"{at}at_risk_percent")


def _compliance(document: Any, field: str) -> Mapping[str, Decimal]:
    body = require_mapping({} if document is None else document, field)
    refuse_unknown(body, frozenset({*CLOCKS, UPTIME}), field)
    return {name: require_share(percent, f"{field}.{name}") for name, percent in body.items()}


def _pauses_at_most(document: Any, field: str) -> Mapping[str, Micros]:
    body = require_mapping({} if document is None else document, field)
    named: set[str] = set()
    for cause in body:
        if str(cause).casefold() in named:
            raise InvalidValue(field, cause, "must name each cause once, in whatever case")
        named.add(str(cause).casefold())
    return {
        require_text(cause, field, longest=200): length_from_json(length, f"{field}.{cause}")
        for cause, length in body.items()
    }


def _business_hours(body: Any, at: str) -> bool:
    named = body.get("business_hours_id") is not None
    given = body.get("business_hours")
    if isinstance(given, str) and given != TEAM:
        raise InvalidValue(f"{at}business_hours", given, f"must be true, false or {TEAM!r}")
    return named if given is None else given == TEAM or require_bool(given, f"{at}business_hours")


def _parse_each(parse: Any, documents: Any, field: str) -> tuple[Any, ...]:
    listed: Sequence[Any] = () if documents is None else require_list(documents, field)
    return tuple(parse(document, f"{field}[{index}]") for index, document in enumerate(listed))
