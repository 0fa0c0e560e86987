"""Composition root of the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import health, index
from api.http import problems
from api.http.auth import Authentication
from api.http.negotiation import prefers
from api.http.openapi.operations import described_tags
from api.http.prefixes import V2
from api.later import Later
from api.v2.instances import batch_routes as batches
from api.v2.instances import cycle_routes as cycles
from api.v2.instances import event_routes as events
from api.v2.instances import record_routes as record
from api.v2.instances import routes as instances
from api.v2.instances.excuses import routes as excuses
from api.v2.instances.lists import routes as instance_lists
from api.v2.policies import escalation_routes as escalations
from api.v2.policies import routes as policies
from api.v2.policies import target_routes as targets
from api.v2.policies.kinds import for_both_kinds
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

# What is asked most often first, and what is under a fixed path before what is found by its id. All else that the API
# has stands in `api.rest`, and is loaded when it is asked for first.
PARTS = (instances, instance_lists, record, cycles, excuses, events, batches, health, index)
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
    rest = Later(app)
    app.include_router(POLICIES, prefix=V2)
    app.router.routes.append(rest)
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
