"""`/teams`: create, list, get, change, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.lists.collections import Collection
from api.http.lists.listing import Asked
from api.http.lists.tables import asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.organization.team_schemas import (
    TEAM_VIEW,
    TeamBody,
    TeamId,
    TeamPage,
    TeamPatch,
    TeamView,
)
from domain.instants import render
from service.teams import changed_team, new_team
from store.rules.teams import LISTED, StoredTeam

router = APIRouter(prefix=f"{V2}/teams", tags=["Teams"], route_class=JsonRoute)
_TEAMS: Collection[StoredTeam] = Collection(router, "team_id", LISTED, TeamView)

_Part = Annotated[Asked, Depends(asking(LISTED))]


@_TEAMS.create("Create a team", conflicts=True)
async def create_team(body: TeamBody, owner: Writer, deps: Deps, response: Response) -> dict[str, Any]:
    """Tickets name a team by its id, so choose the id that your ticket system uses. Refused (409) when the id is
    taken."""
    stored = await new_team(deps, owner.organization, body.given())
    _TEAMS.locate(response, stored.team.id)
    return team_view(stored)


@_TEAMS.page("List teams, oldest first", TeamPage, TEAM_VIEW)
async def list_teams(owner: Reader, part: _Part, deps: Deps, response: Response) -> Any:
    """As CSV or NDJSON the list is whole unless a `limit` is given."""
    return await _TEAMS.table.answer(
        part, response, lambda asked: deps.store.teams.list(owner.organization, asked), team_view
    )


@_TEAMS.get("Get a team")
async def get_team(team_id: TeamId, owner: Reader, deps: Deps) -> dict[str, Any]:
    return team_view(await deps.store.teams.get(owner.organization, team_id))


@_TEAMS.change("Change a team")
async def change_team(team_id: TeamId, body: TeamPatch, owner: Writer, deps: Deps) -> dict[str, Any]:
    """Only the fields that are given change. Instances keep the business hours they opened under."""
    return team_view(await changed_team(deps, owner.organization, team_id, body.given()))


@_TEAMS.delete("Delete a team")
async def delete_team(team_id: TeamId, owner: Writer, deps: Deps) -> None:
    """The id can be used again. Running instances keep the team as it was when they opened."""
    await deps.store.teams.delete(owner.organization, team_id)


def team_view(stored: StoredTeam) -> dict[str, Any]:
    times = {"created_at": render(stored.created_at), "updated_at": render(stored.updated_at)}
    return {**stored.team.to_json(), **times}
