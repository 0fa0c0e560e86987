"""What is frozen onto a ticket when it opens: the policy, the calendar, the ticket itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.calendar import Calendar
from domain.fields import optional_text, require_bool, require_mapping, require_text, require_version
from domain.ids import InstanceId
from domain.policies import Policy, TargetRule
from domain.teams import Team
from domain.tickets import Ticket


@dataclass(frozen=True, slots=True)
class CalendarVersion:
    """A calendar as it was defined at one version; `id` None is the built-in round-the-clock one."""

    calendar: Calendar
    id: str | None = None
    version: int = 1

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "version": self.version, "calendar": self.calendar.to_json()}

    @classmethod
    def from_json(cls, document: Any) -> CalendarVersion:
        body = require_mapping(document, "calendar")
        return cls(
            Calendar.from_json(body.get("calendar"), "calendar"),
            optional_text(body.get("id"), "calendar.id") or None,
            require_version(body.get("version", 1), "calendar.version"),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """The part of a snapshot that names things; reading it needs neither a calendar nor a time zone."""

    organization: str
    instance_id: str
    policy_id: str
    policy_name: str
    policy_version: int
    priority: str | None
    calendar_id: str | None
    calendar_version: int
    tzdata_version: str
    teams: Mapping[str, Team] = field(default_factory=dict)
    applicable_team: str | None = None

    @property
    def instance(self) -> InstanceId:
        return InstanceId.parse(self.instance_id)

    @classmethod
    def of(cls, snapshot: Mapping[str, Any]) -> Facts:
        """The facts of a snapshot document."""
        whole = require_mapping(snapshot, "snapshot")
        body: Mapping[str, Any] = require_mapping(whole.get("facts"), "snapshot.facts")
        values: dict[str, Any] = {name: body.get(name) for name in _FACTS}
        teams = [Team.from_json(team, "snapshot.teams") for team in whole.get("teams", ())]
        policy = require_mapping(whole.get("policy", {}), "snapshot.policy")
        return cls(**values, teams={team.id: team for team in teams}, applicable_team=policy.get("applicable_team"))

    def to_json(self) -> dict[str, Any]:
        """Without what stands beside the facts in a snapshot."""
        return {name: getattr(self, name) for name in _FACTS}


_FACTS = tuple(name for name in Facts.__dataclass_fields__ if name not in ("teams", "applicable_team"))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`teams` are those that the ticket may come to, as far as their leads or calendars matter; `team_calendars` the
    calendars of their own, by id, of teams whose clocks do not run in `calendar`. `auto_escalate` is whether breaches
    went to the escalation contact when the ticket opened. `opening_rules` are those the ticket opened under, where a
    replan has put others in their place."""

    organization: str
    ticket: Ticket
    policy: Policy
    calendar: CalendarVersion
    tzdata_version: str
    teams: Mapping[str, Team] = field(default_factory=dict)
    team_calendars: Mapping[str, CalendarVersion] = field(default_factory=dict)
    auto_escalate: bool = False
    opening_rules: Mapping[str, Any] | None = None

    @property
    def facts(self) -> Facts:
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
        )

    def calendar_of(self, team_id: str | None) -> CalendarVersion:
        """The calendar in which a clock of that team runs."""
        team = self.teams.get(team_id) if team_id is not None else None
        own = team.business_hours_id if team is not None else None
        return self.calendar if own is None else self.team_calendars.get(own, self.calendar)

    @property
    def targets(self) -> tuple[TargetRule, ...]:
        """The promises that apply to this ticket; empty means it is untracked."""
        return self.policy.targets_for(self.ticket.priority)

    def to_json(self) -> dict[str, Any]:
        return {
            "facts": self.facts.to_json(),
            "ticket": self.ticket.to_json(),
            "policy": self.policy.to_json(),
            "calendar": self.calendar.to_json(),
            **({"teams": [team.to_json() for team in self.teams.values()]} if self.teams else {}),
            **({"team_calendars": _documents(self.team_calendars)} if self.team_calendars else {}),
            **({"auto_escalate": True} if self.auto_escalate else {}),
            **({} if self.opening_rules is None else {"opening_rules": dict(self.opening_rules)}),
        }

    @property
    def rules(self) -> dict[str, Any]:
        """All but the ticket, as a document: what a replan may change."""
        document = self.to_json()
        kept = {name: document[name] for name in _RULES if name in document}
        return {**kept, "tzdata_version": self.tzdata_version}

    def under(self, rules: Mapping[str, Any]) -> Snapshot:
        """The same ticket measured by other rules. Raises InvalidValue for what are none."""
        document = {name: value for name, value in self.to_json().items() if name not in _RULES}
        facts = {**document["facts"], "tzdata_version": rules.get("tzdata_version", self.tzdata_version)}
        given = {name: rules[name] for name in _RULES if name in rules}
        return Snapshot.from_json(
            {**document, **given, "facts": facts, "opening_rules": self.opening_rules or self.rules}
        )

    @classmethod
    def from_json(cls, document: Any) -> Snapshot:
        body = require_mapping(document, "snapshot")
        facts = Facts.of(body)
        calendars = require_mapping(body.get("team_calendars", {}), "snapshot.team_calendars")
        return cls(
            organization=require_text(facts.organization, "snapshot.facts.organization"),
            ticket=Ticket.from_json(body.get("ticket"), "snapshot.ticket"),
            policy=Policy.from_json(body.get("policy"), "snapshot.policy"),
            calendar=CalendarVersion.from_json(body.get("calendar")),
            tzdata_version=facts.tzdata_version,
            teams=facts.teams,
            team_calendars={id_: CalendarVersion.from_json(calendar) for id_, calendar in calendars.items()},
            auto_escalate=require_bool(body.get("auto_escalate", False), "snapshot.auto_escalate"),
            opening_rules=body.get("opening_rules"),
        )


_RULES = ("policy", "calendar", "teams", "team_calendars")


def _documents(calendars: Mapping[str, CalendarVersion]) -> dict[str, Any]:
    return {id_: calendar.to_json() for id_, calendar in calendars.items()}
