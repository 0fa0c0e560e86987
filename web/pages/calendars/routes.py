"""All routes below `/calendars`. Those with words of their own come before those of one calendar."""

from __future__ import annotations

from fastapi import APIRouter

from web.pages.calendars import calendar_routes, editor_routes

router = APIRouter()
for part in (editor_routes, calendar_routes):
    router.routes.extend(part.router.routes)
