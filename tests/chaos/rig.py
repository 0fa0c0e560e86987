"""The processes of a run: engine, receiver and database, killed, stalled and started again.

Nothing is touched but what was started here, and its descendants.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.chaos.postgres import Postgres
from tests.chaos.schedule import DATABASE, EVERYTHING
from tests.cli.conftest import ROOT, free_ports, path_with_root

RECEIVER = Path(__file__).with_name("receiver.py")
API_KEY = "a-key-of-the-chaos-run"
READY = "└"
START_SECONDS = 90.0
STOP_SECONDS = 60.0
MOST_STARTS = 5
# How a part is told apart by its command line.
MARKS: Mapping[str, str] = {"worker": "worker", "api": "api", "temporal": "start-dev"}


class RunBroken(Exception):
    """The run cannot go on."""


@dataclass
class Rig:
    folder: Path
    database: Postgres | None
    receiver_seed: int
    problems: list[str] = field(default_factory=list)
    """What the engine did that no user should see."""
    starts: list[float] = field(default_factory=list)
    """How many seconds each start of the whole engine took."""

    def __post_init__(self) -> None:
        self.api_port, self.temporal_port, ui_port, self._receiver_port = free_ports(4)
        self.home = self.folder / "home"
        self.arrivals = self.folder / "arrivals.jsonl"
        self.log = self.folder / "up.log"
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("SLA_", "TEMPORAL_"))},
            "PYTHONPATH": path_with_root(),
            "PYTHONUNBUFFERED": "1",
            "SLA_HOME": str(self.home),
            "SLA_API_KEY": API_KEY,
            "SLA_API_PORT": str(self.api_port),
            "SLA_TEMPORAL_PORT": str(self.temporal_port),
            "SLA_TEMPORAL_UI_PORT": str(ui_port),
            "SLA_WEBHOOK_URLS": f"http://127.0.0.1:{self._receiver_port}/notices",
            "TEMPORAL_CONFIG_FILE": str(self.folder / "no-temporal.toml"),
        }
        self._up: subprocess.Popen[bytes] | None = None
        self._receiver: subprocess.Popen[bytes] | None = None
        self._lives = 0
        # Whoever kills the whole engine starts it again before anybody misses it.
        self._changing = asyncio.Lock()

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.home / 'slakeeper.db'}" if self.database is None else self.database.url

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.api_port}/api/v2/sla"

    @property
    def temporal(self) -> str:
        return f"127.0.0.1:{self.temporal_port}"

    async def start(self) -> None:
        """Raises RunBroken when the engine does not come up."""
        async with self._changing:
            await self._start()

    async def keep_up(self) -> None:
        """For ever: an engine that ends by itself is a problem, and is started again."""
        while True:
            await asyncio.sleep(0.5)
            async with self._changing:
                if self._up is not None and (code := self._up.poll()) is not None:
                    self.problems.append(f"the engine ended by itself, exit code {code}:\n{self._last_lines()}")
                    await self._start_engine()

    async def kill(self, part: str, seconds: float) -> bool:
        """Whether there was something to kill. What no supervisor restarts stays away for so long, then is back."""
        async with self._changing:
            processes = self._processes(part)
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            await asyncio.to_thread(_wait_for_the_end_of, processes)
            if part in (DATABASE, EVERYTHING, "receiver"):
                await asyncio.sleep(min(seconds, 3))
                await self._start()
        return bool(processes)

    async def stall(self, part: str, seconds: float) -> bool:
        """Whether there was something to stop for so long."""
        if part == DATABASE and self.database is None:
            return await self._lock_the_store(seconds)
        async with self._changing:
            processes = self._processes(part)
            try:
                for process in processes:
                    with suppress(psutil.NoSuchProcess):
                        process.suspend()
                await asyncio.sleep(seconds)
            finally:
                for process in processes:
                    with suppress(psutil.NoSuchProcess):
                        process.resume()
        return bool(processes)

    async def _lock_the_store(self, seconds: float) -> bool:
        """As a backup or a forgotten transaction does: nobody else may write."""
        with closing(
            sqlite3.connect(self.home / "slakeeper.db", isolation_level=None, timeout=10, check_same_thread=False)
        ) as other:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            await asyncio.sleep(seconds)
            other.execute("ROLLBACK")
        return True

    async def stop(self) -> None:
        """As a user does; what does not end is a problem, and is killed."""
        async with self._changing:
            if self._up is not None and self._up.poll() is None:
                self._up.send_signal(signal.SIGINT)
                try:
                    code = await asyncio.to_thread(self._up.wait, STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self.problems.append(f"the engine did not stop within {STOP_SECONDS:g} s of SIGINT")
                else:
                    if code != 0:
                        self.problems.append(f"the engine stopped with exit code {code}:\n{self._last_lines()}")

    def end(self) -> None:
        """Whatever is left."""
        for process in self._processes(EVERYTHING):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for started in (self._up, self._receiver):
            if started is not None:
                started.wait(10)
        if self.database is not None:
            self.database.stop()

    def _processes(self, part: str) -> Sequence[psutil.Process]:
        if part == EVERYTHING:
            up = [] if self._up is None else _family(self._up.pid)
            return [*up, *self._processes("receiver"), *self._processes(DATABASE)]
        if part == DATABASE:
            pid = None if self.database is None else self.database.pid
            return [] if pid is None else _family(pid)
        if part == "receiver":
            return [] if self._receiver is None else _family(self._receiver.pid)
        return [] if self._up is None else [one for one in _family(self._up.pid)[1:] if _is(one, part)]

    async def _start(self) -> None:
        if self.database is not None and not self.database.is_running:
            await asyncio.to_thread(self.database.start)
        if self._receiver is None or self._receiver.poll() is not None:
            self._start_receiver()
        if self._up is None or self._up.poll() is not None:
            await self._start_engine()

    def _start_receiver(self) -> None:
        # Another life fails other requests.
        self._lives += 1
        seed = f"{self.receiver_seed}/{self._lives}"
        command = [sys.executable, str(RECEIVER), str(self._receiver_port), str(self.arrivals), seed]
        self._receiver = subprocess.Popen(command, cwd=self.folder)

    async def _start_engine(self) -> None:
        for _ in range(MOST_STARTS):
            said, began = (self.log.stat().st_size if self.log.exists() else 0), time.monotonic()
            self._up = self._spawn_engine()
            if await self._is_ready(self._up, said):
                self.starts.append(time.monotonic() - began)
                return
            self.problems.append(f"the engine did not come up:\n{self._last_lines()}")
        raise RunBroken(self.problems[-1])

    def _spawn_engine(self) -> subprocess.Popen[bytes]:
        """As `make up` does."""
        env = {**self._env, **({} if self.database is None else {"SLA_DATABASE_URL": self.database.url})}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cli", "up", "--with-parent"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    async def _is_ready(self, up: subprocess.Popen[bytes], said: int) -> bool:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while asyncio.get_running_loop().time() < deadline and up.poll() is None:
            if READY in self.log.read_bytes()[said:].decode(errors="replace"):
                return True
            await asyncio.sleep(0.1)
        if up.poll() is None:
            up.kill()
            up.wait(10)
        return False

    def _last_lines(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def _family(pid: int) -> list[psutil.Process]:
    """The process and its descendants, eldest first."""
    try:
        eldest = psutil.Process(pid)
        return [eldest, *eldest.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _is(process: psutil.Process, part: str) -> bool:
    try:
        return MARKS[part] in process.cmdline()
    except psutil.Error:
        return False


def _wait_for_the_end_of(processes: Sequence[psutil.Process]) -> None:
    deadline = time.monotonic() + 10
    while any(map(_is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
