"""Making and changing business hours while others may change them, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from domain.calendar import Calendar
from domain.calendar.combined import Combination
from domain.errors import PreconditionFailed
from domain.fields import require_name
from service.business_hours.reading import read_hours
from service.dependencies import Dependencies
from service.tools.concurrency import with_retries
from store.access.keys import KeyOwner
from store.rules.calendars import StoredCalendar

LONGEST_NAME = 200

Change = Callable[[Calendar], dict[str, Any]]
"""The fields of business hours to be changed, given what they are."""


async def create_hours(deps: Dependencies, owner: KeyOwner, document: dict[str, Any]) -> StoredCalendar:
    """New business hours from a document with their name. Raises InvalidValue."""
    given = dict(document)
    name = require_name(given.pop("name"), "name", LONGEST_NAME)
    calendar = await read_hours(deps, owner.organization, given)
    return await deps.store.calendars.create(owner.organization, name, calendar, owner.id)


async def change_hours(
    deps: Dependencies, owner: KeyOwner, business_hours_id: str, change: Change, edited: int | None = None
) -> StoredCalendar:
    """The business hours after the change. `edited` is the version that is meant, None for whichever is present.

    Raises Outdated as `with_retries` does, and PreconditionFailed where another version than `edited` is present.
    """
    return await with_retries(lambda: _change(deps, owner, business_hours_id, change, edited))


async def _change(
    deps: Dependencies, owner: KeyOwner, business_hours_id: str, change: Change, edited: int | None
) -> StoredCalendar:
    """One attempt. Raises Outdated when somebody else changes the business hours meanwhile."""
    stored = await deps.store.calendars.get(owner.organization, business_hours_id)
    if edited not in (None, stored.version):
        reason = f"these business hours have changed since version {edited}; the present one is {stored.version}"
        raise PreconditionFailed(reason, field="version", value=edited)
    given = change(stored.calendar)
    name = require_name(given.pop("name", stored.name), "name", LONGEST_NAME)
    calendar = await _changed(deps, owner.organization, stored.calendar, given)
    if (name, calendar) != (stored.name, stored.calendar):
        stored = await deps.store.calendars.update(
            owner.organization, business_hours_id, stored.version, name, calendar, owner.id
        )
    return stored


async def _changed(deps: Dependencies, organization: str, calendar: Calendar, change: dict[str, Any]) -> Calendar:
    base = _kept(calendar, change)
    if calendar.always_open and not change.keys() - {"always"} and change.get("always", True):
        return calendar
    return await read_hours(deps, organization, {**base, **change})


def _kept(calendar: Calendar, change: dict[str, Any]) -> dict[str, Any]:
    """What a change leaves. "Always open", rules and members exclude each other, so a change of the kind keeps nothing
    but the time zone of those it is made of."""
    becomes_combined = any(change.get(how) for how in Combination)
    if calendar.always_open or change.get("always"):
        return {}
    if (combined := calendar.combined) is not None:
        is_rules = any(change.get(name) for name in ("weekly_hours", "special_days", "special_openings"))
        named = {} if becomes_combined or is_rules else {combined.how.value: combined.ids}
        return {"timezone": calendar.timezone, **named}
    return {} if becomes_combined else calendar.to_json()
