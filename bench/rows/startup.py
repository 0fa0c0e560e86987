"""How long `sla up` takes until a ticket is opened, against its Temporal server alone."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figure, median
from bench.rig import POLICY, Rig, client_of, environment, process, until_answered
from cli.engine import embedded, readiness
from settings import Settings

ROUNDS = 4


async def measure(rig: Rig) -> Sequence[Figure]:
    ours, least = [], []
    for turn in range(ROUNDS + 1):
        home = rig.folder / f"start-{turn}"
        ours.append(await _until_opened(home))
        least.append(await _until_served(home))
        shutil.rmtree(home)
    # The first one of all compiles the modules.
    what = "sla up to the first 201, against the bare server alone"
    return [Figure(what, median(ours[1:]), "s", median(least[1:]), "2.3 s")]


async def _until_opened(home: Path) -> float:
    env = environment(home)
    began = time.perf_counter()
    async with process(["-m", "cli", "up"], env, home.with_suffix(".log")), client_of(env) as http:
        await until_answered(http, "POST", "/policies", POLICY)
        await until_answered(http, "POST", "/instances", {"ticket_id": "1"})
        return time.perf_counter() - began


async def _until_served(home: Path) -> float:
    env = environment(home)
    (home / "bare").mkdir()
    settings = Settings(
        home=home / "bare",
        temporal_port=int(env["SLA_TEMPORAL_PORT"]),
        temporal_ui_port=int(env["SLA_TEMPORAL_UI_PORT"]),
    )
    began = time.perf_counter()
    with (home / "bare.log").open("ab") as log:
        server = await asyncio.create_subprocess_exec(
            *embedded.command(settings, embedded.binary(settings)), stdout=log, stderr=log
        )
    try:
        await asyncio.wait_for(readiness.server(settings), 30)
        return time.perf_counter() - began
    finally:
        server.terminate()
        await server.wait()
