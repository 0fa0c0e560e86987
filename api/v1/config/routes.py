"""`/ims/config`: whether tickets are measured, and whether breaches go to the escalation contacts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.prefixes import V1
from api.http.requests import JsonRoute
from api.v1.config.schemas import ConfigBody, ConfigView
from api.v1.tickets.enrolling import enrol_open_tickets
from store.rules.ims import ImsSettings

router = APIRouter(prefix=f"{V1}/ims/config", tags=["Scrubbe: configuration"], route_class=JsonRoute)


@router.get(
    "",
    response_model=ConfigView,
    responses=problems.documented(401, 403, 503),
    summary="Get the configuration of SLA tracking",
)
async def get_ims_config(owner: Reader, deps: Deps) -> dict[str, Any]:
    return _config_view(await deps.store.ims.get(owner.organization))


@router.put(
    "",
    response_model=ConfigView,
    responses=problems.documented(400, 401, 403, 413, 415, 422, 503),
    summary="Switch SLA tracking and automatic escalation on or off",
)
async def replace_ims_config(body: ConfigBody, owner: Writer, deps: Deps) -> dict[str, Any]:
    """A field that is left out stays as it is. While measuring is off, new tickets get no timers and running timers go
    on.

    After a 503 the settings may be stored while some open tickets have no timers yet; the same request completes it.
    """
    given = body.given()
    wanted = given.get("slaEnabled")
    settings = await deps.store.ims.put(owner.organization, wanted, given.get("autoEscalate"))
    if wanted:
        await enrol_open_tickets(deps, owner.organization)
    return _config_view(settings)


def _config_view(settings: ImsSettings) -> dict[str, Any]:
    return {"slaEnabled": settings.sla_enabled, "autoEscalate": settings.auto_escalate}
