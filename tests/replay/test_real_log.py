"""A part of 432 real incidents, where their file lies beside the repository: docs/replay.md tells of all of them.

A module of its own, to run beside the others.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

ROOT = Path(__file__).parents[2]
REAL_LOG = ROOT.parent / "shared" / "data" / "servicenow_incidents.csv"


real_log = pytest.mark.skipif(not REAL_LOG.exists(), reason="../shared/data/servicenow_incidents.csv is not here")


def replayed(*options: str) -> str:
    policies = ROOT / "examples" / "policies.yaml"
    command = ["replay", str(REAL_LOG), "--format", "servicenow", "--policies", str(policies), *options]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.timeout(300)
@real_log
def test_real_incidents_end_in_the_verdict_of_their_events_in_order_though_these_arrive_late_and_twice() -> None:
    output = replayed("--shuffle-days", "2", "--double", "0.1", "--every", "3")
    assert "every verdict, due instant and milestone is that of the events in order" in output
    assert "144 instances ran" in output


@pytest.mark.timeout(300)
@real_log
def test_real_incidents_in_order_run_as_planned_and_fire_within_a_second() -> None:
    output = replayed("--every", "12")
    assert "every verdict, due instant and milestone is the plan's" in output
    assert "36 instances ran" in output
