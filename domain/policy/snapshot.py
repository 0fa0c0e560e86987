"""What is frozen onto a ticket when it opens: the policy, the calendar, the ticket itself."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeVar

from domain.calendar import Calendar
from domain.calendar.handover import Hours, handed_over
from domain.errors import InvalidValue
from domain.fields import optional_text, require_bool, require_list, require_mapping, require_text, require_version
from domain.instants import Instant
from domain.policy.match_record import MatchRecord
from domain.policy.matching import first_match
from domain.policy.policies import Policy
from domain.policy.snapshot_facts import UTC, Facts, home_timezone_in, teams_in
from domain.policy.targets import TargetRule
from domain.ticket.teams import Team
from domain.ticket.tickets import Ticket

Part = TypeVar("Part")
SHARED_PARTS = 2048
"""Policies and calendars that are kept, the last ones used. Thousands of tickets open under the same few."""


@dataclass(frozen=True, slots=True)
class CalendarVersion:
    """A calendar as it was defined at one version; `id` None is the built-in round-the-clock one."""

    calendar: Calendar
    id: str | None = None
    version: int = 1

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "version": self.version, "calendar": self.calendar.to_json()}

    @classmethod
    def from_json(cls, document: Any, field: str = "calendar") -> CalendarVersion:
        body = require_mapping(document, field)
        return cls(
            Calendar.from_json(body.get("calendar"), field),
            optional_text(body.get("id"), f"{field}.id") or None,
            require_version(body.get("version", 1), f"{field}.version"),
        )


@dataclass(frozen=True, slots=True)
class Alternative:
    """A policy that the ticket may change to, and the calendars that would measure it then.

    `team_calendars` holds by id those of teams whose clocks would not run in `calendar`.
    """

    policy: Policy
    calendar: CalendarVersion
    team_calendars: Mapping[str, CalendarVersion] = field(default_factory=dict)

    @property
    def calendars(self) -> tuple[CalendarVersion, ...]:
        return (self.calendar, *self.team_calendars.values())


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a ticket is measured by.

    `teams` are the teams that the ticket may come to, as far as their leads or calendars matter; `team_calendars` holds
    by id the calendars of teams whose clocks do not run in `calendar`. `auto_escalate` is whether breaches went to the
    escalation contact when the ticket opened. `alternatives` are the policies in evaluation order, its own among them,
    where a change of the ticket may lead to another. `opening_rules` are the rules the ticket opened under, where a
    replan has put others in their place. `matching` is why the ticket got its policy when it opened, where that was
    kept. `home_timezone` is the organization's zone when the ticket opened, an IANA name. `step_hours` holds by id the
    calendars in which escalation steps may speak.
    """

    organization: str
    ticket: Ticket
    policy: Policy
    calendar: CalendarVersion
    tzdata_version: str
    teams: Mapping[str, Team] = field(default_factory=dict)
    team_calendars: Mapping[str, CalendarVersion] = field(default_factory=dict)
    auto_escalate: bool = False
    alternatives: tuple[Alternative, ...] = ()
    opening_rules: Mapping[str, Any] | None = None
    matching: MatchRecord | None = None
    home_timezone: str = UTC
    step_hours: Mapping[str, CalendarVersion] = field(default_factory=dict)

    @property
    def calendars_of_steps(self) -> Mapping[str, Calendar]:
        return {id_: version.calendar for id_, version in self.step_hours.items()}

    @property
    def facts(self) -> Facts:
        calendar = self.calendar.calendar
        return Facts(
            organization=self.organization,
            instance_id=str(self.ticket.instance),
            policy_id=self.policy.id,
            policy_name=self.policy.name,
            policy_version=self.policy.version,
            priority=self.ticket.priority,
            calendar_id=self.calendar.id,
            calendar_version=self.calendar.version,
            tzdata_version=self.tzdata_version,
            teams=self.teams,
            applicable_team=self.policy.applicable_team,
            home_timezone=self.home_timezone,
            timezone=self.home_timezone if calendar.always_open else calendar.timezone,
            title=self.ticket.title,
            url=self.ticket.url,
        )

    @property
    def own(self) -> Alternative:
        """What the ticket is measured by until a change of it leads to another policy."""
        return Alternative(self.policy, self.calendar, self.team_calendars)

    def choice(self, ticket: Ticket) -> tuple[Policy, CalendarVersion] | None:
        """The policy and calendar for the ticket as it is now; None when no alternative matches.

        Where no alternatives were frozen, nothing says what else it might change to, and its own policy stays.
        """
        if not self.alternatives:
            return self.policy, self.calendar
        found = first_match((one.policy for one in self.alternatives), ticket)
        if found is None:
            return None
        if found.id == self.policy.id:
            return self.policy, self.calendar
        return found, next(one.calendar for one in self.alternatives if one.policy is found)

    def calendar_under(self, policy_id: str | None, team_id: str | None = None) -> CalendarVersion:
        """The calendar in which a clock of that team runs while that policy is in force (None: the snapshot's own)."""
        team = self.teams.get(team_id) if team_id is not None else None
        own = team.business_hours_id if team is not None else None
        others = self.alternatives if policy_id not in (None, self.policy.id) else ()
        measure = next((one for one in others if one.policy.id == policy_id), self.own)
        return measure.calendar if own is None else measure.team_calendars.get(own, measure.calendar)

    def hours_of_teams(self, policy_id: str | None, handovers: Iterable[tuple[Instant, str | None]]) -> Hours:
        """The hours of each team from when it has the ticket (None: nobody has it), while that policy is in force."""
        return handed_over([(at, self.calendar_under(policy_id, team_id).calendar) for at, team_id in handovers])

    @property
    def targets(self) -> tuple[TargetRule, ...]:
        """The promises that apply to this ticket; empty means it is untracked."""
        return self.policy.targets_for(self.ticket.priority)

    def to_json(self) -> dict[str, Any]:
        return {
            "facts": self.facts.to_json(),
            "ticket": self.ticket.to_json(),
            **self._rules_to_json(),
            **({"auto_escalate": True} if self.auto_escalate else {}),
            **({} if self.opening_rules is None else {"opening_rules": dict(self.opening_rules)}),
            **({} if self.matching is None else {"matching": self.matching.to_json()}),
        }

    @property
    def rules(self) -> dict[str, Any]:
        """What a replan may change, as a document: all but the ticket and what was decided when it opened."""
        return {**self._rules_to_json(), "tzdata_version": self.tzdata_version}

    def under(self, rules: Mapping[str, Any]) -> Snapshot:
        """The same ticket measured by other rules, a document as `rules` makes it.

        The rules it opened under are kept in `opening_rules`. Raises InvalidValue for rules that cannot be read.
        """
        release = optional_text(rules.get("tzdata_version"), "snapshot.facts.tzdata_version") or self.tzdata_version
        opening = self.opening_rules or self.rules
        return replace(self, **_rules_from_json(rules), tzdata_version=release, opening_rules=opening)

    def _rules_to_json(self) -> dict[str, Any]:
        return {
            "policy": self.policy.to_json(),
            "calendar": self.calendar.to_json(),
            **({"teams": [team.to_json() for team in self.teams.values()]} if self.teams else {}),
            **({"team_calendars": _documents(self.team_calendars)} if self.team_calendars else {}),
            **({"alternatives": _alternatives_to_json(self.alternatives)} if self.alternatives else {}),
            **({"step_hours": _documents(self.step_hours)} if self.step_hours else {}),
        }

    @classmethod
    def from_json(cls, document: Any) -> Snapshot:
        body = require_mapping(document, "snapshot")
        facts: Any = require_mapping(body.get("facts"), "snapshot.facts")
        return cls(
            organization=require_text(facts.get("organization"), "snapshot.facts.organization"),
            ticket=Ticket.from_json(body.get("ticket"), "snapshot.ticket"),
            tzdata_version=facts.get("tzdata_version"),
            **_rules_from_json(body),
            auto_escalate=require_bool(body.get("auto_escalate", False), "snapshot.auto_escalate"),
            opening_rules=_optional_rules(body.get("opening_rules"), "snapshot.opening_rules"),
            matching=None if "matching" not in body else MatchRecord.from_json(body["matching"], "snapshot.matching"),
            home_timezone=home_timezone_in(facts),
        )


