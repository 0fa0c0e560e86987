"""Reading business hours: from the documents of the API to the calendar of the core."""

from __future__ import annotations

import json
from typing import Any

from domain.calendar import Calendar
from domain.calendar.combined import MOST_MEMBERS, Combination
from domain.calendar.parsing import join
from domain.calendar.rules.holidays import AppliesTo
from domain.errors import InvalidValue
from domain.fields import require_list, require_text
from domain.instants import Instant, to_datetime
from service.calendars import public
from service.dependencies import Dependencies
from service.tools.documents import MAX_BYTES

MOST_SOURCES = 20
"""Countries and parts of them whose public holidays are in one calendar."""


async def read_hours(deps: Dependencies, organization: str, document: dict[str, Any], field: str = "") -> Calendar:
    """The calendar of a document, which may name business hours that it is made of by their ids.

    Raises InvalidValue as `read_calendar` does, and for ids of business hours that do not exist.
    """
    named = {how.value: document[how] for how in Combination if document.get(how)}
    members = {name: await _members(deps, organization, ids, join(field, name)) for name, ids in named.items()}
    return read_calendar({**document, **members}, deps.now(), field)


async def _members(deps: Dependencies, organization: str, ids: Any, path: str) -> list[dict[str, Any]]:
    listed = require_list(ids, path)
    if len(listed) > MOST_MEMBERS:
        raise InvalidValue(path, f"{len(listed)} business hours", f"must be at most {MOST_MEMBERS}")
    texts = [require_text(one, f"{path}[{index}]") for index, one in enumerate(listed)]
    return [one.to_json() for one in await deps.store.calendars.members(organization, texts, path)]


def read_calendar(document: dict[str, Any], now: Instant, field: str = "") -> Calendar:
    """The calendar of a document. Public holidays that are only named are looked up for the years around `now` and
    frozen.

    Raises InvalidValue, also for a calendar that is larger than a snapshot may hold.
    """
    if document.get("always") is False:
        document = {key: value for key, value in document.items() if key != "always"}
    calendar = Calendar.from_json(_looked_up(document, to_datetime(now).year, field), field)
    calendar.require_ever_open(field)
    length = len(json.dumps(calendar.to_json()))
    if length > MAX_BYTES:
        most = f"business hours must be at most {MAX_BYTES // 1024} KiB of JSON, public holidays included"
        raise InvalidValue("holidays", f"{length} bytes", most)
    return calendar


def _looked_up(document: dict[str, Any], year: int, field: str) -> dict[str, Any]:
    entries = document.get("public_holidays")
    if not isinstance(entries, list):
        return document
    if len(entries) > MOST_SOURCES:
        raise InvalidValue("public_holidays", f"{len(entries)} entries", f"must be at most {MOST_SOURCES}")
    path = f"{field}.public_holidays" if field else "public_holidays"
    frozen = [_frozen(entry, year, f"{path}[{index}].") for index, entry in enumerate(entries)]
    return {**document, "public_holidays": frozen}


def _frozen(entry: Any, year: int, path: str) -> Any:
    """Public holidays with their dates. A list that has its dates stays as it is; the core refuses everything else."""
    if not isinstance(entry, dict) or entry.keys() - {"country", "subdivision"}:
        return entry
    return public.around(year, entry.get("country", ""), entry.get("subdivision"), path).to_json()


def rules_view(name: str, calendar: Calendar) -> dict[str, Any]:
    rules: dict[str, Any] = {
        "weekly_hours": {},
        "holidays": [],
        "special_days": {},
        "special_openings": {},
        "breaks": {},
        "public_holidays": [],
        "holidays_apply_to": AppliesTo.DATE.value,
        **{how.value: [] for how in Combination},
    }
    shown = {**rules, **calendar.to_json()}
    if (combined := calendar.combined) is not None:
        shown[combined.how] = combined.ids
    return {"name": name, "always": False, **shown, "timezone": calendar.timezone}
