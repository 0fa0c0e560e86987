"""What the processes of a test run share, and in which order they take their files (tests/support/)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT
from tests.support.collecting import turned
from tests.support.scheduling import LONG, PATIENT, TOGETHER, chosen
from tests.support.shared import FOLDER, made_once

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


def test_each_process_begins_with_another_part_and_leaves_nothing_out() -> None:
    files = ["a", "b", "c", "d", "e"]
    parts = [turned(files, number, 4) for number in range(4)]
    assert [part[0] for part in parts] == ["a", "b", "c", "d"]
    assert all(sorted(part) == files for part in parts)


def test_a_file_that_several_processes_ask_for_at_once_is_made_by_one_of_them(tmp_path: Path) -> None:
    code = """if True:
        import os, time
        from tests.support.shared import made_once
        def make(file):
            time.sleep(0.2)
            file.write_text(str(os.getpid()))
        print(made_once("it", make).read_text())
    """
    env = {**os.environ, FOLDER: str(tmp_path)}
    command = [sys.executable, "-c", code]
    processes = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    read = {process.communicate(timeout=30)[0].strip() for process in processes}
    assert read <= {str(process.pid) for process in processes}
    assert len(read) == 1


def test_a_file_whose_making_failed_is_made_by_the_next_who_asks() -> None:
    def fail(file: Path) -> None:
        file.write_text("half of it")
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        made_once("once-failed", fail)
    assert made_once("once-failed", _whole).read_text() == "all of it"


def _whole(file: Path) -> None:
    file.write_text("all of it")