def _rules_from_json(body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a snapshot that a replan may change, by name."""
    return {
        "teams": teams_in(body),
        "policy": _shared(Policy.from_json, body.get("policy"), "snapshot.policy"),
        "calendar": _shared(CalendarVersion.from_json, body.get("calendar"), "calendar"),
        "team_calendars": _team_calendars(body.get("team_calendars", {}), "snapshot.team_calendars"),
        "alternatives": _alternatives_from_json(body.get("alternatives")),
        "step_hours": _team_calendars(body.get("step_hours", {}), "snapshot.step_hours"),
    }


def _shared(read: Callable[[Any, str], Part], document: Any, field: str) -> Part:
    """What `read` makes of the document: one object for equal documents, each of them read and checked once."""
    try:
        written = marshal.dumps(document, 2)
    except ValueError:  # a value that JSON does not have: left to `read` to refuse
        return read(document, field)
    part: Part = _read(read, written, field)
    return part


@lru_cache(maxsize=SHARED_PARTS)
def _read(read: Callable[[Any, str], Part], written: bytes, field: str) -> Part:
    return read(marshal.loads(written), field)  # noqa: S302 - what `_shared` has just written


def _documents(calendars: Mapping[str, CalendarVersion]) -> dict[str, Any]:
    return {id_: calendar.to_json() for id_, calendar in calendars.items()}


def _alternatives_to_json(alternatives: Iterable[Alternative]) -> dict[str, Any]:
    """Each calendar once: they are many times larger than the policies that share them."""
    listed = list(alternatives)
    calendars = list(dict.fromkeys(calendar for one in listed for calendar in one.calendars))
    places = {calendar: place for place, calendar in enumerate(calendars)}
    return {
        "policies": [_alternative_to_json(one, places) for one in listed],
        "calendars": [calendar.to_json() for calendar in calendars],
    }


def _alternative_to_json(one: Alternative, places: Mapping[CalendarVersion, int]) -> dict[str, Any]:
    of_teams = {id_: places[calendar] for id_, calendar in one.team_calendars.items()}
    return {
        "policy": one.policy.to_json(),
        "calendar": places[one.calendar],
        **({"team_calendars": of_teams} if of_teams else {}),
    }


def _team_calendars(document: Any, field: str) -> dict[str, CalendarVersion]:
    calendars = require_mapping(document, field)
    return {id_: _shared(CalendarVersion.from_json, one, f"{field}.{id_}") for id_, one in calendars.items()}


def _optional_rules(document: Any, field: str) -> Mapping[str, Any] | None:
    return None if document is None else require_mapping(document, field)


def _alternatives_from_json(document: Any) -> tuple[Alternative, ...]:
    if document is None:
        return ()
    field = "snapshot.alternatives"
    body = require_mapping(document, field)
    calendars = [
        _shared(CalendarVersion.from_json, calendar, f"{field}.calendars[{place}]")
        for place, calendar in enumerate(require_list(body.get("calendars"), f"{field}.calendars"))
    ]
    policies = require_list(body.get("policies"), f"{field}.policies")
    return tuple(_alternative(one, calendars, f"{field}[{index}]") for index, one in enumerate(policies))


def _alternative(document: Any, calendars: Sequence[CalendarVersion], field: str) -> Alternative:
    body = require_mapping(document, field)
    places = require_mapping(body.get("team_calendars", {}), f"{field}.team_calendars")
    return Alternative(
        _shared(Policy.from_json, body.get("policy"), field),
        _listed(calendars, body.get("calendar"), f"{field}.calendar"),
        {id_: _listed(calendars, place, f"{field}.team_calendars.{id_}") for id_, place in places.items()},
    )


def _listed(calendars: Sequence[CalendarVersion], place: Any, field: str) -> CalendarVersion:
    if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(calendars):
        raise InvalidValue(field, place, f"must be the place of one of {len(calendars)} calendars, from 0 on")
    return calendars[place]
