"""What the embedded server's SQLite pragmas and options cost: short lives (start, signal, completion) side by side.

Each round runs every variant once, in turn forwards and backwards; figures are medians over the rounds and their
ratio to the baseline (the CLI without pragmas and options).
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from rich.console import Console
from rich.progress import track
from rich.table import Table
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from cli.engine import embedded, readiness
from connection import leave
from settings import Settings

Variant = tuple[tuple[str, ...], Mapping[str, str]]
VARIANTS: dict[str, Variant] = {
    "default": ((), {}),
    "wal, full": (("journal_mode=wal", "synchronous=full"), {}),
    "default, options": ((), embedded.SERVER_OPTIONS),
    "wal, full, options": (("journal_mode=wal", "synchronous=full"), embedded.SERVER_OPTIONS),
    "wal, normal, options": (("journal_mode=wal", "synchronous=normal"), embedded.SERVER_OPTIONS),
    "wal, off, options": (("journal_mode=wal", "synchronous=off"), embedded.SERVER_OPTIONS),
}
BASELINE = "default"
QUEUE = "bench"


@workflow.defn
class ShortLife:
    def __init__(self) -> None:
        self._ended = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self._ended)

    @workflow.signal
    def end(self) -> None:
        self._ended = True


@dataclass
class Figures:
    start_ms: list[float] = field(default_factory=list)
    lives_per_second: list[float] = field(default_factory=list)


async def live(client: Client, starts: list[float]) -> None:
    began = time.perf_counter()
    handle = await client.start_workflow(ShortLife.run, id=f"bench-{uuid4()}", task_queue=QUEUE)
    starts.append((time.perf_counter() - began) * 1000)
    await handle.signal(ShortLife.end)
    await handle.result()


async def measure(client: Client, lives: int, abreast: int, figures: Figures) -> None:
    async with Worker(client, task_queue=QUEUE, workflows=[ShortLife], workflow_runner=UnsandboxedWorkflowRunner()):
        for _ in range(5):
            await live(client, [])
        alone: list[float] = []
        for _ in range(lives // 4):
            await live(client, alone)
        slots = asyncio.Semaphore(abreast)

        async def one() -> None:
            async with slots:
                await live(client, [])

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(lives)))
        figures.lives_per_second.append(lives / (time.perf_counter() - began))
        figures.start_ms.append(statistics.median(alone))


@asynccontextmanager
async def server(folder: Path, variant: Variant) -> AsyncIterator[Client]:
    port, ui_port = free_port(), free_port()
    settings = Settings(home=folder, temporal_port=port, temporal_ui_port=ui_port)
    command = embedded.command(settings, embedded.binary(settings), *variant)
    with (folder / "server.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    try:
        await asyncio.wait_for(readiness.server(settings), 30)
        yield await Client.connect(settings.local_temporal_address)
    finally:
        process.terminate()
        await process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def main(lives: int, abreast: int, rounds: int) -> None:
    figures = {name: Figures() for name in VARIANTS}
    order = [name for turn in range(rounds) for name in (list(VARIANTS) if turn % 2 == 0 else reversed(VARIANTS))]
    for name in track(order, description="servers"):
        with tempfile.TemporaryDirectory() as folder:
            async with server(Path(folder), VARIANTS[name]) as client:
                await measure(client, lives, abreast, figures[name])
    report(figures, f"{lives} lives, {abreast} abreast, {rounds} rounds")


def report(figures: dict[str, Figures], title: str) -> None:
    table = Table("journal_mode, synchronous, options", "start, ms", "ratio", "lives/s", "ratio", title=title)
    base_start = statistics.median(figures[BASELINE].start_ms)
    base_lives = statistics.median(figures[BASELINE].lives_per_second)
    for name, one in figures.items():
        start, lives = statistics.median(one.start_ms), statistics.median(one.lives_per_second)
        table.add_row(name, f"{start:.1f}", f"{start / base_start:.2f}", f"{lives:.0f}", f"{lives / base_lives:.2f}")
    Console().print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=200)
    parser.add_argument("--abreast", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    asyncio.run(main(options.lives, options.abreast, options.rounds))
    # The interpreter takes itself apart under the SDK's threads otherwise, and aborts now and then.
    leave(0)
