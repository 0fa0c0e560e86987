"""One child process: started on a leash, its output in a log file, ended in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from cli.engine import lifeline

Probe = Callable[[], Awaitable[None]]

LEASH = Path(__file__).with_name("leash.py")
LOG_LIMIT = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Service:
    """What to run. `ready` returns once the process does its work; `timeout` and `grace` are seconds."""

    name: str
    command: tuple[str, ...]
    log: Path
    ready: Probe
    timeout: float = 60.0
    grace: float = 8.0


class Child:
    """A running service. It must be made in the main thread: Linux ties a child's life to the thread that made it."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.started = time.monotonic()
        service.log.parent.mkdir(exist_ok=True)
        rotate(service.log)
        with service.log.open("ab") as log:
            self._log_start = log.tell()
            reader, self._lifeline = os.pipe()
            try:
                self.process = subprocess.Popen(  # noqa: S603 - our own services
                    [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *service.command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(reader,),
                    env={**os.environ, lifeline.VARIABLE: str(reader)},
                )
            finally:
                os.close(reader)
        self.ended = asyncio.create_task(asyncio.to_thread(self.process.wait))

    def tell_to_begin(self) -> None:
        """Tells a part that waits for the word to begin, see `lifeline`. Other processes ignore it."""
        # Should it have ended already, whoever waits for it to be ready learns that.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._lifeline, lifeline.WORD)

    async def stop(self) -> None:
        """Asks the process to end, and kills it after the service's grace."""
        self.process.terminate()
        done, _ = await asyncio.wait({self.ended}, timeout=self.service.grace)
        if not done:
            self.process.kill()
            await asyncio.wait({self.ended})

    def close(self) -> None:
        os.close(self._lifeline)

    def last_lines(self, count: int = 15) -> str:
        with self.service.log.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read()[-16384:].decode(errors="replace").splitlines()[-count:]
        return "\n".join(lines) or "(nothing was written)"


def rotate(log: Path, limit: int = LOG_LIMIT) -> None:
    """Copies a long log and truncates it. A process that appends to the file need not know.

    Where the disk has no room for the copy, the log grows on: no part may end because a log is long.
    """
    with contextlib.suppress(OSError):
        if log.stat().st_size > limit:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            os.truncate(log, 0)
