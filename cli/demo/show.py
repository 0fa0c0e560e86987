"""The show itself: the desk at work, and each milestone on the screen as it arrives."""

from __future__ import annotations

import asyncio
import os

import httpx
from rich.live import Live
from rich.text import Text

from cli import console
from cli.demo import screen, stage
from cli.demo.desk import Desk
from cli.demo.receiver import Receipt
from cli.engine.supervisor import Supervisor
from domain.errors import EngineUnavailable
from service.demo.scripts import TicketScript
from settings import Settings

REFRESH_PER_SECOND = 4
LAST_NOTICES_SECONDS = 0.5


class Show:
    def __init__(self, script: list[TicketScript], introduction: Text) -> None:
        self._script = script
        self._introduction = introduction
        self._arrived: asyncio.Queue[Receipt] = asyncio.Queue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._receipts: list[Receipt] = []

    def take(self, receipt: Receipt) -> None:
        """Takes a notice. It is called in the receiver's threads."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._arrived.put_nowait, receipt)

    async def run(self, supervisor: Supervisor, settings: Settings) -> None:
        self._loop = asyncio.get_running_loop()
        console.say(f"starting the engine in {settings.home} ...")
        await supervisor.start(stage.engine(settings))
        headers = {"X-API-Key": os.environ["SLA_API_KEY"]}
        async with httpx.AsyncClient(base_url=settings.api_url, headers=headers, trust_env=False) as http:
            desk = Desk(http)
            try:
                await desk.promise()
                console.out.print(self._introduction)
                await self._play(desk)
                await desk.refresh()
            except* httpx.HTTPError as errors:
                raise EngineUnavailable(f"the engine refused: {errors.exceptions[0]}") from errors
        console.out.print(screen.summary(desk.instances.values(), self._receipts))

    async def _play(self, desk: Desk) -> None:
        with Live(
            console=console.out,
            refresh_per_second=REFRESH_PER_SECOND,
            transient=True,
            get_renderable=lambda: screen.board(desk),
        ):
            announcing = asyncio.create_task(self._announce(desk))
            await desk.work(self._script)
            await asyncio.sleep(LAST_NOTICES_SECONDS)
            announcing.cancel()

    async def _announce(self, desk: Desk) -> None:
        while True:
            receipt = await self._arrived.get()
            self._receipts.append(receipt)
            console.out.print(screen.arrival(receipt, desk.seconds))
