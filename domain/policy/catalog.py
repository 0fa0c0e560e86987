"""An organization's rules at one moment, and the snapshot they freeze onto a ticket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from domain.calendar import Calendar
from domain.errors import Conflict
from domain.ids import Kind
from domain.instants import Instant
from domain.policy.actions import Action
from domain.policy.match_record import MatchRecord
from domain.policy.matching import first_match
from domain.policy.policies import OnChange, Policy
from domain.policy.snapshot import Alternative, CalendarVersion, Snapshot
from domain.policy.snapshot_facts import UTC
from domain.ticket.events import Event
from domain.ticket.teams import Team
from domain.ticket.tickets import Ticket

AROUND_THE_CLOCK = CalendarVersion(Calendar.always())


@dataclass(frozen=True, slots=True)
class Catalog:
    """Policies in evaluation order, calendars and teams by id, and the id of the organization's default calendar.

    `auto_escalate` tells whether breaches go to the policy's escalation contact. Tickets that opened before
    `quiet_before` came along when the organization was set up: their openings are quiet. `timezone` is the
    organization's zone, an IANA name.
    """

    organization: str
    policies: tuple[Policy, ...]
    calendars: Mapping[str, CalendarVersion]
    default_calendar_id: str | None = None
    teams: Mapping[str, Team] = field(default_factory=dict)
    auto_escalate: bool = False
    quiet_before: Instant | None = None
    timezone: str = UTC

    def hushed(self, opened: Event) -> Event:
        """The opening, quiet where the ticket opened before the organization was set up."""
        is_before = self.quiet_before is not None and opened.occurred_at < self.quiet_before
        return replace(opened, quiet=True) if is_before else opened

    def snapshot(self, ticket: Ticket, tzdata_version: str) -> Snapshot | None:
        """The snapshot of the first matching policy (its `targets` may be empty), None when no policy matches."""
        policy = first_match(self.policies, ticket)
        if policy is None:
            return None
        alternatives = self.alternatives(policy, ticket)
        return Snapshot(
            self.organization,
            ticket,
            policy,
            self.calendar_of(policy, ticket.team_id),
            tzdata_version,
            teams=self._teams(policy, ticket.team_id),
            team_calendars=self.team_calendars(policy),
            auto_escalate=self.auto_escalate and policy.escalation_contact is not None,
            alternatives=alternatives,
            matching=MatchRecord.of(self.policies, policy, ticket),
            home_timezone=self.timezone,
            step_hours=self.step_hours((policy, *(one.policy for one in alternatives))),
        )

    def alternatives(self, chosen: Policy, ticket: Ticket) -> tuple[Alternative, ...]:
        """The policies that the ticket may change to; none where the chosen one says that changes do not count."""
        return tuple(self._alternatives(chosen, ticket))

    def _alternatives(self, chosen: Policy, ticket: Ticket) -> Iterator[Alternative]:
        if chosen.on_change is OnChange.KEEP:
            return
        for policy in self.policies:
            if (policy.kind, policy.origin) == (chosen.kind, chosen.origin) and policy.enabled:
                # A policy that cannot be measured must not keep a ticket from being opened under another one.
                with suppress(Conflict):
                    yield Alternative(policy, self.calendar_of(policy, ticket.team_id), self.team_calendars(policy))

    def _teams(self, policy: Policy, team_id: str | None) -> Mapping[str, Team]:
        """The ticket's own team; every team where the clocks or the notices change with the owner."""
        actions = (action for step in policy.steps for action in step.actions)
        if (
            policy.kind is Kind.OLA
            or self._may_follow_team(policy)
            or any(action["type"] == Action.NOTIFY_TEAM_LEAD for action in actions)
        ):
            return self.teams
        return {id_: team for id_, team in self.teams.items() if id_ == team_id}

    def _may_follow_team(self, policy: Policy) -> bool:
        """Whether the hours of a ticket under the policy follow its team, or may do so after a change of the ticket."""
        others = () if policy.on_change is OnChange.KEEP else self.policies
        return any(one.follows_team for one in (policy, *others))

    def team_calendars(self, policy: Policy) -> Mapping[str, CalendarVersion]:
        """The calendars of teams in which clocks of the policy run while a team has the ticket, by id; the others run
        in its own."""
        by_team = policy.kind is Kind.OLA or policy.follows_team
        if not by_team or not policy.business_hours or policy.business_hours_id is not None:
            return {}
        wanted = {team.business_hours_id for team in self.teams.values()}
        return {id_: calendar for id_, calendar in self.calendars.items() if id_ in wanted}

    def step_hours(self, policies: Iterable[Policy]) -> Mapping[str, CalendarVersion]:
        """The calendars in which escalation steps of the policies may speak, by id."""
        wanted = {step.hours for policy in policies for step in policy.steps if step.hours is not None}
        return {id_: calendar for id_, calendar in self.calendars.items() if id_ in wanted}

    def calendar_of(self, policy: Policy, team_id: str | None = None) -> CalendarVersion:
        """The calendar that measures a ticket of that team under a policy.

        Raises Conflict when the policy names hours that do not exist.
        """
        if not policy.business_hours:
            return AROUND_THE_CLOCK
        by_team = policy.kind is Kind.OLA or policy.follows_team
        team = self.teams.get(team_id) if team_id is not None and not by_team else None
        wanted = policy.business_hours_id or (team and team.business_hours_id) or self.default_calendar_id
        if wanted is None or wanted not in self.calendars:
            raise Conflict(
                f"policy {policy.id} measures in business hours {wanted!r}, which do not exist",
                field="business_hours_id",
                value=wanted,
            )
        return self.calendars[wanted]
