"""`sla up` as a person runs it."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Sla, Start, descendants, eventually, free_ports, gone, own_settings, read_until, starting

UP = ("-m", "cli", "up")


@dataclass(frozen=True)
class Engine:
    """A running engine, what it printed when it was up, and the settings it was started with."""

    process: subprocess.Popen[str]
    table: str
    env: Mapping[str, str]

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.env['SLA_API_PORT']}"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """For all that leave it as it is."""
    with pytest.MonkeyPatch.context() as patch, starting() as start:
        env = own_settings(tmp_path_factory.mktemp("engine"), patch)
        process = start(*UP)
        yield Engine(process, read_until(process, "└"), env)


@pytest.fixture(scope="module")
def guest(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Another engine, on the server of the first and with a key of its caller's choice."""
    with starting() as start:
        env = {**engine.env, **guest_of(engine.env, "guest"), "TEMPORAL_ADDRESS": address_of(engine)}
        process = start(*UP, SLA_API_KEY="a-key-of-my-own-choice", **env)
        yield Engine(process, read_until(process, "└"), env)


class House:
    """For those that end it: each takes the engine as the one before left it, or a new one on the same home."""

    def __init__(self, start: Start, env: Mapping[str, str]) -> None:
        self.home = Path(env["SLA_HOME"])
        self._start, self._env = start, env
        self._process: subprocess.Popen[str] | None = None

    @property
    def key(self) -> str:
        return (self.home / "api_key").read_text().strip()

    def engine(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self.start_again()
        assert self._process is not None
        return self._process

    def start_again(self) -> str:
        """What it printed when it was up."""
        self._process = self._start(*UP, own_group=True, **self._env)
        return read_until(self._process, "└")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with pytest.MonkeyPatch.context() as patch, starting() as start:
        yield House(start, own_settings(tmp_path_factory.mktemp("house"), patch))


def test_one_command_runs_everything(engine: Engine) -> None:
    ui = f"http://127.0.0.1:{engine.env['SLA_TEMPORAL_UI_PORT']}"
    for shown in (engine.api, f"{engine.api}/docs", ui, engine.env["SLA_HOME"], "ak_live_"):
        assert shown in engine.table
    for path in ("/healthz", "/docs"):
        assert httpx.get(f"{engine.api}{path}", trust_env=False).status_code == 200
    children = descendants(engine.process)
    assert len(children) == 3
    assert {os.getpgid(child.pid) for child in children} == {os.getpgid(0)}


def test_every_line_of_a_log_begins_with_its_time(engine: Engine) -> None:
    for part in ("api", "worker"):
        written = (Path(engine.env["SLA_HOME"]) / "logs" / f"{part}.log").read_text().splitlines()
        assert written
        assert [line for line in written if not re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ", line)] == []


def test_the_api_key_is_kept_in_a_private_file(engine: Engine) -> None:
    path = Path(engine.env["SLA_HOME"]) / "api_key"
    key = path.read_text().strip()
    assert key.startswith("ak_live_")
    assert key in engine.table
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_engine_starts_again_at_once_after_it_was_killed(house: House) -> None:
    first = house.engine()
    children = descendants(first)

    first.kill()
    first.wait(60)

    assert "API" in house.start_again()
    assert eventually(lambda: all(gone(child) for child in children))


def test_sigterm_ends_everything_and_the_key_is_not_shown_again(house: House) -> None:
    first, key = house.engine(), house.key
    children = descendants(first)

    first.terminate()

    assert first.wait(60) == 0
    assert all(gone(child) for child in children)
    assert key not in house.start_again()
    assert house.key == key


def test_ctrl_c_in_a_terminal_ends_everything_cleanly(house: House) -> None:
    process = house.engine()
    children = descendants(process)

    os.killpg(process.pid, signal.SIGINT)

    assert process.wait(60) == 0
    assert all(gone(child) for child in children)
    assert process.stdout is not None
    assert process.stdout.read().splitlines() == ["stopping ...", "stopped"]


def test_ctrl_c_while_starting_leaves_nothing(start: Start, env: dict[str, str]) -> None:
    process = start(*UP, own_group=True)
    database = Path(env["SLA_HOME"]) / "temporal.db"
    assert eventually(database.exists)
    children = descendants(process)
    assert children

    os.killpg(process.pid, signal.SIGINT)

    assert process.wait(60) == 0
    assert all(gone(child) for child in children)


def test_a_key_that_was_given_is_neither_shown_nor_written(guest: Engine) -> None:
    assert "a-key-of-my-own-choice" not in guest.table
    assert not (Path(guest.env["SLA_HOME"]) / "api_key").exists()


def test_a_second_engine_on_the_same_home_is_refused_by_name(engine: Engine, sla: Sla) -> None:
    second = sla("up", **engine.env)

    assert second.returncode == 1
    assert (
        second.stderr.strip() == f"already running on {engine.env['SLA_HOME']} (SLA_HOME): process {engine.process.pid}"
    )
    assert engine.process.poll() is None


def test_a_killed_part_comes_back(engine: Engine) -> None:
    api = next(child for child in descendants(engine.process) if child.cmdline()[-1] == "api")

    api.kill()

    read_until(engine.process, "the API ended (exit code -9), starting it again")
    assert eventually(lambda: _healthy(engine))


def test_an_external_server_is_used_and_none_is_started(engine: Engine, guest: Engine) -> None:
    assert address_of(engine) in guest.table
    assert "Temporal UI" not in guest.table
    assert not any("start-dev" in child.cmdline() for child in descendants(guest.process))


def test_a_namespace_that_the_server_does_not_have_is_one_line(engine: Engine, sla: Sla) -> None:
    address = address_of(engine)
    for command in ("up", "worker"):
        finished = sla(command, TEMPORAL_ADDRESS=address, TEMPORAL_NAMESPACE="nope", **guest_of(engine.env, "nobody"))

        assert finished.returncode == 1
        assert finished.stderr.strip() == (
            f"the Temporal server at {address} has no namespace 'nope' (TEMPORAL_NAMESPACE)"
        )


def test_everything_stops_when_the_caller_is_killed(start: Start, env: dict[str, str]) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'cli', 'up', '--with-parent'])"
    caller = start("-c", code)
    read_until(caller, "└")
    below = descendants(caller)

    caller.kill()

    assert eventually(lambda: all(gone(process) for process in below))


def address_of(engine: Engine) -> str:
    return f"127.0.0.1:{engine.env['SLA_TEMPORAL_PORT']}"


def guest_of(env: Mapping[str, str], name: str) -> dict[str, str]:
    return {"SLA_API_PORT": str(free_ports(1)[0]), "SLA_HOME": f"{env['SLA_HOME']}-{name}"}


def _healthy(engine: Engine) -> bool:
    try:
        return httpx.get(f"{engine.api}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False
