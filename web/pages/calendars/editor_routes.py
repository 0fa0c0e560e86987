"""`/calendars/new` and `/calendars/{id}/edit`: business hours as a form, or as JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import APIRouter, Request, Response

from domain.calendar.validation import WEEKDAYS
from domain.errors import PreconditionFailed
from service.business_hours.changing import change_hours, create_hours
from store.rules.calendars import StoredCalendar
from web.http import notes
from web.http.access import Deps, Visitor, Writer
from web.http.faults import REFUSALS, SILENT, Faults, document_in, faults_of
from web.http.forms import Draft, sent, shaped, shown, text, with_row, without_row
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.pages.bodies import BusinessHoursBody, BusinessHoursPatch, read_as
from web.pages.calendars import view
from web.pages.calendars.drafts import NEW_ROWS, document_of, draft_of, empty_draft, inputs_of, without_blanks
from web.pages.calendars.windows import LONG

router = APIRouter(route_class=PageRoute)
JSON = "document"


@router.get("/calendars/new")
async def show_new_calendar(request: Request, visitor: Writer) -> Response:
    return await _editor(request, visitor, None, empty_draft(visitor.zone))


@router.post("/calendars/new")
async def make_calendar(request: Request, visitor: Writer, deps: Deps) -> Response:
    return await _edited(request, visitor, deps, None)


@router.get("/calendars/{calendar_id}/edit")
async def show_calendar_editor(request: Request, calendar_id: str, visitor: Writer, deps: Deps) -> Response:
    stored = await deps.store.calendars.get(visitor.organization.id, calendar_id)
    return await _editor(request, visitor, stored, draft_of(stored.name, stored.version, stored.calendar))


@router.post("/calendars/{calendar_id}/edit")
async def change_calendar(request: Request, calendar_id: str, visitor: Writer, deps: Deps) -> Response:
    stored = await deps.store.calendars.get(visitor.organization.id, calendar_id)
    return await _edited(request, visitor, deps, stored)


async def _edited(request: Request, visitor: Visitor, deps: Deps, stored: StoredCalendar | None) -> Response:
    """Saves the form or the JSON, or gives the form a row more or less. What was typed is in every answer."""
    draft = shaped(await sent(request), NEW_ROWS, ("weekly",))
    if add := text(draft, "add"):
        return await _editor(request, visitor, stored, with_row(draft, add, {}), added=add)
    if remove := text(draft, "remove"):
        return await _editor(request, visitor, stored, without_row(draft, remove))
    as_json = JSON in draft
    draft = draft if as_json else without_blanks(draft)
    try:
        saved = await _saved(deps, visitor, stored, draft, as_json=as_json)
    except REFUSALS as error:
        faults = faults_of(error, (lambda _: JSON) if as_json else inputs_of(draft))
        if isinstance(error, PreconditionFailed) and stored is not None:
            draft["version"] = str(stored.version)
        return await _editor(request, visitor, stored, draft, faults)
    changed = stored is not None and stored.version != saved.version
    where = f"/replans/new?business_hours_id={saved.id}" if changed else f"/calendars/{saved.id}"
    said = f"Saved as version {saved.version}." if changed or stored is None else "Nothing was different."
    return notes.see_other(request, where, said, deps.cipher, deps.now())


async def _saved(
    deps: Deps, visitor: Visitor, stored: StoredCalendar | None, draft: Draft, *, as_json: bool
) -> StoredCalendar:
    made_of_others = stored is not None and stored.calendar.combined is not None
    document: dict[str, Any]
    document = document_in(text(draft, JSON), JSON) if as_json else document_of(draft, made_of_others=made_of_others)
    if stored is None:
        return await create_hours(deps, visitor.owner, read_as(BusinessHoursBody, document))
    version = text(draft, "version")
    # What is no number is no version that there ever was.
    edited = None if not version else int(version) if re.fullmatch("[0-9]{1,9}", version) else 0
    given = read_as(BusinessHoursPatch, document)
    return await change_hours(deps, visitor.owner, stored.id, lambda _: dict(given), edited)


async def _editor(
    request: Request,
    visitor: Visitor,
    stored: StoredCalendar | None,
    draft: Draft,
    faults: Faults = SILENT,
    added: str = "",
) -> Response:
    typed = draft.get(JSON)
    version = text(draft, "version")
    if typed is not None:
        draft = empty_draft(visitor.zone) if stored is None else draft_of(stored.name, stored.version, stored.calendar)
    document = view.whole(stored.name, stored.calendar) if stored is not None else {"name": "", **_office(visitor.zone)}
    return await page(
        request,
        "calendars/editor.html",
        status=faults.status,
        calendar=None if stored is None else {"id": stored.id, "name": stored.name},
        made_of_others=stored is not None and stored.calendar.combined is not None,
        form=shown(draft),
        document=json.dumps(document, indent=2, ensure_ascii=False) if typed is None else typed,
        as_json=typed is not None,
        version=version or ("" if stored is None else str(stored.version)),
        weekdays=LONG.items(),
        faults=faults,
        silent=SILENT,
        added=added,
    )


def _office(zone: str) -> dict[str, Any]:
    return {"timezone": zone, "weekly_hours": {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]}}
