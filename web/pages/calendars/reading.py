"""What the pages of business hours read."""

from __future__ import annotations

from collections.abc import Sequence

from service.dependencies import Dependencies
from store.rules.calendars import StoredCalendar, StoredVersion

ALL = 1000
MOST_VERSIONS = 100


async def hours_of(deps: Dependencies, organization: str) -> Sequence[StoredCalendar]:
    found, _ = await deps.store.calendars.list(organization, ALL, 0)
    return found


async def versions_of(deps: Dependencies, organization: str, calendar_id: str) -> Sequence[StoredVersion]:
    """The latest, oldest first. Raises NotFound."""
    calendars = deps.store.calendars
    _, total = await calendars.versions(organization, calendar_id, 1, 0)
    found, _ = await calendars.versions(organization, calendar_id, MOST_VERSIONS, max(0, total - MOST_VERSIONS))
    return found
