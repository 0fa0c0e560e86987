"""Teams as people and programs make them: under the id of the ticket system, or under a new one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidValue
from domain.ticket.teams import Team
from service.dependencies import Dependencies
from store.database.ids import mint
from store.rules.teams import StoredTeam

LONGEST_ID = 100
ID_PATTERN = r"[A-Za-z0-9._-]*[A-Za-z0-9_-][A-Za-z0-9._-]*"
"""Not of dots alone: a path that ends in `.` or `..` is another path."""
_ID = re.compile(ID_PATTERN)


async def new_team(deps: Dependencies, organization: str, document: Mapping[str, Any]) -> StoredTeam:
    """Raises InvalidValue, and Conflict when the id is taken."""
    given = mint("team") if document.get("id") is None else _require_id(document["id"])
    return await deps.store.teams.create(organization, Team.from_json({**document, "id": given}))


async def changed_team(deps: Dependencies, organization: str, team_id: str, given: Mapping[str, Any]) -> StoredTeam:
    """Change the fields that are given. Raises NotFound and InvalidValue."""
    return await deps.store.teams.update(
        organization, team_id, lambda team: Team.from_json({**team.to_json(), **given})
    )


def _require_id(text: str) -> str:
    if len(text) > LONGEST_ID or not _ID.fullmatch(text):
        reason = f"must be 1 to {LONGEST_ID} letters, digits, dots, dashes or underscores, and more than dots"
        raise InvalidValue("id", text, reason)
    return text
