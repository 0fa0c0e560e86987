"""All routes below `/settings`."""

from __future__ import annotations

from fastapi import APIRouter

from web.pages.settings.keys import routes as keys
from web.pages.settings.organization import routes as organization
from web.pages.settings.people import contact_routes, on_call_routes
from web.pages.settings.receivers import routes as receivers
from web.pages.settings.sources import body_routes, connector_routes
from web.pages.settings.sources import routes as sources
from web.pages.settings.teams import routes as teams
from web.pages.settings.templates import routes as templates

router = APIRouter()
OF_SOURCES = (sources, body_routes, connector_routes)
for part in (organization, teams, contact_routes, on_call_routes, receivers, *OF_SOURCES, templates, keys):
    router.routes.extend(part.router.routes)
