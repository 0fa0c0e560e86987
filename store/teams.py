"""Teams of an organization, under the names its ticket system gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Conflict, InvalidValue, NotFound
from domain.instants import Instant
from domain.teams import Team
from store.calendars import is_live_calendar
from store.clock import Clock
from store.database import Database
from store.organizations import begin_change
from store.tables import teams
from store.types import instant, moment


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
        """Raises Conflict when its id is taken; that of a deleted team is free."""
        now = moment(self.now())
        async with self.database.write() as conn:
            await begin_change(conn, organization)
            await _require_calendar(conn, organization, team)
            if await _row(conn, organization, team.id) is not None:
                raise Conflict(f"team {team.id} exists already", field="id", value=team.id)
            await conn.execute(sa.delete(teams).where(_is(organization, team.id)))
            row = {**_columns(team), "organization": organization, "id": team.id, "created_at": now, "updated_at": now}
            await conn.execute(sa.insert(teams).values(row))
            return await _find(conn, organization, team.id)

    async def list(self, organization: str, limit: int, offset: int) -> tuple[Sequence[StoredTeam], int]:
        """A page, oldest first, and how many there are."""
        these = _live(organization)
        page = sa.select(teams).where(these).order_by(teams.c.created_at, teams.c.id).limit(limit).offset(offset)
        async with self.database.read() as conn:
            total = await conn.scalar(sa.select(sa.func.count()).select_from(teams).where(these))
            return [_stored(row) for row in await conn.execute(page)], total or 0

    async def get(self, organization: str, team_id: str) -> StoredTeam:
        async with self.database.read() as conn:
            return await _find(conn, organization, team_id)

    async def update(self, organization: str, team_id: str, change: Callable[[Team], Team]) -> StoredTeam:
        """What `change` makes of the team as it stands; nobody else's change is lost. `change` keeps its id."""
        async with self.database.write() as conn:
            await begin_change(conn, organization)
            stored = await _find(conn, organization, team_id)
            changed = change(stored.team)
            if changed == stored.team:
                return stored
            await _require_calendar(conn, organization, changed)
            values = {**_columns(changed), "updated_at": moment(self.now())}
            await conn.execute(sa.update(teams).where(_is(organization, team_id)).values(values))
            return await _find(conn, organization, team_id)

    async def delete(self, organization: str, team_id: str) -> None:
        async with self.database.write() as conn:
            await begin_change(conn, organization)
            await _find(conn, organization, team_id)
            gone = sa.update(teams).where(_is(organization, team_id)).values(deleted_at=moment(self.now()))
            await conn.execute(gone)


async def live_teams(conn: AsyncConnection, organization: str) -> Sequence[Team]:
    return [_team(row) for row in await conn.execute(sa.select(teams).where(_live(organization)))]


async def _row(conn: AsyncConnection, organization: str, team_id: str) -> Any:
    return (await conn.execute(sa.select(teams).where(_live(organization), teams.c.id == team_id))).first()


async def _find(conn: AsyncConnection, organization: str, team_id: str) -> StoredTeam:
    row = await _row(conn, organization, team_id)
    if row is None:
        raise NotFound(f"team {team_id!r} does not exist", field="team_id", value=team_id)
    return _stored(row)


async def _require_calendar(conn: AsyncConnection, organization: str, team: Team) -> None:
    wanted = team.business_hours_id
    if wanted is not None and not await is_live_calendar(conn, organization, wanted):
        raise InvalidValue("business_hours_id", wanted, "must name business hours that exist")


def _live(organization: str) -> sa.ColumnElement[bool]:
    return sa.and_(teams.c.organization == organization, teams.c.deleted_at.is_(None))


def _is(organization: str, team_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(teams.c.organization == organization, teams.c.id == team_id)


def _columns(team: Team) -> dict[str, Any]:
    return {"name": team.name, "lead": team.lead, "calendar_id": team.business_hours_id}


def _team(row: Any) -> Team:
    return Team(row.id, row.name, row.lead, row.calendar_id)


def _stored(row: Any) -> StoredTeam:
    return StoredTeam(_team(row), instant(row.created_at), instant(row.updated_at))
