"""Business hours as the form has them, and back. Public holidays and members stay as they are. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from domain.calendar import Calendar
from domain.calendar.validation import WEEKDAYS
from domain.errors import InvalidValue
from web.http.forms import Draft, rows, text
from web.pages.calendars.windows import spelled, windows_in

DATED = ("special_days", "special_openings", "breaks")
NEW_ROWS = ("holidays", *DATED)
OFFICE = "09:00-17:00"


def empty_draft(zone: str) -> Draft:
    return {"timezone": zone, "weekly": {day: OFFICE if day in WEEKDAYS[:5] else "" for day in WEEKDAYS}}


def draft_of(name: str, version: int, calendar: Calendar) -> Draft:
    document = calendar.to_json()
    weekly: Mapping[str, Any] = document.get("weekly_hours", {})
    return {
        "name": name,
        "version": str(version),
        "timezone": calendar.timezone,
        "always": "on" if calendar.always_open else "",
        "holidays_apply_to": calendar.holidays_apply_to.value,
        "weekly": {day: spelled(weekly.get(day, ())) for day in WEEKDAYS},
        "holidays": [_holiday_row(one) for one in document.get("holidays", ())],
        **{name: _dated_rows(document.get(name, {})) for name in DATED},
    }


def without_blanks(draft: Draft) -> Draft:
    return {
        **draft,
        **{name: [row for row in rows(draft, name) if any(text(row, key) for key in row)] for name in NEW_ROWS},
    }


def document_of(draft: Draft, *, made_of_others: bool = False) -> dict[str, Any]:
    """What the form says, for the API's schema. `draft` is one without blanks. Raises InvalidValue."""
    document: dict[str, Any] = {"name": text(draft, "name")}
    if text(draft, "always"):
        return {**document, "always": True}
    document["timezone"] = text(draft, "timezone")
    if made_of_others:
        return document
    weekly = draft.get("weekly")
    typed = weekly if isinstance(weekly, dict) else {}
    return {
        **document,
        "weekly_hours": {day: windows for day in WEEKDAYS if (windows := windows_in(text(typed, day)))},
        "holidays": [_holiday(row) for row in rows(draft, "holidays")],
        **{name: _dated(name, draft) for name in DATED},
        "holidays_apply_to": text(draft, "holidays_apply_to") or "date",
    }


def input_of(field: str) -> str:
    """The input at which a fault of the document's field is shown; dates of rows are found by `inputs_of`."""
    name = re.sub(r"^weekly_hours\.(\w+)(\..*)?$", r"weekly.\1", field)
    name = re.sub(r"^weekly_hours$", "weekly.mon", name)
    name = re.sub(r"^(holidays\.\d+)\.(date|from)$", r"\1.day", name)
    name = re.sub(r"^(holidays\.\d+)\.to$", r"\1.last", name)
    name = re.sub(r"^(holidays\.\d+)\.closed.*$", r"\1.closed", name)
    return re.sub(r"^(holidays\.\d+)$", r"\1.day", name)


def inputs_of(draft: Draft) -> Any:
    """As `input_of`, for this draft."""
    places = {
        f"{name}.{text(row, 'day')}": f"{name}.{index}.windows"
        for name in DATED
        for index, row in enumerate(rows(draft, name))
    }

    def found(field: str) -> str:
        holder = re.sub(r"\.\d+$", "", field)
        return places.get(field) or places.get(holder) or input_of(field)

    return found


def _holiday_row(document: Any) -> Draft:
    if isinstance(document, str):
        return {"day": document}
    return {
        "day": document.get("date") or document.get("from"),
        "last": document.get("to") or "",
        "name": document.get("name") or "",
        "closed": spelled(document.get("closed", ())),
    }


def _holiday(row: Draft) -> dict[str, Any]:
    last, name, closed = text(row, "last"), text(row, "name"), text(row, "closed")
    days = {"from": text(row, "day"), "to": last} if last else {"date": text(row, "day")}
    return {**days, **({"name": name} if name else {}), **({"closed": windows_in(closed)} if closed else {})}


def _dated_rows(dated: Mapping[str, Any]) -> list[Draft]:
    return [{"day": day, "windows": spelled(windows) or "closed"} for day, windows in dated.items()]


def _dated(name: str, draft: Draft) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for index, row in enumerate(rows(draft, name)):
        day = text(row, "day")
        if day in found:
            raise InvalidValue(f"{name}[{index}].day", day, "stands there twice")
        found[day] = windows_in(text(row, "windows"))
    return found
