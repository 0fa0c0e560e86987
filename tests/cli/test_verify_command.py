"""`sla verify --from`: whatever is in the file, the answer is findings or a refusal, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from domain.errors import InvalidValue
from tests.domain.record.test_chain import exported

ID = "inst_sla_ticket_42"


def verified(folder: Path, document: Any, *more: str) -> Result:
    file = folder / "record.json"
    file.write_text(json.dumps(document))
    return CliRunner().invoke(app, ["verify", ID, "--from", str(file), *more])


def test_a_head_that_no_terminal_can_print_is_a_finding(tmp_path: Path) -> None:
    export = json.loads(exported())
    export["head"] = export["steps"][-1]["hash"] = "\ud800\x1b[2J"
    found = verified(tmp_path, export)
    assert found.exit_code == 1
    assert isinstance(found.exception, SystemExit)
    assert "hash: is not that" in found.output
    assert "head \\ud800\\x1b[2J" in found.output


def test_a_number_that_is_none_in_a_step_is_a_finding(tmp_path: Path) -> None:
    export = json.loads(exported())
    export["steps"][1]["link"]["status"] = float("nan")
    found = verified(tmp_path, export)
    assert isinstance(found.exception, SystemExit)
    assert "step 2: link: has no hash" in found.output


@pytest.mark.parametrize("place", ["", "missing/record.json"])
def test_a_place_where_the_export_cannot_be_kept_is_refused_by_name(tmp_path: Path, place: str) -> None:
    refused = verified(tmp_path, json.loads(exported()), "--save", str(tmp_path / place))
    assert isinstance(refused.exception, InvalidValue)
    assert refused.exception.field == "save"
    assert "cannot be written" in refused.exception.message
