"""Starts services in order, restarts what crashes, and stops them in the order asked for."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable
from typing import ParamSpec

from cli.engine.children import Child, Service, rotate
from domain.errors import EngineUnavailable

P = ParamSpec("P")

FIRST_DELAY = 0.5
LONGEST_DELAY = 5.0
# A service that ran this long has recovered: its next crash starts at the first delay again.
HEALTHY_AFTER = 60.0
ROTATE_EVERY = 60.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """`stop_order` names the groups that end together, first to last; `stopping` is called before the first."""

    def __init__(
        self,
        stop_order: tuple[tuple[str, ...], ...],
        say: Callable[[str], None],
        stopping: Callable[[], None] = lambda: None,
    ) -> None:
        self._stop_order = stop_order
        self._say = quietly(say)
        self._stopping = quietly(stopping)
        self._children: dict[str, Child] = {}
        self._prepared: set[str] = set()
        self._at_work = False
        self._asked_to_stop = asyncio.Event()

    @property
    def has_started(self) -> bool:
        """Whether there is something to stop that people know of. What a failed start leaves does not count."""
        return self._at_work

    async def run(
        self, work: Callable[[], Awaitable[None]], until: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Runs until a signal comes, or `work` or `until` ends. No child is left in any case."""
        self._listen()
        working = asyncio.ensure_future(work())
        tasks = {working, asyncio.ensure_future(self._asked_to_stop.wait())}
        if until is not None:
            tasks.add(asyncio.ensure_future(until()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                self._at_work = False
                working.result()
        finally:
            self._stopping()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stop()

    def prepare(self, service: Service) -> None:
        """Starts the process, which loads its libraries and then waits until `start` tells it to begin."""
        self._spawn(service)
        self._prepared.add(service.name)

    async def start(self, service: Service) -> None:
        """Raises EngineUnavailable with the last log lines when the service ends or is not ready in time."""
        child = self._children[service.name] if service.name in self._prepared else self._spawn(service)
        self._prepared.discard(service.name)
        child.tell_to_begin()
        self._at_work = True
        ready = asyncio.ensure_future(service.ready())
        try:
            done, _ = await asyncio.wait(
                {ready, child.ended}, timeout=service.timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if ready in done:
                return ready.result()
        finally:
            ready.cancel()
        why = f"exit code {child.process.returncode}" if done else f"not ready after {service.timeout:g} s"
        raise EngineUnavailable(
            f"the {service.name} did not start ({why}); the end of {service.log}:\n{child.last_lines()}"
        )

    async def watch(self) -> None:
        """Keeps every started service running. It never returns."""
        async with asyncio.TaskGroup() as group:
            for child in self._children.values():
                group.create_task(self._keep(child.service))
            group.create_task(self._trim_logs())

    def stop(self) -> None:
        if self._asked_to_stop.is_set():
            for child in self._children.values():
                child.process.kill()
        self._asked_to_stop.set()

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self.stop)

    def _spawn(self, service: Service) -> Child:
        previous, child = self._children.get(service.name), Child(service)
        self._children[service.name] = child
        if previous is not None:
            previous.close()
        return child

    async def _keep(self, service: Service) -> None:
        delay = FIRST_DELAY
        while True:
            child = self._children[service.name]
            code = await asyncio.shield(child.ended)
            if time.monotonic() - child.started > HEALTHY_AFTER:
                delay = FIRST_DELAY
            why = f"ended (exit code {code})"
            while self._children[service.name] is child:
                self._say(f"the {service.name} {why}, starting it again in {delay:g} s: {service.log}")
                await asyncio.sleep(delay)
                delay = min(2 * delay, LONGEST_DELAY)
                try:
                    self._spawn(service).tell_to_begin()
                except OSError as error:
                    # A disk that is full, a folder that is gone: both may come back.
                    why = f"cannot be started ({error.strerror})"

    async def _trim_logs(self) -> None:
        while True:
            await asyncio.sleep(ROTATE_EVERY)
            for child in self._children.values():
                rotate(child.service.log)

    async def _stop(self) -> None:
        for group in self._stop_order:
            children = [self._children[name] for name in group if name in self._children]
            await asyncio.gather(*(child.stop() for child in children))
        for child in self._children.values():
            child.close()


async def parent_gone(interval: float = 0.3) -> None:
    """Returns when the process that started us has ended (works the same on every Unix)."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells us when a parent ends
        await asyncio.sleep(interval)


def quietly(call: Callable[P, None]) -> Callable[P, None]:
    """The call without its OSErrors: a closed terminal or a vanished folder must not keep us from stopping."""

    def call_if_possible(*args: P.args, **kwargs: P.kwargs) -> None:
        with contextlib.suppress(OSError):
            call(*args, **kwargs)

    return call_if_possible
