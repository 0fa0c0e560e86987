"""What can be chosen in the editor: (value, words) pairs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.policy.actions import FIELD, Action
from domain.policy.clocks.clocks import CLOCKS, OnReopen
from domain.policy.policies import OnChange, RetargetBreaches
from domain.ticket.conditions.conditions import OPERATORS
from domain.ticket.conditions.wording import OPERATORS as SAID
from web.pages.policies.editor.drafts import DEFAULT, TEAM
from web.pages.policies.editor.escalations import TRIGGERS
from web.pages.policies.editor.targets import UNITS
from web.pages.policies.sentences import Names
from web.showing.words import words

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Choices:
    hours: Pairs
    operators: Pairs
    types: Sequence[str]
    units: Pairs
    triggers: Pairs
    actions: Pairs
    on_change: Pairs
    on_reopen: Pairs
    retarget_breaches: Pairs
    teams: Pairs


def of(names: Names) -> Choices:
    own = names.hours.get(names.default_hours, "business hours")
    return Choices(
        hours=(
            ("", "around the clock"),
            (DEFAULT, f"the hours of the ticket's team as it opens, else {own}"),
            (TEAM, "the hours of the team that has the ticket, part by part"),
            *names.hours.items(),
        ),
        operators=tuple((name, SAID[name]) for name in OPERATORS),
        types=tuple(CLOCKS),
        units=tuple(UNITS.items()),
        triggers=tuple(TRIGGERS.items()),
        actions=tuple((one.value, _action(one)) for one in Action),
        on_change=_modes(OnChange),
        on_reopen=_modes(OnReopen),
        retarget_breaches=_modes(RetargetBreaches),
        teams=tuple(names.teams.items()),
    )


def _action(one: Action) -> str:
    needed = FIELD[one]
    return words(one.value) + (f" ({words(needed)})" if needed else "")


def _modes(modes: type[OnChange] | type[OnReopen] | type[RetargetBreaches]) -> Pairs:
    return tuple((one.value, words(one.value)) for one in modes)
