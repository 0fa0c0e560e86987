"""The order in which test processes take their files (tests/support/scheduling.py)."""

from __future__ import annotations

import pytest

from tests.cli.conftest import ROOT
from tests.support.scheduling import LONG, PATIENT, TOGETHER, chosen

WAITS, WAITS_LESS, WORKS, WORKS_LONG = "tests/e2e/test_a.py", "tests/service/test_b.py", "tests/api/test_c.py", LONG[0]


@pytest.mark.parametrize("place", sorted({*PATIENT, *TOGETHER, *LONG}))
def test_every_place_that_is_named_has_tests(place: str) -> None:
    files = (str(file.relative_to(ROOT)) for file in (ROOT / "tests").rglob("test_*.py"))
    assert any(file.startswith(place) for file in files)


@pytest.mark.parametrize(
    ("left", "wanted", "first"),
    [
        ([WORKS, WAITS], True, WAITS),
        ([WAITS, WORKS], False, WORKS),
        ([WAITS_LESS, WAITS], True, WAITS),
        ([WORKS, WORKS_LONG], False, WORKS_LONG),
        ([WORKS], True, WORKS),
        ([WAITS], False, WAITS),
    ],
)
def test_what_waits_runs_beside_what_works_and_the_longest_first(left: list[str], wanted: bool, first: str) -> None:
    assert chosen(left, wanted=wanted) == first
