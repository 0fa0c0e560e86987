"""An engine as a user starts it, a bare worker beside it on the same server, and a receiver of notices."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from bench.receiver import Receiver, receiving

ROOT = Path(__file__).parents[1]
KEY = "a-key-for-the-bench-alone"
HEADERS = {"X-API-Key": KEY}
ROOT_PATH = "/api/v2/sla"
ENGINE_QUEUE, BARE_QUEUE = "sla", "bare"
PATIENCE_SECONDS = 60.0
INTERVAL_SECONDS = 0.03
GRACE_SECONDS = 20.0
# Far from any milestone, whatever the priority; `halfway` of the others comes when they are opened two hours before.
POLICY = {
    "name": "Bench",
    "targets": [{"type": "first_response", "hours": 4}, {"type": "resolution", "hours": 8}],
}
HALFWAY_SECONDS = 2 * 3600
ONE_TARGET = {
    "name": "One target",
    "conditions": [{"field": "priority", "operator": "in", "value": ["one"]}],
    "targets": [{"type": "resolution", "hours": 4}],
}
SIX_SECONDS = {
    "name": "Six seconds",
    "conditions": [{"field": "priority", "operator": "in", "value": ["six"]}],
    "targets": [{"type": "resolution", "minutes": 0.1}],
}


@dataclass(frozen=True, slots=True)
class Parts:
    """The processes whose time counts."""

    server: psutil.Process
    worker: psutil.Process
    api: psutil.Process
    bare: psutil.Process


@dataclass(frozen=True, slots=True)
class Engine:
    address: str
    http: httpx.AsyncClient
    client: Client
    receiver: Receiver
    parts: Parts


class Rig:
    """What the rows need, started when the first of them asks."""

    def __init__(self, folder: Path, *, instances: int) -> None:
        self.folder = folder
        self.instances = instances
        self._engine: Engine | None = None
        self._stack = AsyncExitStack()

    async def engine(self) -> Engine:
        if self._engine is None:
            self._engine = await self._stack.enter_async_context(_engine(self.folder / "engine"))
        return self._engine

    async def close(self) -> None:
        await self._stack.aclose()


def cpu_seconds(*processes: psutil.Process) -> float:
    """User and system time they have taken so far."""
    times = [process.cpu_times() for process in processes]
    return sum(float(one.user + one.system) for one in times)


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def environment(home: Path, **more: str) -> dict[str, str]:
    """That of a user: nothing of ours from outside, and compiled modules are kept."""
    foreign = ("SLA_", "TEMPORAL_", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    own = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    ports = dict(zip(("SLA_API_PORT", "SLA_TEMPORAL_PORT", "SLA_TEMPORAL_UI_PORT"), free_ports(3), strict=True))
    return {
        **own,
        **{name: str(port) for name, port in ports.items()},
        "SLA_HOME": str(home),
        "SLA_API_KEY": KEY,
        "TEMPORAL_CONFIG_FILE": str(home / "none.toml"),
        **more,
    }


@asynccontextmanager
async def process(arguments: list[str], env: Mapping[str, str], log: Path) -> AsyncIterator[psutil.Process]:
    """A Python program of ours, ended by its id."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        started = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=ROOT, env=dict(env), stdout=output, stderr=output
        )
    try:
        yield psutil.Process(started.pid)
    finally:
        if started.returncode is None:
            started.terminate()
        try:
            await asyncio.wait_for(started.wait(), GRACE_SECONDS)
        except TimeoutError:
            started.kill()
            await started.wait()


def client_of(env: Mapping[str, str]) -> httpx.AsyncClient:
    unlimited = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{env['SLA_API_PORT']}{ROOT_PATH}",
        headers=HEADERS,
        trust_env=False,
        timeout=60,
        limits=unlimited,
    )


async def until_answered(http: httpx.AsyncClient, method: str, path: str, body: Any = None) -> httpx.Response:
    """The first answer that is no failure of the server's. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = await http.request(method, path, json=body)
        except httpx.TransportError:
            pass
        else:
            if answer.status_code < 400:
                return answer
        await asyncio.sleep(INTERVAL_SECONDS)
    raise TimeoutError(f"{method} {path} was not answered within {PATIENCE_SECONDS:g} s")


@asynccontextmanager
async def _engine(home: Path) -> AsyncIterator[Engine]:
    async with AsyncExitStack() as stack:
        receiver = stack.enter_context(receiving())
        env = environment(home, SLA_WEBHOOK_URLS=receiver.url)
        log = home.with_suffix(".log")
        supervisor = await stack.enter_async_context(process(["-m", "cli", "up"], env, log))
        http = await stack.enter_async_context(client_of(env))
        for policy in (SIX_SECONDS, ONE_TARGET, POLICY):
            await until_answered(http, "POST", "/policies", policy)
        address = f"127.0.0.1:{env['SLA_TEMPORAL_PORT']}"
        client = await Client.connect(address, data_converter=pydantic_data_converter)
        bare = await stack.enter_async_context(process(["-m", "bench.bare", address, receiver.url], env, log))
        server, worker, api = _children(supervisor)
        yield Engine(f"127.0.0.1:{env['SLA_API_PORT']}", http, client, receiver, Parts(server, worker, api, bare))


def _children(supervisor: psutil.Process) -> list[psutil.Process]:
    """The Temporal server, the worker and the API, by what was started."""
    found = {child.pid: child for child in supervisor.children(recursive=True)}
    return [
        next(child for child in found.values() if word in child.cmdline()) for word in ("start-dev", "worker", "api")
    ]
