"""`sla up` as a person runs it."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import httpx

from .conftest import Sla, Start, descendants, eventually, free_ports, gone, read_until

UP = ("-m", "cli", "up")


def test_one_command_runs_everything_and_sigterm_ends_it(start: Start, env: dict[str, str]) -> None:
    process = start(*UP)
    table = read_until(process, "└")
    api = f"http://127.0.0.1:{env['SLA_API_PORT']}"
    for shown in (api, f"{api}/docs", f"http://127.0.0.1:{env['SLA_TEMPORAL_UI_PORT']}", env["SLA_HOME"], "ak_live_"):
        assert shown in table
    for path in ("/healthz", "/docs"):
        assert httpx.get(f"{api}{path}", trust_env=False).status_code == 200
    children = descendants(process)
    assert len(children) == 3
    assert {os.getpgid(child.pid) for child in children} == {os.getpgid(0)}

    process.terminate()

    assert process.wait(15) == 0
    assert all(gone(child) for child in children)


def test_ctrl_c_in_a_terminal_ends_everything_cleanly(start: Start, env: dict[str, str]) -> None:
    process = start(*UP, own_group=True)
    read_until(process, "└")
    children = descendants(process)

    os.killpg(process.pid, signal.SIGINT)

    assert process.wait(15) == 0
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

    assert process.wait(15) == 0
    assert all(gone(child) for child in children)


def test_the_api_key_is_shown_once_and_kept_in_a_private_file(start: Start, env: dict[str, str]) -> None:
    path = Path(env["SLA_HOME"]) / "api_key"
    first = start(*UP)
    shown = read_until(first, "└")
    key = path.read_text().strip()
    assert key.startswith("ak_live_")
    assert key in shown
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first.terminate()
    assert first.wait(15) == 0

    second = start(*UP)
    assert key not in read_until(second, "└")
    assert path.read_text().strip() == key


def test_a_key_that_was_given_is_neither_shown_nor_written(start: Start, env: dict[str, str]) -> None:
    process = start(*UP, SLA_API_KEY="a-key-of-my-own-choice")
    assert "a-key-of-my-own-choice" not in read_until(process, "└")
    assert not (Path(env["SLA_HOME"]) / "api_key").exists()


def test_a_second_engine_on_the_same_home_is_refused_by_name(start: Start, sla: Sla, env: dict[str, str]) -> None:
    process = start(*UP)
    read_until(process, "└")

    second = sla("up")

    assert second.returncode == 1
    assert second.stderr.strip() == f"already running on {env['SLA_HOME']} (SLA_HOME): process {process.pid}"
    assert process.poll() is None


def test_the_engine_starts_again_at_once_after_it_was_killed(start: Start, env: dict[str, str]) -> None:
    first = start(*UP)
    read_until(first, "└")
    children = descendants(first)

    first.kill()

    second = start(*UP)
    assert "API" in read_until(second, "└")
    assert eventually(lambda: all(gone(child) for child in children))


def test_a_killed_part_comes_back(start: Start, env: dict[str, str]) -> None:
    process = start(*UP)
    read_until(process, "└")
    api = next(child for child in descendants(process) if child.cmdline()[-1] == "api")

    api.kill()

    read_until(process, "the API ended (exit code -9), starting it again")
    assert eventually(lambda: _healthy(env), 20)


def test_an_external_server_is_used_and_none_is_started(start: Start, env: dict[str, str]) -> None:
    owner = start(*UP)
    read_until(owner, "└")
    address = f"127.0.0.1:{env['SLA_TEMPORAL_PORT']}"

    guest = start(*UP, TEMPORAL_ADDRESS=address, **guest_of(env))

    table = read_until(guest, "└")
    assert address in table
    assert "Temporal UI" not in table
    assert not any("start-dev" in child.cmdline() for child in descendants(guest))


def test_a_namespace_that_the_server_does_not_have_is_one_line(start: Start, sla: Sla, env: dict[str, str]) -> None:
    owner = start(*UP)
    read_until(owner, "└")
    address = f"127.0.0.1:{env['SLA_TEMPORAL_PORT']}"

    for command in ("up", "worker"):
        finished = sla(command, TEMPORAL_ADDRESS=address, TEMPORAL_NAMESPACE="nope", **guest_of(env))

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

    assert eventually(lambda: all(gone(process) for process in below), 15)


def guest_of(env: dict[str, str]) -> dict[str, str]:
    return {"SLA_API_PORT": str(free_ports(1)[0]), "SLA_HOME": f"{env['SLA_HOME']}-guest"}


def _healthy(env: dict[str, str]) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{env['SLA_API_PORT']}/healthz", trust_env=False).is_success
    except httpx.TransportError:
        return False
