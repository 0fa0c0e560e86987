"""`python worker.py`, without the command line around it."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.cli.conftest import ROOT


def test_a_worker_on_its_own_says_in_one_line_what_it_cannot_reach(env: dict[str, str]) -> None:
    answer = subprocess.run(
        [sys.executable, "worker.py"],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 1
    (line,) = answer.stderr.strip().splitlines()
    assert env["SLA_TEMPORAL_PORT"] in line
    assert "SLA_TEMPORAL_PORT" in line
