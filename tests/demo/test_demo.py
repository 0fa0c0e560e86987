"""`sla demo` as a newcomer runs it, and the parts of the show."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from cli.demo.receiver import Receipt, receiver
from cli.demo.script import scripts

ROOT = Path(__file__).parents[2]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    path = os.pathsep.join(part for part in (os.environ.get("PYTHONPATH"), str(ROOT)) if part)
    # The surroundings of whoever calls must not matter.
    env = {"SLA_API_PORT": "1", "TEMPORAL_ADDRESS": "127.0.0.1:1", "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_show_plays_to_its_end_and_leaves_nothing(tmp_path: Path) -> None:
    process = start(tmp_path, "--tickets", "2", "--seed", "82")
    output, _ = process.communicate(timeout=90)
    assert process.returncode == 0, output
    assert "1 hour = 1 second" in output
    assert "Compliance" in output
    arrived = re.search(r"(\d+) milestones arrived, (\d+) distinct; median lateness", output)
    assert arrived is not None, output
    assert int(arrived[1]) == int(arrived[2]) == len(re.findall(r"ms late$", output, re.MULTILINE)) > 0
    assert list(tmp_path.iterdir()) == []


def test_a_signal_in_the_middle_of_the_show_stops_everything(tmp_path: Path) -> None:
    process = start(tmp_path)
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if "ms late" in line:
            break
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 4, seen
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0
    assert "stopped; nothing is left of it" in process.stdout.read()
    process.stdout.close()
    assert not any(child.is_running() for child in children)
    assert list(tmp_path.iterdir()) == []


def test_a_seed_repeats_its_show_and_another_gives_another() -> None:
    assert scripts(20, 7) == scripts(20, 7)
    assert scripts(20, 7) != scripts(20, 8)


@pytest.mark.parametrize("seed", range(20))
def test_every_ticket_is_answered_then_resolved_in_order_within_a_minute(seed: int) -> None:
    for script in scripts(20, seed):
        commands = [step.command for step in script.steps]
        assert commands in (["acknowledge", "resolve"], ["acknowledge", "pause", "resume", "resolve"])
        times = [script.opens_at, *(step.at for step in script.steps)]
        assert times == sorted(times)
        assert times[-1] < 50


def test_the_show_of_the_default_seed_keeps_and_breaks_promises() -> None:
    show = scripts(20, 7)
    late = [script for script in show if script.steps[0].at - script.opens_at > script.promise.respond]
    assert 0 < len(late) < len(show)
    assert any(step.command == "pause" for script in show for step in script.steps)


def test_the_receiver_takes_notices_and_measures_their_lateness() -> None:
    taken: list[Receipt] = []
    with receiver(taken.append) as url:
        notice = {"id": "1", "time": "2026-01-01T00:00:00Z"}
        assert httpx.post(url, json=notice, trust_env=False).status_code == 204
    assert [receipt.notice for receipt in taken] == [notice]
    assert taken[0].lateness > 0
