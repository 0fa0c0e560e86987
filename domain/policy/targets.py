"""What a policy promises for one clock: how much time, for tickets of which priority (Aurion SLA API v2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domain.errors import InvalidValue
from domain.fields import (
    optional_text,
    refuse_unknown,
    require_bool,
    require_choice,
    require_mapping,
    require_text,
)
from domain.instants import MINUTE, in_units
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
from domain.policy.field_deadlines import FieldDeadline

TARGET_FIELDS = frozenset(
    {"id", "type", "priority", "hours", "minutes", "days", "end_of_day", "by", "pausable"}
    | {"on_reopen", "name", *TRIGGER_FIELDS}
)


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
