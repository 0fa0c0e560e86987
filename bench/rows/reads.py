"""Asking for one instance, against a route that does nothing in an API of the same kind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import httpx
import uvicorn
from fastapi import FastAPI

from bench.asking import asked
from bench.figures import Figure, median
from bench.lives import by_signals, new_ticket, require, subject_of
from bench.rig import HEADERS, ROOT_PATH, Rig, environment, process, until_answered

ASKED = 150
ROUNDS = 3


def main(port: int) -> None:
    """Serves the empty route."""
    app = FastAPI()

    @app.get("/empty")
    async def empty() -> dict[str, str]:
        return {}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


async def measure(rig: Rig) -> Sequence[Figure]:
    engine = await rig.engine()
    closed = (await by_signals(engine)(0)).rpartition("/")[2]
    ticket = new_ticket()
    require(await engine.http.post("/instances", json={"ticket_id": ticket, "priority": "high"}), 201)
    await until_answered(engine.http, "GET", f"/instances/{closed}")
    env = environment(rig.folder / "empty")
    port = env["SLA_API_PORT"]
    paths = {
        "GET of a closed instance": (f"/instances/{closed}", "7x"),
        "GET of a running instance, from the store": (f"/instances/{subject_of(ticket)}", "6x"),
        "GET of a closed instance, its workflow asked": (f"/instances/{closed}?live=true", ""),
        "GET of a running instance, its workflow asked": (f"/instances/{subject_of(ticket)}?live=true", ""),
        "the instances of a ticket": (f"/instances?ticket_id={ticket}", ""),
    }
    took: dict[str, list[float]] = {name: [] for name in (*paths, "")}
    async with (
        process(["-m", "bench.rows.reads", port], env, rig.folder / "empty.log"),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        await until_answered(http, "GET", "/empty")
        for _ in range(ROUNDS):
            took[""] += await _asked(f"127.0.0.1:{port}", "/empty")
            for name, (path, _) in paths.items():
                took[name] += await _asked(engine.address, ROOT_PATH + path)
    least = median(took[""])
    return [Figure(name, median(took[name]), "ms", least, target) for name, (_, target) in paths.items()]


async def _asked(address: str, path: str) -> list[float]:
    requests = [("GET", path, None)] * (ASKED // ROUNDS)
    return (await asyncio.to_thread(asked, address, requests, HEADERS))[0]


if __name__ == "__main__":
    import sys

    main(int(sys.argv[1]))
