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
    require_name,
    require_percent,
    require_share,
    require_text,
    require_version,
)
from domain.ids import Kind
from domain.instants import Micros
from domain.policy.clocks.clocks import (
    CLOCKS,
    OnReopen,
)
from domain.policy.escalations import EscalationRule, Trigger
from domain.policy.targets import TargetRule
from domain.ticket.conditions.conditions import Condition, Match, all_hold, parse_match
from domain.ticket.conditions.spelling import folded
from domain.ticket.origins import Origin
from domain.ticket.pauses import length_from_json, length_to_json
from domain.ticket.tickets import Ticket

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
            if any(step.may_be_mistaken_for(other) for other in self.escalations[:index]):
                raise InvalidValue(
                    f"escalations[{index}].name", step.name, "is the name of another step of that target"
                )

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
            name=require_name(body.get("name"), f"{at}name"),
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
