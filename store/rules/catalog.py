"""Catalogs of organizations, kept in memory until their configuration changes."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from domain.calendar import Calendar
from domain.policy.catalog import Catalog
from domain.policy.snapshot import CalendarVersion
from store.access.organizations import Organization, find_organization
from store.database.backends.writing import is_writing
from store.rules.calendars import live_calendars
from store.rules.ims import find_settings
from store.rules.policies import live_policies
from store.rules.teams import live_teams


@dataclass(frozen=True, slots=True)
class Catalogs:
    """Catalogs in memory.

    One query tells whether a catalog is the newest, so changes of other processes count at once.
    """

    _known: dict[str, tuple[int, Catalog]] = field(default_factory=dict)

    def find(self, conn: sa.Connection, organization: str) -> Catalog:
        """The catalog as `conn` sees it. The connection must see one state throughout. Raises NotFound."""
        found = find_organization(conn, organization)
        version, catalog = self._known.get(organization, (0, None))
        if catalog is not None and version == found.config_version:
            return catalog
        catalog = _load(conn, found)
        if not is_writing(conn):
            # Two loads at once may end in either order. Versions are compared for equality, so either order is right.
            self._known[organization] = (found.config_version, catalog)
        return catalog


def _load(conn: sa.Connection, organization: Organization) -> Catalog:
    calendars = {
        row.id: CalendarVersion(Calendar.from_json(row.doc), row.id, row.version)
        for row in live_calendars(conn, organization.id)
    }
    policies = live_policies(conn, organization.id)
    teams = {team.id: team for team in live_teams(conn, organization.id)}
    escalates = (find_settings(conn, organization.id)).auto_escalate
    return Catalog(
        organization.id,
        tuple(policies),
        calendars,
        organization.default_calendar_id,
        teams,
        escalates,
        organization.quiet_before,
        organization.timezone,
    )
