"""A short run of `make chaos`: every part is killed or stalled, and nothing that was answered 2xx is lost."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.cli.conftest import ROOT

COMMAND = (sys.executable, "-m", "tests.chaos", "--seed", "16", "--seconds", "20", "--instances", "14")


@pytest.mark.timeout(180)
def test_whatever_is_killed_or_stalled_every_verdict_is_the_plans_and_every_notice_arrives() -> None:
    ran = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
