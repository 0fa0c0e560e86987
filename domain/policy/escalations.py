"""Escalation rules: steps before or after a breach, measured on the target's own clock (Aurion SLA API v2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.errors import InvalidValue
from domain.fields import (
    optional_flag,
    optional_name,
    optional_text,
    plain_number,
    refuse_unknown,
    require_choice,
    require_integer,
    require_list,
    require_mapping,
    require_percent,
)
from domain.instants import MINUTE, Micros, duration, in_units
from domain.policy.actions import FIELD, known_type, require_action
from domain.policy.clocks.clocks import require_clock_name

NOTHING = Micros(0)
ESCALATION_FIELDS = frozenset(
    {
        "id",
        "name",
        "trigger",
        "threshold_minutes",
        "trigger_percent",
        "delay_minutes",
        "target_type",
        "actions",
        "action_type",
    }
    | {"status", "repeat_minutes", "repeat_at_most", "hours", "skip_if_nobody", "despite_acknowledgement"}
)
_FIELDS_OF_WHOLE_STEPS = frozenset(
    {"threshold_minutes", "trigger_percent", "delay_minutes", "target_type", "repeat_at_most"}
)
REPEATS_AT_MOST = 24
LONGEST_NAME = 100
MOST_REPEATS = 100
"""Every repeat is a milestone of the plan, so their number has an end."""


class Trigger(StrEnum):
    APPROACHING_BREACH = "approaching_breach"
    BREACHED = "breached"


class EscalationStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """A step of an escalation.

    A step before the breach has either a `lead` (working time before it) or a `percent` of the budget; a step after
    the breach has a `delay` (working time). Raises InvalidValue for any other combination and for a `target_type` that
    is no name of a clock.

    With a `repeat` the step speaks again each time so much working time has passed since it last spoke,
    `repeat_at_most` times. `hours` names the business hours in which it may speak: 20:00 becomes 08:00 of the next
    morning there. `skip_if_nobody` asks that nothing be sent where its actions find nobody. An acknowledgement ends
    what is still to come of a ladder that has begun, but a step `despite_acknowledgement`. `name` is what people call
    it; without one it goes by what it does and when (domain/wording.py).
    """

    id: str
    trigger: Trigger
    lead: Micros | None = None
    percent: Decimal | None = None
    delay: Micros = NOTHING
    target_type: str | None = None
    actions: tuple[Mapping[str, Any], ...] = ()
    status: EscalationStatus = EscalationStatus.ACTIVE
    repeat: Micros | None = None
    repeat_at_most: int = REPEATS_AT_MOST
    hours: str | None = None
    skip_if_nobody: bool = False
    despite_acknowledgement: bool = False
    name: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.repeat_at_most <= MOST_REPEATS:
            raise InvalidValue("repeat_at_most", self.repeat_at_most, f"must lie between 1 and {MOST_REPEATS}")
        if self.repeat is None and self.repeat_at_most != REPEATS_AT_MOST:
            raise InvalidValue("repeat_at_most", self.repeat_at_most, "is for a step with repeat_minutes")
        threshold = self._threshold()
        if self.trigger is Trigger.APPROACHING_BREACH:
            if len(threshold) != 1:
                raise InvalidValue(
                    "threshold_minutes",
                    threshold or None,
                    "exactly one of threshold_minutes, trigger_percent is needed",
                )
            if self.delay:
                reason = "is for breached; a step before the breach takes threshold_minutes or trigger_percent"
                raise InvalidValue("delay_minutes", in_units(self.delay, MINUTE), reason)
        elif threshold:
            field, value = next(iter(threshold.items()))
            raise InvalidValue(field, value, "is for approaching_breach; a step after the breach takes delay_minutes")
        if self.target_type is not None:
            require_clock_name(self.target_type, "target_type")

    def applies_to(self, target_type: str) -> bool:
        return self.status is EscalationStatus.ACTIVE and self.target_type in (None, target_type)

    def may_be_mistaken_for(self, other: EscalationRule) -> bool:
        """Whether both bear one name, in any case, and a target may have both."""
        if self.name is None or other.name is None or self.name.casefold() != other.name.casefold():
            return False
        return None in (self.target_type, other.target_type) or self.target_type == other.target_type

    def threshold(self, budget: Micros) -> Micros:
        """Working time used when the step is due; a step that would come before the start falls on the start."""
        if self.trigger is Trigger.BREACHED:
            return Micros(budget + self.delay)
        if self.percent is not None:
            return budget_share(budget, self.percent)
        return Micros(max(0, budget - (self.lead or 0)))

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "trigger": self.trigger.value,
            "threshold_minutes": None if self.lead is None else in_units(self.lead, MINUTE),
            "trigger_percent": None if self.percent is None else plain_number(self.percent),
            "delay_minutes": in_units(self.delay, MINUTE),
            "target_type": self.target_type,
            "actions": [dict(action) for action in self.actions],
            "status": self.status.value,
            **self._optional_fields(),
        }

    def _threshold(self) -> dict[str, Any]:
        """What is given of the two ways to say how long before the breach, in the units of its field."""
        lead = {} if self.lead is None else {"threshold_minutes": in_units(self.lead, MINUTE)}
        return {**lead, **({} if self.percent is None else {"trigger_percent": plain_number(self.percent)})}

    def _optional_fields(self) -> dict[str, Any]:
        """The fields that are left out where a step does without them."""
        repeats = {} if self.repeat is None else {"repeat_minutes": in_units(self.repeat, MINUTE)}
        return {
            **({} if self.name is None else {"name": self.name}),
            **(repeats and {**repeats, "repeat_at_most": self.repeat_at_most}),
            **({} if self.hours is None else {"hours": self.hours}),
            **{name: True for name in ("skip_if_nobody", "despite_acknowledgement") if getattr(self, name)},
        }

    @classmethod
    def from_json(cls, document: Any, field: str = "escalation") -> EscalationRule:
        body = require_mapping(document, field)
        refuse_unknown(body, ESCALATION_FIELDS, field)
        lead, percent, delay = (body.get(key) for key in ("threshold_minutes", "trigger_percent", "delay_minutes"))
        repeat, at_most = body.get("repeat_minutes"), body.get("repeat_at_most")
        try:
            return cls(
                id=optional_text(body.get("id"), f"{field}.id"),
                name=optional_name(body.get("name"), f"{field}.name", LONGEST_NAME),
                trigger=require_choice(body.get("trigger"), Trigger, f"{field}.trigger"),
                lead=None if lead is None else duration(lead, MINUTE, f"{field}.threshold_minutes"),
                percent=None if percent is None else require_percent(percent, f"{field}.trigger_percent"),
                delay=_delay(delay, f"{field}.delay_minutes"),
                target_type=optional_text(body.get("target_type"), f"{field}.target_type") or None,
                actions=_actions(body, field),
                status=require_choice(body.get("status", "active"), EscalationStatus, f"{field}.status"),
                repeat=None if repeat is None else duration(repeat, MINUTE, f"{field}.repeat_minutes"),
                repeat_at_most=REPEATS_AT_MOST if at_most is None else require_integer(at_most, "repeat_at_most"),
                hours=optional_text(body.get("hours"), f"{field}.hours") or None,
                skip_if_nobody=optional_flag(body.get("skip_if_nobody"), f"{field}.skip_if_nobody"),
                despite_acknowledgement=optional_flag(
                    body.get("despite_acknowledgement"), f"{field}.despite_acknowledgement"
                ),
            )
        except InvalidValue as error:
            if error.field in _FIELDS_OF_WHOLE_STEPS:
                raise error.under(field) from None
            raise


def budget_share(budget: Micros, percent: Decimal) -> Micros:
    """A percentage of a budget, to the microsecond."""
    return Micros(round(budget * percent / 100))


def _delay(minutes: Any, field: str) -> Micros:
    at_once = minutes is None or (minutes == 0 and not isinstance(minutes, bool))
    return NOTHING if at_once else duration(minutes, MINUTE, field)


def _actions(body: Mapping[str, Any], field: str) -> tuple[Mapping[str, Any], ...]:
    single, given = body.get("action_type"), body.get("actions")
    if single is not None:
        only = (_single(single, f"{field}.action_type"),)
        if given is not None and list(require_list(given, f"{field}.actions")) != list(only):
            raise InvalidValue(f"{field}.action_type", single, "contradicts actions; give one of them")
        return only
    listed = () if given is None else require_list(given, f"{field}.actions")
    return tuple(require_action(action, f"{field}.actions[{index}]") for index, action in enumerate(listed))


def _single(action: Any, field: str) -> Mapping[str, Any]:
    """The action that stands for itself alone: one that needs no field."""
    known = known_type(action, field)
    if (needed := FIELD[known]) is not None:
        raise InvalidValue(field, action, f"needs {needed}; give it in actions")
    return {"type": known.value}
