"""Every page of the board, in the order of the navigation. A new page is a line here."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter

from web.pages.breaches import excusing
from web.pages.breaches import routes as breaches
from web.pages.calendars import routes as calendars
from web.pages.compliance import routes as compliance
from web.pages.deliveries import routes as deliveries
from web.pages.demo import routes as demo
from web.pages.due_next import routes as due_next
from web.pages.policies import routes as policies
from web.pages.replans import routes as replans
from web.pages.settings import routes as settings
from web.pages.sign_in import routes as sign_in
from web.pages.ticket import actions, sharing
from web.pages.ticket import routes as ticket


@dataclass(frozen=True, slots=True)
class Page:
    """`key` goes there when it is pressed after `g`."""

    title: str
    path: str
    key: str
    router: APIRouter


PAGES = (
    Page("Due next", "/", "d", due_next.router),
    Page("Breaches", "/breaches", "b", breaches.router),
    Page("Compliance", "/compliance", "c", compliance.router),
    Page("Policies", "/policies", "p", policies.router),
    Page("Calendars", "/calendars", "h", calendars.router),
    Page("Deliveries", "/deliveries", "n", deliveries.router),
    Page("Settings", "/settings", "s", settings.router),
)

UNLISTED = (
    *(ticket.router, actions.router, sharing.router, excusing.router, replans.router, sign_in.router, demo.router),
)
"""Routers of what is reached from a page, and of the sign-in."""
