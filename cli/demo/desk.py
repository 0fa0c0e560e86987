"""The help desk of the show: opens tickets and works on them through the REST API."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx

from cli.demo.script import PROMISES
from service.demo.scripts import TicketScript

BASE = "/api/v2/sla"


class Desk:
    """`instances` holds, by ticket, what the API last answered."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._began = time.monotonic()
        self.instances: dict[str, dict[str, Any]] = {}

    @property
    def seconds(self) -> float:
        """Seconds since the show began."""
        return time.monotonic() - self._began

    async def promise(self) -> None:
        for promise in PROMISES:
            await self._post("/policies", promise.to_json())

    async def work(self, scripts: list[TicketScript]) -> None:
        """Raises httpx.HTTPError when the API refuses anything."""
        self._began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for script in scripts:
                group.create_task(self._live(script))

    async def refresh(self) -> None:
        for ticket_id, instance in self.instances.items():
            answer = await self._http.get(f"{BASE}/instances/{instance['id']}")
            self.instances[ticket_id] = answer.raise_for_status().json()

    async def _live(self, script: TicketScript) -> None:
        await self._until(script.opens_at)
        ticket = {"ticket_id": script.ticket_id, "priority": script.promise.priority}
        opened = self.instances[script.ticket_id] = await self._post("/instances", ticket)
        for step in script.steps:
            await self._until(step.at)
            body = {"reason": step.reason} if step.reason else {}
            answer = await self._post(f"/instances/{opened['id']}/{step.command}", body)
            if "targets" in answer:
                self.instances[script.ticket_id] = answer

    async def _until(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds - self.seconds))

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self._http.post(f"{BASE}{path}", json=body)
        document: dict[str, Any] = answer.raise_for_status().json()
        return document
