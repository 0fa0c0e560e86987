"""Clocks that could never start or stop, or of which two parts contradict each other, are refused."""

from __future__ import annotations

from dataclasses import replace

from domain.errors import InvalidValue
from domain.policy.clocks.clocks import ClockRule, OnReopen
from domain.policy.clocks.triggers import Triggers, refuse_doubt
from domain.ticket.events import EventKind


def require_possible(type_: str, rule: ClockRule, given: Triggers, on_reopen: OnReopen | None) -> None:
    """Raises InvalidValue, with the field at fault, for what a target of that type says of its own clock."""
    if given.starts_on == () and given.starts_when is None:
        raise InvalidValue("starts_on", [], "must hold an event where there is no starts_when: it could never start")
    if given.stops_on == () and given.stops_when is None:
        raise InvalidValue("stops_on", [], "must hold an event where there is no stops_when: it could never stop")
    if given.renews_on and not rule.recurs:
        raise InvalidValue("renews_on", given.spoken("renews_on"), f"is not for {type_}, which does not begin again")
    _refuse_contradictions(rule, given)
    _require_reopening(type_, rule, given, on_reopen)


def _refuse_contradictions(rule: ClockRule, given: Triggers) -> None:
    """What the target says must not contradict what it leaves to its type."""
    names = ("stops_on", "renews_on", "cancels_on", *(() if given.starts_when else ("starts_on",)))
    left = {name: getattr(rule, name) for name in names if getattr(given, name) is None}
    refuse_doubt(replace(given, **left), given)


def _require_reopening(type_: str, rule: ClockRule, given: Triggers, on_reopen: OnReopen | None) -> None:
    if on_reopen is None:
        return
    if not rule.follows_reopen:
        raise InvalidValue("on_reopen", on_reopen.value, f"is not for {type_}, which has its own rules")
    if any(pattern.kind is EventKind.REOPENED for pattern in given.starts_on or ()):
        raise InvalidValue("on_reopen", on_reopen.value, "must be left out where a reopening starts the clock")
