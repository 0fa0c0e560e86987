"""432 real incidents, where their file lies beside the repository. A module of its own, to run beside the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

ROOT = Path(__file__).parents[2]
REAL_LOG = ROOT.parent / "shared" / "data" / "servicenow_incidents.csv"


@pytest.mark.timeout(300)
@pytest.mark.skipif(not REAL_LOG.exists(), reason="../shared/data/servicenow_incidents.csv is not here")
def test_every_real_incident_runs_as_planned() -> None:
    policies = ROOT / "examples" / "policies.yaml"
    result = CliRunner().invoke(app, ["replay", str(REAL_LOG), "--format", "servicenow", "--policies", str(policies)])
    assert result.exit_code == 0, result.output
    assert "every verdict, due instant and milestone is the plan's" in result.output
    assert "432 instances ran" in result.output
