"""A command line of its own for each test: own home, own ports, no Temporal configuration from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from settings import Settings
from tests.cli.forking import Forking
from tests.support.ports import free_port

ROOT = Path(__file__).parents[2]
Sla = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set for this process and for what it starts."""
    return own_settings(tmp_path, monkeypatch)


def own_settings(folder: Path, patch: pytest.MonkeyPatch) -> dict[str, str]:
    for name in [name for name in os.environ if name.startswith(("SLA_", "TEMPORAL_"))]:
        patch.delenv(name)
    names = ("SLA_API_PORT", "SLA_TEMPORAL_PORT", "SLA_TEMPORAL_UI_PORT")
    own = {name: str(port) for name, port in zip(names, free_ports(3), strict=True)}
    own["SLA_HOME"] = str(folder / "home")
    own["TEMPORAL_CONFIG_FILE"] = str(folder / "no-temporal.toml")
    for name, value in own.items():
        patch.setenv(name, value)
    return own


@pytest.fixture
def settings(env: dict[str, str]) -> Settings:
    return Settings.load()


@pytest.fixture(scope="session")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forking]:
    process = Forking(ROOT, tmp_path_factory.mktemp("forking"))
    yield process
    process.close()


@pytest.fixture
def sla(env: dict[str, str], forking: Forking) -> Sla:
    """Runs a command to its end. `before`, one of the limits, is called in the new process. With a path of its own that
    process loads everything itself."""

    def run(*arguments: str, before: Callable[[], None] | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        if "PYTHONPATH" not in more:
            return forking.run(arguments, {**os.environ, **more}, before.__name__ if before else None)
        assert before is None
        return subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=ROOT,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def start(env: dict[str, str]) -> Iterator[Start]:
    with starting() as run:
        yield run


@contextmanager
def starting() -> Iterator[Start]:
    """Starts a Python program in the background; whatever is left of it and its children is killed at the end."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str, own_group: bool = False, **more: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": path_with_root(), "PYTHONUNBUFFERED": "1", **more},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=own_group,
            )
        )
        return started[-1]

    try:
        yield run
    finally:
        for process in started:
            if process.poll() is None:
                process.terminate()
                process.wait(60)
            if process.stdout:
                process.stdout.close()


def path_with_root() -> str:
    return os.pathsep.join(part for part in (os.environ.get("PYTHONPATH"), str(ROOT)) if part)


def free_ports(count: int) -> list[int]:
    return [free_port() for _ in range(count)]


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """What the process printed up to the line that holds the text; fails when it ends before."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"{text!r} was never printed, but:\n{seen}")


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
