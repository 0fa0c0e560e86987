"""The supervisor's promises, kept with real small processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from cli.engine.children import rotate
from tests.cli.conftest import Start, descendants, eventually, gone, path_with_root, read_until

SLEEPERS = str(Path(__file__).with_name("sleepers.py"))


def test_children_die_when_their_supervisor_is_killed(start: Start, tmp_path: Path) -> None:
    supervisor = start(SLEEPERS, str(tmp_path), "sleeper-a", "deaf-b")
    read_until(supervisor, "all started")
    children = descendants(supervisor)
    assert len(children) == 2

    supervisor.kill()

    assert eventually(lambda: all(gone(child) for child in children))


def test_the_lifeline_alone_ends_a_child(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    code = "import time; from cli.engine import lifeline; lifeline.hold(); print('here', flush=True); time.sleep(600)"
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "SLA_LIFELINE_FD": str(reader), "PYTHONPATH": path_with_root()},
        pass_fds=(reader,),
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(reader)
    read_until(child, "here")
    assert child.poll() is None

    os.close(writer)

    assert child.wait(5) == 1


def test_children_stay_in_the_process_group_of_the_caller(start: Start, tmp_path: Path) -> None:
    supervisor = start(SLEEPERS, str(tmp_path), "sleeper-a")
    read_until(supervisor, "all started")

    assert [os.getpgid(child.pid) for child in descendants(supervisor)] == [os.getpgid(0)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_in_order_and_exits_with_0(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    supervisor = start(SLEEPERS, str(tmp_path), "orderly-first", "orderly-second", "orderly-third")
    read_until(supervisor, "all started")
    children = descendants(supervisor)

    supervisor.send_signal(number)

    assert supervisor.wait(60) == 0
    assert all(gone(child) for child in children)
    assert (tmp_path / "order").read_text().split() == ["orderly-first", "orderly-second", "orderly-third"]


def test_ctrl_c_reaches_the_supervisor_alone(tmp_path: Path) -> None:
    """The terminal sends SIGINT to the whole group; the children wait for the supervisor's word."""
    supervisor = subprocess.Popen(
        [sys.executable, SLEEPERS, str(tmp_path), "orderly-first", "orderly-second"],
        env={**os.environ, "PYTHONPATH": path_with_root()},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    read_until(supervisor, "all started")

    os.killpg(supervisor.pid, signal.SIGINT)

    assert supervisor.wait(60) == 0
    assert (tmp_path / "order").read_text().split() == ["orderly-first", "orderly-second"]


def test_a_child_that_ignores_the_request_is_killed_after_its_grace(start: Start, tmp_path: Path) -> None:
    supervisor = start(SLEEPERS, str(tmp_path), "deaf-a")
    read_until(supervisor, "all started")
    children = descendants(supervisor)

    supervisor.terminate()

    assert supervisor.wait(5) == 0
    assert all(gone(child) for child in children)


def test_a_crashed_child_is_started_again(start: Start, tmp_path: Path) -> None:
    supervisor = start(SLEEPERS, str(tmp_path), "sleeper-a")
    read_until(supervisor, "all started")
    (first,) = descendants(supervisor)

    first.kill()

    assert "exit code -9" in read_until(supervisor, "starting it again in 0.5 s")
    assert eventually(lambda: any(child.pid != first.pid for child in descendants(supervisor)))
    assert (tmp_path / "sleeper-a.log").exists()


def test_a_failed_start_stops_the_others_and_shows_the_last_log_lines(start: Start, tmp_path: Path) -> None:
    supervisor = start(SLEEPERS, str(tmp_path), "broken-b", "sleeper-a")
    output, _ = supervisor.communicate(timeout=60)

    assert supervisor.returncode == 1
    assert "the broken-b did not start (exit code 7)" in output
    assert "no such thing" in output
    assert not [
        process for process in psutil.process_iter(["cmdline"]) if str(tmp_path) in (process.info["cmdline"] or [])
    ]


def test_an_orphaned_supervisor_stops(start: Start, tmp_path: Path) -> None:
    code = f"import subprocess, sys; subprocess.run([sys.executable, {SLEEPERS!r}, {str(tmp_path)!r}, 'sleeper-a'])"
    caller = start("-c", code)
    read_until(caller, "all started")
    below = descendants(caller)
    assert len(below) == 2

    caller.kill()

    assert eventually(lambda: all(gone(process) for process in below))


def test_a_child_that_cannot_be_started_again_is_tried_until_it_can(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "home"
    (folder / "logs").mkdir(parents=True)
    supervisor = start(SLEEPERS, str(folder / "logs"), "sleeper-a", "sleeper-b")
    read_until(supervisor, "all started")
    first = next(child for child in descendants(supervisor) if child.cmdline()[-1] == "sleeper-a")

    folder.rename(tmp_path / "moved")
    first.kill()
    assert "No such file or directory" in read_until(supervisor, "sleeper-a cannot be started")
    assert len(descendants(supervisor)) == 1

    (tmp_path / "moved").rename(folder)
    assert eventually(lambda: len(descendants(supervisor)) == 2)


def test_a_log_that_finds_no_room_for_its_copy_grows_on(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    log.write_text("said\n")
    copy = tmp_path / "worker.log.1"
    copy.mkdir()
    rotate(log, limit=1)
    assert log.read_text() == "said\n"

    copy.rmdir()
    rotate(log, limit=1)
    assert (log.read_text(), copy.read_text()) == ("", "said\n")
