"""The engine's parts: how they are run, and the order in which they stop."""

from __future__ import annotations

import sys

from cli import console
from cli.engine import home, loading
from cli.engine.children import Service
from cli.engine.supervisor import Supervisor, parent_gone
from settings import Settings

SERVER, WORKER, API = "Temporal server", "worker", "API"
# A worker lets a delivery that is on its way come back, for ten seconds.
CLIENT_GRACE_SECONDS = 12.0
# The clients of the server end before it does.
STOP_ORDER = ((WORKER, API), (SERVER,))


async def supervise(settings: Settings, *, with_parent: bool) -> None:
    def stopping() -> None:
        home.announce_stopping(settings.home)
        if supervisor.has_started:
            console.say("stopping ...")

    supervisor = Supervisor(STOP_ORDER, console.say, stopping)
    await supervisor.run(lambda: _run(settings, supervisor), until=parent_gone if with_parent else None)


async def _run(settings: Settings, supervisor: Supervisor) -> None:
    # Loading libraries is most of what a start takes, and the API's take longest: it loads them from the first moment
    # on, and begins when it is told. The worker loads its own when the server and the store are there, which need the
    # processors until then; no ticket waits for it to be opened.
    parts = (_api(settings), _worker(settings))
    supervisor.prepare(parts[0])
    with loading.quickly():
        from cli.engine import starting  # noqa: PLC0415 - as above

    await starting.start(settings, supervisor, SERVER, parts)
    await supervisor.watch()


def _worker(settings: Settings) -> Service:
    async def ready() -> None:
        from cli.engine import readiness  # noqa: PLC0415 - as above
        from connection import connect  # noqa: PLC0415 - as above

        await readiness.worker(await connect(settings), settings.task_queue)

    return Service(WORKER, _python("worker"), settings.home / "logs" / "worker.log", ready, grace=CLIENT_GRACE_SECONDS)


def _api(settings: Settings) -> Service:
    async def ready() -> None:
        from cli.engine import readiness  # noqa: PLC0415 - as above

        await readiness.api(settings)

    return Service(API, _python("api"), settings.home / "logs" / "api.log", ready, grace=CLIENT_GRACE_SECONDS)


def _python(part: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", "cli.parts", part)
