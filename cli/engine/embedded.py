"""The embedded Temporal server: its binary, its command line, what a killed run left of it, its retention."""

from __future__ import annotations

import asyncio
import shutil
import sysconfig
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import psutil
from google.protobuf.duration_pb2 import Duration
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, UpdateNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from connection import DEFAULT_NAMESPACE, temporal_namespace
from domain.errors import EngineUnavailable, InvalidValue
from settings import Settings
from store.schema.soundness import fault_of_file

# Measured in bench/bench_temporal_pragmas.py; docs/decisions/0002-embedded-temporal-server.md says why these.
PRAGMAS = ("journal_mode=wal", "synchronous=full")
RETENTION = timedelta(days=30)
LEFTOVER_GRACE_SECONDS = 10.0
# A server that has just started has written some 4 MiB, and says nothing when it cannot: neither can its log grow.
ROOM = 16 << 20


def binary(settings: Settings) -> str:
    """The path of the server's program. Raises InvalidValue, naming SLA_TEMPORAL_CLI, when there is none."""
    if settings.temporal_cli is not None:
        found = shutil.which(settings.temporal_cli.expanduser())
        reason = "is not an executable file"
    else:
        found = shutil.which("temporal", path=sysconfig.get_path("scripts")) or shutil.which("temporal")
        reason = "must name the Temporal CLI, for none is installed"
    if found is None:
        raise InvalidValue("SLA_TEMPORAL_CLI", str(settings.temporal_cli or ""), reason)
    return str(Path(found).absolute())


# Timers are looked at in steps; the server's own step of a second would make every notice up to a second late. Its
# queues are looked at 20 times a second at most unless told otherwise: enough for one shard among hundreds, but an
# embedded server has just one, and every task of every ticket waits there. Task queues are whole: no other hosts share
# them, and a task in a part where no worker asks would be handed on first. A workflow whose task keeps failing is named
# after ten seconds instead of a minute.
SERVER_OPTIONS = {
    "history.timerProcessorMaxTimeShift": '"20ms"',
    "history.transferProcessorMaxPollRPS": "1000",
    "history.timerProcessorMaxPollRPS": "1000",
    "history.visibilityProcessorMaxPollRPS": "1000",
    "matching.numTaskqueueReadPartitions": "1",
    "matching.numTaskqueueWritePartitions": "1",
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": "2",
}


def database(settings: Settings) -> Path:
    return settings.home / "temporal.db"


def require_database(settings: Settings) -> None:
    """Raises EngineUnavailable when the server's file is damaged or takes no writes, or when it has no room to grow."""
    free = shutil.disk_usage(settings.home).free
    if free < ROOM:
        raise EngineUnavailable(
            f"the disk of {settings.home} has {free >> 20} MiB left, {ROOM >> 20} are needed to start (SLA_HOME)"
        )
    found = fault_of_file(database(settings))
    if found is not None:
        raise EngineUnavailable(
            f"the Temporal server's database {database(settings)} cannot be used: {found} (SLA_HOME)"
        )


def dynamic_config(options: Mapping[str, str] = SERVER_OPTIONS) -> tuple[str, ...]:
    """The options as arguments of `temporal server start-dev`."""
    return tuple(part for name, value in options.items() for part in ("--dynamic-config-value", f"{name}={value}"))


def command(
    settings: Settings,
    program: str,
    pragmas: tuple[str, ...] = PRAGMAS,
    options: Mapping[str, str] = SERVER_OPTIONS,
) -> tuple[str, ...]:
    namespace = temporal_namespace()
    return (
        program,
        *("server", "start-dev", "--ip", "127.0.0.1", "--log-level", "warn"),
        *("--port", str(settings.temporal_port), "--ui-port", str(settings.temporal_ui_port)),
        *("--db-filename", str(database(settings))),
        *(part for pragma in pragmas for part in ("--sqlite-pragma", pragma)),
        *dynamic_config(options),
        *(() if namespace == DEFAULT_NAMESPACE else ("--namespace", namespace)),
    )


async def stop_leftover(settings: Settings) -> list[int]:
    """Ends servers that an earlier run left on our own database. Returns their process ids.

    The command line of a process that is ours names our database file. So no pid file can be stale or lost.
    """
    left = [process for process in psutil.process_iter() if _serves(process, database(settings))]
    for process in left:
        process.terminate()
    _, alive = await asyncio.to_thread(psutil.wait_procs, left, timeout=LEFTOVER_GRACE_SECONDS)
    for process in alive:
        process.kill()
    await asyncio.to_thread(psutil.wait_procs, alive, timeout=LEFTOVER_GRACE_SECONDS)
    return [process.pid for process in left]


async def raise_retention(client: Client) -> None:
    """Finished tickets stay visible in the UI for `RETENTION`, unless the namespace keeps them longer.

    Raises EngineUnavailable when the server does not take it.
    """
    try:
        await _raise_retention(client)
    except RPCError as error:
        raise EngineUnavailable(f"the Temporal server takes no change of its namespace: {error.message}") from error


async def _raise_retention(client: Client) -> None:
    service = client.workflow_service
    described = await service.describe_namespace(DescribeNamespaceRequest(namespace=client.namespace))
    if described.config.workflow_execution_retention_ttl.ToTimedelta() >= RETENTION:
        return
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    await service.update_namespace(
        UpdateNamespaceRequest(
            namespace=client.namespace, config=NamespaceConfig(workflow_execution_retention_ttl=retention)
        )
    )


def _serves(process: psutil.Process, file: Path) -> bool:
    try:
        arguments = process.cmdline()
    except psutil.Error:
        return False
    return "start-dev" in arguments and str(file) in arguments
