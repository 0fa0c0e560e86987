"""`/calendars` and `/calendars/{id}`: a list, a month, holidays of countries and of files, versions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request, Response
from starlette.datastructures import UploadFile

from domain.calendar import Calendar
from domain.errors import Conflict, InvalidValue
from service.business_hours.changing import change_hours
from service.business_hours.days import effective_days
from service.business_hours.importing import import_file
from service.calendars import public
from service.calendars.ical.reading import Imported
from service.tools.documents import MAX_BYTES, require_carriable
from store.rules.calendars import StoredCalendar
from web.http import notes
from web.http.access import Deps, Reader, Visitor, Writer
from web.http.faults import REFUSALS, Faults, faults_of
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.pages.bodies import BusinessHoursPatch, read_as
from web.pages.calendars import reading, view
from web.pages.calendars.months import Month, grid
from web.pages.calendars.windows import LONG
from web.showing.instants import local

router = APIRouter(route_class=PageRoute)
PATH = "/calendars"

Text = Annotated[str, Form(max_length=200)]


@router.get(PATH)
async def show_calendars(request: Request, visitor: Reader, deps: Deps) -> Response:
    now = deps.now()
    found = await reading.hours_of(deps, visitor.organization.id)
    return await page(request, "calendars/page.html", rows=[view.row_of(one, now) for one in found])


@router.get(f"{PATH}/{{calendar_id}}")
async def show_calendar(
    request: Request, calendar_id: str, visitor: Reader, deps: Deps, month: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    stored = await deps.store.calendars.get(visitor.organization.id, calendar_id)
    return await _shown(request, visitor, deps, stored, month=month)


@router.get(f"{PATH}/{{calendar_id}}/versions")
async def show_calendar_versions(request: Request, calendar_id: str, visitor: Reader, deps: Deps) -> Response:
    stored = await deps.store.calendars.get(visitor.organization.id, calendar_id)
    found = await reading.versions_of(deps, visitor.organization.id, calendar_id)
    back = f"{PATH}/{calendar_id}"
    return await page(request, "rules/versions.html", name=stored.name, back=back, versions=view.versions(found))


@router.post(f"{PATH}/{{calendar_id}}/delete")
async def delete_calendar(request: Request, calendar_id: str, visitor: Writer, deps: Deps) -> Response:
    stored = await deps.store.calendars.get(visitor.organization.id, calendar_id)
    try:
        await deps.store.calendars.delete(visitor.organization.id, calendar_id)
    except Conflict as error:
        return await _shown(request, visitor, deps, stored, faults_of(error))
    return notes.see_other(request, PATH, f"{stored.name} are deleted.", deps.cipher, deps.now())


@router.post(f"{PATH}/{{calendar_id}}/public-holidays")
async def add_public_holidays(
    request: Request, calendar_id: str, visitor: Writer, deps: Deps, country: Text = "", subdivision: Text = ""
) -> Response:
    wanted: dict[str, Any] = {"country": country.strip().upper(), "subdivision": subdivision.strip() or None}

    def added(calendar: Calendar) -> dict[str, Any]:
        _require_rules(calendar, calendar_id)
        kept = [one.to_json() for one in calendar.public_holidays if not _is(one, wanted)]
        return {"public_holidays": [*kept, wanted]}

    return await _changed(request, visitor, deps, calendar_id, added)


@router.post(f"{PATH}/{{calendar_id}}/public-holidays/remove")
async def remove_public_holidays(
    request: Request, calendar_id: str, visitor: Writer, deps: Deps, country: Text = "", subdivision: Text = ""
) -> Response:
    gone = {"country": country, "subdivision": subdivision or None}

    def without(calendar: Calendar) -> dict[str, Any]:
        return {"public_holidays": [one.to_json() for one in calendar.public_holidays if not _is(one, gone)]}

    return await _changed(request, visitor, deps, calendar_id, without)


@router.post(f"{PATH}/{{calendar_id}}/import")
async def import_holidays(request: Request, calendar_id: str, visitor: Writer, deps: Deps) -> Response:
    """Answers with what was taken of the file and what was not."""
    form = await request.form()
    replace, strict = bool(form.get("replace")), bool(form.get("strict"))
    stored = await deps.store.calendars.get(visitor.organization.id, calendar_id)
    try:
        text = await _file(form.get("file"))
        found, changed = await import_file(deps, visitor.owner, calendar_id, text, replace=replace, strict=strict)
    except REFUSALS as error:
        return await _shown(request, visitor, deps, stored, faults_of(error, lambda _: "file"))
    return await _shown(request, visitor, deps, changed, report=found)


async def _file(file: Any) -> str:
    if not isinstance(file, UploadFile) or not file.filename:
        raise InvalidValue("file", None, "choose an .ics file first")
    content = await file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InvalidValue("file", file.filename, f"must be at most {MAX_BYTES // 1024} KiB long")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValue("file", file.filename, f"is not UTF-8: byte {error.start} cannot be read") from None
    require_carriable(text, "file")
    return text


async def _changed(
    request: Request, visitor: Visitor, deps: Deps, calendar_id: str, change: Callable[[Calendar], dict[str, Any]]
) -> Response:
    stored = await deps.store.calendars.get(visitor.organization.id, calendar_id)

    def checked(calendar: Calendar) -> dict[str, Any]:
        return read_as(BusinessHoursPatch, change(calendar))

    try:
        changed = await change_hours(deps, visitor.owner, calendar_id, checked)
    except REFUSALS as error:
        return await _shown(request, visitor, deps, stored, faults_of(error, _at_country))
    same = changed.version == stored.version
    place = f"{PATH}/{calendar_id}" if same else f"/replans/new?business_hours_id={calendar_id}"
    said = "Nothing was different." if same else f"Saved as version {changed.version}."
    return notes.see_other(request, place, said, deps.cipher, deps.now())


def _at_country(field: str) -> str:
    return "subdivision" if field.endswith("subdivision") else "country"


def _is(one: Any, named: dict[str, Any]) -> bool:
    return (one.country, one.subdivision) == (named["country"], named["subdivision"])


def _require_rules(calendar: Calendar, calendar_id: str) -> None:
    if calendar.always_open:
        raise InvalidValue("business_hours_id", calendar_id, "are open around the clock, without holidays")
    if calendar.combined is not None:
        raise InvalidValue("business_hours_id", calendar_id, "are made of others; change one of these")


async def _shown(
    request: Request,
    visitor: Visitor,
    deps: Deps,
    stored: StoredCalendar,
    faults: Faults | None = None,
    report: Imported | None = None,
    month: str = "",
) -> Response:
    now = deps.now()
    zone = visitor.zone if stored.calendar.always_open else stored.calendar.timezone
    today = local(now, zone).date()
    shown = Month.parse(month) if month else Month(today.year, today.month)
    # A month of hours that are made of others takes a while.
    first, last = shown.first.isoformat(), shown.last.isoformat()
    days = await asyncio.to_thread(effective_days, stored.calendar, first, last)
    faults = Faults() if faults is None else faults
    return await page(
        request,
        "calendars/calendar.html",
        status=faults.status,
        calendar=view.row_of(stored, now),
        has_rules=not stored.calendar.always_open and stored.calendar.combined is None,
        month=shown,
        earlier=shown.before(),
        later=shown.after(),
        grid=grid(days, stored.calendar.timezone, today),
        weekdays=list(LONG.values()),
        sources=view.sources(stored.calendar),
        codes=public.codes(),
        report=report,
        faults=faults,
    )
