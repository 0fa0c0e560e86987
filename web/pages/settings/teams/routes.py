"""`/settings/teams`: list, add, change, delete."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from domain.ticket.teams import Team
from service.dependencies import Dependencies
from service.teams import changed_team, new_team
from store.rules.teams import LISTED
from web.http import notes
from web.http.access import Deps, Reader, Visitor, Writer
from web.http.faults import SILENT, Faults, faults_of
from web.http.forms import Draft, text
from web.http.page_route import PageRoute
from web.pages.bodies import TeamBody, TeamPatch, read_as
from web.pages.calendars.reading import hours_of
from web.pages.settings.shared import REFUSALS, at_input, part_of, settings_page, typed

router = APIRouter(route_class=PageRoute)
PATH = "/settings/teams"


@router.get(PATH)
async def show_teams(request: Request, visitor: Reader, deps: Deps, cursor: str = "") -> Response:
    return await _listed(request, visitor, deps, {}, cursor=cursor)


@router.post(PATH)
async def add_team(request: Request, visitor: Writer, deps: Deps) -> Response:
    draft = await typed(request)
    try:
        stored = await new_team(deps, visitor.organization.id, read_as(TeamBody, document_of(draft, is_new=True)))
    except REFUSALS as error:
        return await _listed(request, visitor, deps, draft, faults_of(error, at_input))
    return notes.see_other(request, PATH, f"{stored.team.name} is a team now.", deps.cipher, deps.now())


@router.get(f"{PATH}/{{team_id}}")
async def show_team(request: Request, team_id: str, visitor: Reader, deps: Deps) -> Response:
    team = (await deps.store.teams.get(visitor.organization.id, team_id)).team
    return await _edited(request, visitor, deps, team, draft_of(team))


@router.post(f"{PATH}/{{team_id}}")
async def change_team(request: Request, team_id: str, visitor: Writer, deps: Deps) -> Response:
    owner = visitor.organization.id
    team = (await deps.store.teams.get(owner, team_id)).team
    draft = await typed(request)
    try:
        await changed_team(deps, owner, team_id, read_as(TeamPatch, document_of(draft)))
    except REFUSALS as error:
        return await _edited(request, visitor, deps, team, draft, faults_of(error, at_input))
    return notes.see_other(request, PATH, "Saved.", deps.cipher, deps.now())


@router.post(f"{PATH}/{{team_id}}/delete")
async def delete_team(request: Request, team_id: str, visitor: Writer, deps: Deps) -> Response:
    team = (await deps.store.teams.get(visitor.organization.id, team_id)).team
    await deps.store.teams.delete(visitor.organization.id, team_id)
    return notes.see_other(request, PATH, f"{team.name} is deleted.", deps.cipher, deps.now())


def draft_of(team: Team) -> Draft:
    return {name: value or "" for name, value in team.to_json().items()}


def document_of(draft: Draft, *, is_new: bool = False) -> dict[str, Any]:
    document = {
        "name": text(draft, "name"),
        "lead": text(draft, "lead") or None,
        "business_hours_id": text(draft, "business_hours_id") or None,
    }
    return {**document, "id": text(draft, "id") or None} if is_new else document


async def _choices(deps: Dependencies, owner: str) -> dict[str, Any]:
    people = (await deps.store.people.of(owner)).contacts
    return {
        "hours": [("", "the organization's default"), *((one.id, one.name) for one in await hours_of(deps, owner))],
        "people": [(one.sealed.id, one.sealed.name) for one in people],
    }


async def _listed(
    request: Request, visitor: Visitor, deps: Dependencies, draft: Draft, faults: Faults = SILENT, cursor: str = ""
) -> Response:
    owner = visitor.organization.id
    found = await part_of(lambda part: deps.store.teams.list(owner, part), LISTED.first, PATH, cursor)
    choices = await _choices(deps, owner)
    return await settings_page(
        request,
        "teams/teams.html",
        faults=faults,
        form=draft,
        part=found,
        names={**dict(choices["hours"]), **dict(choices["people"])},
        **choices,
    )


async def _edited(
    request: Request, visitor: Visitor, deps: Dependencies, team: Team, draft: Draft, faults: Faults = SILENT
) -> Response:
    choices = await _choices(deps, visitor.organization.id)
    return await settings_page(request, "teams/team.html", faults=faults, form=draft, team=team, **choices)
