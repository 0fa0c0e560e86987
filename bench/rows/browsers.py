"""What open browsers cost the API: when nothing happens, and while a ticket changes every second."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack

import httpx

from bench.figures import Figure, median
from bench.rig import KEY, Engine, Rig, cpu_seconds
from web.http.sessions import COOKIE

BROWSERS = 200
TICKETS = 200
IDLE_SECONDS = 10
BUSY_SECONDS = 20
LOADS = 9
PAGE = {"Accept": "text/html"}


async def measure(rig: Rig) -> Sequence[Figure]:
    engine = await rig.engine()
    opened = [await _opened(engine, number) for number in range(TICKETS)]
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(_browser(engine))
        await http.post("/sign-in", data={"key": KEY})
        loads = [await _load(http) for _ in range(LOADS)]
        alone = await _share(engine, IDLE_SECONDS)
        counted: list[int] = []
        cookie = http.cookies[COOKIE]
        listening = [asyncio.create_task(_listen(engine.address, cookie, counted)) for _ in range(BROWSERS)]
        await asyncio.sleep(3)
        idle = await _share(engine, IDLE_SECONDS)
        changing = asyncio.create_task(_change(engine, opened))
        counted.clear()
        busy = await _share(engine, BUSY_SECONDS)
        changes = len(counted) / BROWSERS
        changing.cancel()
        for one in listening:
            one.cancel()
        ended = await asyncio.gather(changing, *listening, return_exceptions=True)
    if failed := [one for one in ended if isinstance(one, Exception)]:
        raise failed[0]
    return [
        Figure(f"Page of what is due next, of {TICKETS} tickets", median([took for took, _ in loads]), "ms"),
        Figure("- its size", median([size for _, size in loads]) / 1000, "kB", None, "150 kB"),
        Figure(f"{BROWSERS} open browsers, nothing happens: of a core", 100 * (idle - alone), "%"),
        Figure(f"{BROWSERS} open browsers, a change a second: of a core", 100 * busy, "%"),
        Figure("- parts of pages each of them fetched", changes / BUSY_SECONDS, "/s"),
    ]


def _browser(engine: Engine) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(
        base_url=str(engine.http.base_url.copy_with(path="/")), headers=PAGE, trust_env=False, timeout=60, limits=limits
    )


async def _opened(engine: Engine, number: int) -> str:
    answer = await engine.http.post("/instances", json={"ticket_id": f"board-{number}", "fields": {"subject": "Board"}})
    return str(answer.raise_for_status().json()["id"])


async def _load(http: httpx.AsyncClient) -> tuple[float, float]:
    began = time.perf_counter()
    answer = (await http.get("/")).raise_for_status()
    return (time.perf_counter() - began) * 1000, len(answer.content)


async def _listen(address: str, cookie: str, counted: list[int]) -> None:
    """As a browser does it: what it shows is fetched again whenever it hears of a change. With as little of its own as
    can be, for two hundred of them share a process."""
    head = f"Host: {address}\r\nAccept: text/html\r\nCookie: {COOKIE}={cookie}\r\n"
    host, _, port = address.partition(":")
    stream, ask = await asyncio.open_connection(host, int(port))
    pages, fetch = await asyncio.open_connection(host, int(port))
    ask.write(f"GET /live HTTP/1.1\r\n{head}\r\n".encode())
    while line := await stream.readline():
        if line.strip() == b"event: changed":
            fetch.write(f"GET / HTTP/1.1\r\n{head}HX-Request: true\r\n\r\n".encode())
            answer = await pages.readuntil(b"\r\n\r\n")
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer[:200])
            (length,) = re.findall(rb"content-length: (\d+)", answer)
            await pages.readexactly(int(length))
            counted.append(1)


async def _change(engine: Engine, opened: Sequence[str]) -> None:
    for number in range(BUSY_SECONDS * 2):
        await engine.http.post(f"/instances/{opened[number % len(opened)]}/acknowledge", json={})
        await asyncio.sleep(1)


async def _share(engine: Engine, seconds: float) -> float:
    """Of a core that the API takes."""
    before, began = cpu_seconds(engine.parts.api), time.monotonic()
    await asyncio.sleep(seconds)
    return (cpu_seconds(engine.parts.api) - before) / (time.monotonic() - began)
