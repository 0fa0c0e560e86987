"""What the routes work with; the lifespan builds it, tests pass their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from api.attributes import Attributes
from api.engine import ClientProvider, Engine
from api.patience import Patience
from api.turns import Turns
from api.watches import Watch
from domain.calendar import tzdata_version
from domain.instants import Instant, from_datetime
from store.store import Store

DEFAULT_TASK_QUEUE = "sla"


def system_now() -> Instant:
    return from_datetime(datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Dependencies:
    store: Store
    temporal: ClientProvider
    now: Callable[[], Instant] = system_now
    tzdata_version: str = field(default_factory=tzdata_version)
    task_queue: str = DEFAULT_TASK_QUEUE
    patience: Patience = field(default_factory=Patience)
    # Writes that nobody waits for any more; the event loop itself holds tasks by weak references only.
    background: set[asyncio.Task[None]] = field(default_factory=set)
    watch: Watch = field(default_factory=Watch)
    attributes: Attributes = field(default_factory=Attributes)
    turns: Turns = field(default_factory=Turns)

    @property
    def engine(self) -> Engine:
        return Engine(self.temporal, self.task_queue, self.patience, self.attributes, self.turns)


async def of_app(request: Request) -> Dependencies:
    dependencies: Dependencies = request.app.state.dependencies
    return dependencies


Deps = Annotated[Dependencies, Depends(of_app)]
