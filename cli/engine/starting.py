"""The order in which the engine's parts start, and what is checked before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cli import console
from cli.engine import bootstrap, embedded, home, ports, readiness
from cli.engine.children import Service
from cli.engine.supervisor import Supervisor
from connection import connect, external_temporal, temporal_address
from domain.errors import InvalidValue, SlaError
from settings import Settings

if TYPE_CHECKING:
    from rich.table import Table


async def start(settings: Settings, supervisor: Supervisor, server_name: str, parts: Iterable[Service]) -> None:
    """Starts the server and prepares the store first, then starts the `parts` together, which need both. Raises
    SlaError."""
    own_server = not external_temporal(settings)
    if own_server and settings.build_id is not None:
        raise InvalidValue("SLA_BUILD_ID", settings.build_id, "needs a Temporal server where somebody makes it current")
    server = await _server(settings, server_name) if own_server else None
    await ports.check(settings, embedded=own_server)
    if server is None:
        await connect(settings)
        await bootstrap.migrate(settings)
    else:
        await _start_beside_migration(settings, supervisor, server)
    # Before the API answers, so that nobody meets it without the key.
    new_key = await bootstrap.ensure_key(settings)
    try:
        await asyncio.gather(*(supervisor.start(part) for part in parts))
    except SlaError:
        if new_key is not None:
            console.say(f"API key, shown once: {new_key}")
        raise
    console.out.print(_table(settings, own_server=own_server, new_key=new_key))


async def _start_beside_migration(settings: Settings, supervisor: Supervisor, server: Service) -> None:
    """Starts the server while the tables are made. Where both fail, the store's error is raised: a full disk fails
    both."""
    starting = asyncio.create_task(_start_server(settings, supervisor, server))
    try:
        await bootstrap.migrate(settings)
    except SlaError:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        raise
    await starting


async def _start_server(settings: Settings, supervisor: Supervisor, server: Service) -> None:
    await supervisor.start(server)
    await embedded.raise_retention(await connect(settings))


async def _server(settings: Settings, name: str) -> Service:
    program = embedded.binary(settings)
    for pid in await embedded.stop_leftover(settings):
        console.say(f"stopped a Temporal server that an earlier run had left (process {pid})")
    await asyncio.to_thread(embedded.require_database, settings)
    return Service(
        name=name,
        command=embedded.command(settings, program),
        log=settings.home / "logs" / "temporal.log",
        ready=lambda: readiness.server(settings),
    )


def _table(settings: Settings, *, own_server: bool, new_key: str | None) -> Table:
    # Once all runs: the parts load their libraries until then, and need the processors more.
    from rich.table import Table  # noqa: PLC0415

    table = Table(title="Slakeeper is running; Ctrl-C stops it", title_justify="left", show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("Board", f"{settings.api_url}/")
    table.add_row("API", settings.api_url)
    table.add_row("API docs", f"{settings.api_url}/docs")
    if own_server:
        table.add_row("Temporal UI", f"http://127.0.0.1:{settings.temporal_ui_port}")
    table.add_row("Temporal server", temporal_address(settings))
    table.add_row("data folder", str(settings.home))
    key_file = home.key_file(settings.home)
    if new_key is not None:
        table.add_row("API key", f"{new_key}\nshown once; kept in {key_file}")
    elif settings.api_key is not None:
        table.add_row("API key", "the one in SLA_API_KEY")
    elif key_file.exists():
        table.add_row("API key", f"in {key_file}")
    else:
        table.add_row("API key", "one that is known, or a new one: `sla keys create`")
    return table
