"""An organization's rules at one moment, and the snapshot they freeze onto a ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.calendar import Calendar
from domain.errors import Conflict
from domain.matching import first_match
from domain.policies import Policy
from domain.snapshot import CalendarVersion, Snapshot
from domain.teams import Team
from domain.tickets import Ticket

AROUND_THE_CLOCK = CalendarVersion(Calendar.always())


@dataclass(frozen=True, slots=True)
class Catalog:
    """Policies in evaluation order, calendars and teams by id, and the id of the organization's default calendar."""

    organization: str
    policies: tuple[Policy, ...]
    calendars: Mapping[str, CalendarVersion]
    default_calendar_id: str | None = None
    teams: Mapping[str, Team] = field(default_factory=dict)

    def snapshot(self, ticket: Ticket, tzdata_version: str) -> Snapshot | None:
        """The snapshot of the first matching policy (its `targets` may be empty), None when no policy matches."""
        policy = first_match(self.policies, ticket)
        if policy is None:
            return None
        return Snapshot(self.organization, ticket, policy, self.calendar_of(policy), tzdata_version)

    def calendar_of(self, policy: Policy) -> CalendarVersion:
        if not policy.business_hours:
            return AROUND_THE_CLOCK
        wanted = policy.business_hours_id or self.default_calendar_id
        if wanted is None or wanted not in self.calendars:
            raise Conflict(
                f"policy {policy.id} measures in business hours {wanted!r}, which do not exist",
                field="business_hours_id",
                value=wanted,
            )
        return self.calendars[wanted]
