"""Composition root of the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import health, index
from api.hooks import routes as hooks
from api.http import problems
from api.http.auth import Authentication
from api.http.negotiation import prefers
from api.http.openapi import description
from api.http.openapi.operations import described_tags
from api.http.prefixes import V2
from api.v1.analytics import routes as v1_analytics
from api.v1.config import routes as v1_config
from api.v1.policies import routes as v1_policies
from api.v1.tickets import routes as v1_tickets
from api.v2.analytics import delivery_routes as delivery_figures
from api.v2.analytics import routes as analytics
from api.v2.business_hours import history_routes as business_hours_history
from api.v2.business_hours import import_routes as business_hours_import
from api.v2.business_hours import preview_routes as preview
from api.v2.business_hours import public_holiday_routes as public_holidays
from api.v2.business_hours import routes as business_hours
from api.v2.contacts import routes as contacts
from api.v2.deliveries import routes as deliveries
from api.v2.instances import batch_routes as batches
from api.v2.instances import cycle_routes as cycles
from api.v2.instances import event_routes as events
from api.v2.instances import record_routes as record
from api.v2.instances import routes as instances
from api.v2.instances.excuses import routes as excuses
from api.v2.instances.explain import routes as explain
from api.v2.instances.lists import routes as instance_lists
from api.v2.notices import routes as notices
from api.v2.on_call import routes as on_call
from api.v2.organization import key_routes as keys
from api.v2.organization import routes as organization
from api.v2.organization import team_routes as teams
from api.v2.policies import escalation_routes as escalations
from api.v2.policies import routes as policies
from api.v2.policies import target_routes as targets
from api.v2.policies.kinds import for_both_kinds
from api.v2.receivers import routes as receivers
from api.v2.replans import routes as replans
from api.v2.sources import body_routes as source_bodies
from api.v2.sources import connector_routes as source_connectors
from api.v2.sources import routes as sources
from api.v2.templates import routes as templates
from connection import connect
from domain.calendar import pin_packaged_tzdata
from service.demo.showing import resume_demos
from service.dependencies import Dependencies
from service.receivers import NoOutlets, Outlets
from service.removing import resume_removals
from service.systems import NoTicketSystems, TicketSystems
from service.temporal.engine import CONNECT_OPTIONS, provider
from service.tools.ciphers import Cipher
from service.tools.guesses import Guesses
from settings import Settings
from store.store import Store
from web.mount import mount_board

DESCRIPTION = """\
Service level agreements on durable clocks. Send an API key in `X-API-Key`.

Errors are `application/problem+json` (RFC 9457) with a `code` for machines and the `field` and `value` at fault.
Instants are ISO 8601 with an offset; answers are in UTC.

A query parameter that an operation does not have is refused (422) with the names of those it has. So is one of a single
value that is given twice. Several values of a filter that is a list are a union: `?status=active&status=paused`.
"""

# What is asked most often first, and what is under a fixed path before what is found by its id.
PARTS = (
    *(instances, instance_lists, record, cycles, excuses, explain, events, batches, v1_tickets),
    *(health, index, hooks),
    *(business_hours, business_hours_history, business_hours_import, public_holidays),
    *(teams, receivers, contacts, on_call, templates, deliveries, preview, replans),
    *(keys, organization, analytics, delivery_figures, source_bodies, source_connectors, sources),
    *(v1_config, v1_analytics, v1_policies),
)
POLICIES = for_both_kinds(policies=policies.router, targets=targets.router, escalations=escalations.router)

Outgoing = Callable[[], AbstractAsyncContextManager[tuple[Outlets, Cipher, TicketSystems]]]

# What is left after that is found by whoever compares the store with Temporal (service/reconciling).
LAST_WRITES_SECONDS = 2


@asynccontextmanager
async def without_channels() -> AsyncIterator[tuple[Outlets, Cipher, TicketSystems]]:
    yield NoOutlets(), Cipher(), NoTicketSystems()


def create_app(
    settings: Settings, *, dependencies: Dependencies | None = None, outgoing: Outgoing = without_channels
) -> FastAPI:
    """The application. Without `dependencies` its lifespan builds them from the settings and closes them.

    `outgoing` opens the channels and the cipher that receivers need, and the way to ticket systems.
    """
    app = FastAPIOffline(
        redoc_url=None,
        # Swagger UI would have a server of its makers check the document.
        swagger_ui_parameters={"validatorUrl": None},
        title=index.NAME,
        description=DESCRIPTION,
        version=index.version(),
        openapi_tags=described_tags(),
        webhooks=notices.webhooks,
        # A redirect would lead wherever the Host header says.
        redirect_slashes=False,
        lifespan=_lifespan(settings, outgoing) if dependencies is None else None,
    )
    if dependencies is not None:
        app.state.dependencies = dependencies
    problems.install(app)
    app.add_middleware(Authentication)
    # As routes of the app itself: those of routers that are included are looked for anew on each level.
    for part in PARTS:
        app.router.routes.extend(part.router.routes)
    app.include_router(POLICIES, prefix=V2)
    description.complete(app, notices.EXAMPLES)
    mount_board(app, wants_page=lambda request: prefers(request, "text/html"))
    return app


async def _resume(deps: Dependencies) -> None:
    """What a process that stopped has left: organizations that are taken away, and demos, whose desks it had."""
    await resume_removals(deps)
    await resume_demos(deps)


def _lifespan(settings: Settings, outgoing: Outgoing) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pin_packaged_tzdata()
        client = await connect(settings, **CONNECT_OPTIONS)
        store = Store.open(settings.database_url)
        async with outgoing() as (outlets, cipher, systems):
            app.state.dependencies = Dependencies(
                store,
                provider(client),
                task_queue=settings.task_queue,
                outlets=outlets,
                cipher=cipher,
                systems=systems,
                public_url=settings.public_url,
                guesses=Guesses(settings.wrong_keys),
            )
            resuming = asyncio.create_task(_resume(app.state.dependencies))
            try:
                yield
            finally:
                resuming.cancel()
                if writing := app.state.dependencies.background:
                    _, left = await asyncio.wait(writing, timeout=LAST_WRITES_SECONDS)
                    for task in left:
                        task.cancel()
                await store.close()

    return lifespan
