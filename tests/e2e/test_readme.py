"""The README's shell blocks, run as they stand; only ports, folders and the way to start the engine are replaced."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, free_ports

BLOCKS = re.findall(r"^```bash\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
STAYS_UP = ("serve_forever", "make up")


class Terminals:
    """Runs blocks in the checkout, where a reader would; what they write goes to the test's own folder."""

    def __init__(self, replaced: dict[str, str]) -> None:
        self._replaced = replaced
        self._running: list[subprocess.Popen[bytes]] = []

    def run(self, block: str) -> str:
        command = ["bash", "-euo", "pipefail", "-c", self._own(block)]
        return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout

    def leave_running(self, block: str, log: Path) -> None:
        with log.open("wb") as output:
            command = ["bash", "-euc", self._own(block)]
            self._running.append(
                subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
            )

    def close(self) -> None:
        for process in reversed(self._running):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)

    def _own(self, block: str) -> str:
        for written, own in self._replaced.items():
            block = block.replace(written, own)
        return block


@pytest.fixture
def terminals(env: dict[str, str], tmp_path: Path) -> Iterator[Terminals]:
    (receiver_port,) = free_ports(1)
    opened = Terminals(
        {
            "127.0.0.1:8080": f"127.0.0.1:{env['SLA_API_PORT']}",
            "127.0.0.1:9000": f"127.0.0.1:{receiver_port}",
            '"127.0.0.1", 9000': f'"127.0.0.1", {receiver_port}',
            "cat .sla/": f"cat {env['SLA_HOME']}/",
            "make up": f"exec {sys.executable} -m cli up",
            ".venv/bin/sla": f"{sys.executable} -m cli",
            "python3 -": f"exec {sys.executable} -",
            "incidents.csv": str(tmp_path / "incidents.csv"),
        },
    )
    yield opened
    opened.close()


def printed(log: Path, text: str, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if text in (seen := log.read_text()):
            return seen
        time.sleep(0.05)
    raise AssertionError(f"{text!r} was not printed within {seconds} s, but:\n{log.read_text()}")


def test_the_readme_works_as_it_is_written(terminals: Terminals, tmp_path: Path) -> None:
    receiver, engine, open_ticket, resolve, replay = BLOCKS
    assert [name for name in STAYS_UP if name in receiver + engine] == list(STAYS_UP)
    received, up = tmp_path / "receiver.log", tmp_path / "engine.log"

    terminals.leave_running(receiver, received)
    terminals.leave_running(engine, up)
    printed(up, "└", 60)
    assert '"id":"inst_sla_ticket_42"' in terminals.run(open_ticket)
    lines = printed(received, "sla.breached", 20).splitlines()
    assert [line.split()[0] for line in lines] == ["sla.halfway", "sla.at_risk", "sla.breached"]
    assert [shape(line) for line in lines] == [shape(line) for line in promised()]

    resolved = terminals.run(resolve)
    assert '"status":"breached"' in resolved
    assert '"delivered_at":"' in resolved
    assert "each fired within 1 s" in terminals.run(replay)


def promised() -> list[str]:
    """What the README says the receiver prints."""
    return [line for line in (ROOT / "README.md").read_text().splitlines() if re.match(r"sla\.\w+ ", line)]


def shape(line: str) -> str:
    return re.sub(r"\w{3} \d{4}-\d\d-\d\d [\d:]{8}\+00:00", "<instant>", line)
