"""All routes below `/policies`. Those with words of their own come before those of one policy."""

from __future__ import annotations

from fastapi import APIRouter

from web.pages.policies import listing_routes, policy_routes
from web.pages.policies.editor import routes as editor_routes
from web.pages.policies.trial import routes as trial_routes

router = APIRouter()
for part in (listing_routes, editor_routes, trial_routes, policy_routes):
    router.routes.extend(part.router.routes)
