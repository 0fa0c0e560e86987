"""Teams of an organization, under the ids that its ticket system uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.errors import Conflict
from domain.instants import Instant
from domain.ticket.teams import Team
from store.access.organizations import begin_change
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import instant, moment
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.owned import OwnedRows
from store.rules.calendars import require_calendar
from store.schema.tables import teams
from store.schema.tenancy import own

LISTED = Listed(
    columns_of(teams, "id", "name", "lead", "created_at", "updated_at", business_hours_id="calendar_id"),
    "created_at",
    searched=("id", "name"),
)


@dataclass(frozen=True, slots=True)
class StoredTeam:
    team: Team
    created_at: Instant
    updated_at: Instant


@dataclass(frozen=True, slots=True)
class Teams:
    """Every method raises NotFound for an organization or a team that does not exist or was deleted.

    Changes raise InvalidValue for business hours that do not exist.
    """

    database: Database
    now: Clock

    async def create(self, organization: str, team: Team) -> StoredTeam:
        """Raises Conflict when its id is taken. The id of a deleted team is free."""

        def work(conn: sa.Connection) -> StoredTeam:
            begin_change(conn, organization)
            require_calendar(conn, organization, team.business_hours_id)
            if _TEAMS.row(conn, organization, team.id) is not None:
                raise Conflict(f"team {team.id} exists already", field="id", value=team.id)
            _TEAMS.delete(conn, organization, team.id)
            return _TEAMS.insert(conn, organization, team.id, _columns(team), self.now())

        return await self.database.write(work)

    async def list(self, organization: str, part: ListPart) -> Found[StoredTeam]:
        """Oldest first unless the part says otherwise."""
        return await self.database.read(lambda conn: _TEAMS.list(conn, organization, part))

    async def get(self, organization: str, team_id: str) -> StoredTeam:
        return await self.database.read(lambda conn: _TEAMS.find(conn, organization, team_id))

    async def update(self, organization: str, team_id: str, change: Callable[[Team], Team]) -> StoredTeam:
        """Write what `change` makes of the team as it is now, so that no other change is lost.

        `change` must keep the id.
        """

        def work(conn: sa.Connection) -> StoredTeam:
            stored = _TEAMS.begin(conn, organization, team_id)
            changed = change(stored.team)
            if changed == stored.team:
                return stored
            require_calendar(conn, organization, changed.business_hours_id)
            return _TEAMS.update(conn, organization, team_id, _columns(changed), self.now())

        return await self.database.write(work)

    async def delete(self, organization: str, team_id: str) -> None:
        def work(conn: sa.Connection) -> None:
            _TEAMS.begin(conn, organization, team_id)
            gone = sa.update(teams).where(own(teams, organization, id=team_id)).values(deleted_at=moment(self.now()))
            conn.execute(gone)

        await self.database.write(work)


def live_teams(conn: sa.Connection, organization: str) -> Sequence[Team]:
    return [stored.team for stored in _TEAMS.all(conn, organization)]


def _columns(team: Team) -> dict[str, Any]:
    return {"name": team.name, "lead": team.lead, "calendar_id": team.business_hours_id}


def _team(row: Any) -> Team:
    return Team(row.id, row.name, row.lead, row.calendar_id)


def _stored(row: Any) -> StoredTeam:
    return StoredTeam(_team(row), instant(row.created_at), instant(row.updated_at))


_TEAMS = OwnedRows(teams, "team", LISTED, _stored)
