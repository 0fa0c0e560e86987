"""What the pages of business hours read."""

from __future__ import annotations

from collections.abc import Sequence

from service.dependencies import Dependencies
from store.lists.listed import ListPart
from store.rules.calendars import StoredCalendar, StoredVersion

ALL = 1000
MOST_VERSIONS = 100


async def hours_of(deps: Dependencies, organization: str) -> Sequence[StoredCalendar]:
    return (await deps.store.calendars.list(organization, ListPart(ALL))).rows


async def versions_of(deps: Dependencies, organization: str, calendar_id: str) -> Sequence[StoredVersion]:
    """The latest, oldest first. Raises NotFound."""
    calendars = deps.store.calendars
    total = (await calendars.versions(organization, calendar_id, ListPart(1))).total
    part = ListPart(MOST_VERSIONS, max(0, total - MOST_VERSIONS))
    return (await calendars.versions(organization, calendar_id, part)).rows
