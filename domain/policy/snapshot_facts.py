"""The names and versions in a snapshot, which need no rule of it to be understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.fields import optional_text, require_list, require_mapping
from domain.ids import InstanceId
from domain.ticket.teams import Team
from domain.ticket.tickets import title_in, url_in

UTC = "UTC"


@dataclass(frozen=True, slots=True)
class Facts:
    """The names and versions in a snapshot; reading them needs neither a calendar nor a time zone.

    `home_timezone` is the organization's zone as it was when the ticket opened. `timezone` is the zone in which people
    read the ticket's times: that of its business hours, or `home_timezone` where its clocks run round the clock. Both
    are IANA names. `title` and `url` are those of the ticket as it opened.
    """

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
    home_timezone: str = UTC
    timezone: str = UTC
    title: str | None = None
    url: str | None = None

    @property
    def instance(self) -> InstanceId:
        return InstanceId.parse(self.instance_id)

    @classmethod
    def of(cls, snapshot: Mapping[str, Any]) -> Facts:
        """The facts of a snapshot document."""
        whole = require_mapping(snapshot, "snapshot")
        body: Mapping[str, Any] = require_mapping(whole.get("facts"), "snapshot.facts")
        values: dict[str, Any] = {name: body.get(name) for name in _FACTS}
        policy = require_mapping(whole.get("policy", {}), "snapshot.policy")
        ticket: Mapping[str, Any] = require_mapping(whole.get("ticket", {}), "snapshot.ticket")
        fields = require_mapping(ticket.get("fields") or {}, "snapshot.ticket.fields")
        home = home_timezone_in(body)
        return cls(
            **values,
            teams=teams_in(whole),
            applicable_team=policy.get("applicable_team"),
            home_timezone=home,
            timezone=_timezone(whole, home),
            title=title_in(fields),
            url=url_in(fields),
        )

    def to_json(self) -> dict[str, Any]:
        """The zone of the organization where it is not UTC; without what stands beside the facts in a snapshot."""
        home = {} if self.home_timezone == UTC else {"home_timezone": self.home_timezone}
        return {**{name: getattr(self, name) for name in _FACTS}, **home}


_FACTS = (
    *("organization", "instance_id", "policy_id", "policy_name", "policy_version", "priority"),
    *("calendar_id", "calendar_version", "tzdata_version"),
)


def home_timezone_in(facts: Mapping[str, Any]) -> str:
    return optional_text(facts.get("home_timezone"), "snapshot.facts.home_timezone") or UTC


def _timezone(snapshot: Mapping[str, Any], home: str) -> str:
    version: Mapping[str, Any] = require_mapping(snapshot.get("calendar", {}), "snapshot.calendar")
    calendar = require_mapping(version.get("calendar", {}), "snapshot.calendar.calendar")
    return optional_text(calendar.get("timezone"), "snapshot.calendar.calendar.timezone") or home


def teams_in(body: Mapping[str, Any]) -> dict[str, Team]:
    listed = require_list(body.get("teams", ()), "snapshot.teams")
    teams = [Team.from_json(team, "snapshot.teams") for team in listed]
    return {team.id: team for team in teams}
