"""The engine's parts and the order in which they start and stop."""

from __future__ import annotations

import asyncio
import sys

from rich.table import Table

from cli import bootstrap, console, embedded, home, ports, readiness
from cli.children import Probe, Service
from cli.supervisor import Supervisor, parent_gone
from connection import connect, external_temporal, temporal_address
from domain.errors import InvalidValue, SlaError
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
    own_server = not external_temporal(settings)
    if own_server and settings.build_id is not None:
        raise InvalidValue("SLA_BUILD_ID", settings.build_id, "needs a Temporal server where somebody makes it current")
    server = await _server(settings) if own_server else None
    await ports.check(settings, embedded=own_server)
    if not own_server:
        await connect(settings)
    await bootstrap.migrate(settings)
    if server is not None:
        await supervisor.start(server)
    client = await connect(settings)
    if own_server:
        await embedded.raise_retention(client)
    worker = _python("worker", WORKER, settings, lambda: readiness.worker(client, settings.task_queue))
    await supervisor.start(worker)
    # Before the API answers, so that nobody meets it without the key.
    new_key = await bootstrap.ensure_key(settings)
    try:
        await supervisor.start(_python("api", API, settings, lambda: readiness.api(settings)))
    except SlaError:
        if new_key is not None:
            console.say(f"API key, shown once: {new_key}")
        raise
    console.out.print(_table(settings, own_server=own_server, new_key=new_key))
    await supervisor.watch()


async def _server(settings: Settings) -> Service:
    program = embedded.binary(settings)
    for pid in await embedded.stop_leftover(settings):
        console.say(f"stopped a Temporal server that an earlier run had left (process {pid})")
    await asyncio.to_thread(embedded.require_database, settings)
    return Service(
        name=SERVER,
        command=embedded.command(settings, program),
        log=settings.home / "logs" / "temporal.log",
        ready=lambda: readiness.server(settings),
    )


def _python(command: str, name: str, settings: Settings, ready: Probe) -> Service:
    log = settings.home / "logs" / f"{command}.log"
    return Service(name, (sys.executable, "-P", "-m", "cli", command), log, ready, grace=CLIENT_GRACE_SECONDS)


def _table(settings: Settings, *, own_server: bool, new_key: str | None) -> Table:
    table = Table(title="Slakeeper is running; Ctrl-C stops it", title_justify="left", show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("API", settings.api_url)
    table.add_row("API docs", f"{settings.api_url}/docs")
    if own_server:
        table.add_row("Temporal UI", f"http://127.0.0.1:{settings.temporal_ui_port}")
    table.add_row("Temporal server", temporal_address(settings))
    table.add_row("data folder", str(settings.home))
    key_file = home.key_file(settings.home)
    if new_key is not None:
        table.add_row("API key", f"{new_key}\nshown once; kept in {key_file}")
    elif settings.api_key is None and key_file.exists():
        table.add_row("API key", f"in {key_file}")
    return table
