"""Every ticket system in the registry has what the recipe for one asks."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli.replay.command import replay
from domain.errors import InvalidValue
from sources.registry import SOURCES, source

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", SOURCES)
def test_a_ticket_system_has_a_package_a_test_a_row_and_a_place_in_the_help(name: str) -> None:
    assert (ROOT / "sources" / name).is_dir(), f"sources/{name}/ is missing"
    assert (Path(__file__).parent / f"test_{name}.py").is_file(), f"tests/sources/test_{name}.py is missing"
    assert f"| `{name}` |" in (ROOT / "docs" / "replay.md").read_text(), f"docs/replay.md has no row for {name}"
    help_ = replay.__annotations__["format"]
    assert name in help_, f"the help of `sla replay --format` does not name {name}"


def test_an_unknown_ticket_system_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidValue, match=r"format: must be one of servicenow, got 'paper'"):
        source("paper")


@pytest.mark.parametrize("name", SOURCES)
def test_a_log_that_cannot_be_read_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidValue):
        source(name).read(tmp_path / "none.csv", ZoneInfo("UTC"))
