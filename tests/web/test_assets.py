"""The front-end files are those of the lock, nothing else is shipped, and a wheel carries them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.board import front_end_files
from web import build_assets
from web.build_assets import BUILT, FILES, FILES_OF_TESTS, ROOT, TEST_FILES, is_current

LOCK = json.loads((ROOT / "package-lock.json").read_text())["packages"]
WANTED = json.loads((ROOT / "package.json").read_text())


@front_end_files.needed
def test_the_copies_were_made_from_the_lock_as_it_is() -> None:
    assert is_current(FILES, BUILT)
    assert is_current(FILES_OF_TESTS, TEST_FILES)


def test_every_package_is_pinned_exactly_and_locked_by_its_hash_and_no_address() -> None:
    for name, version in {**WANTED["dependencies"], **WANTED["devDependencies"]}.items():
        locked = LOCK[f"node_modules/{name}"]
        assert locked["version"] == version
    for place, locked in LOCK.items():
        assert place == "" or locked["integrity"].startswith("sha512-"), place
        assert "resolved" not in locked, place


def test_every_package_is_used() -> None:
    used = {name.split("/")[0] for name in (*FILES, *FILES_OF_TESTS)}
    assert used == {*WANTED["dependencies"], *WANTED["devDependencies"]}


def test_git_and_the_container_take_the_folder_of_copies_from_nobody() -> None:
    for folder in (BUILT, TEST_FILES):
        assert (
            subprocess.run(["git", "check-ignore", "--quiet", str(folder / "x")], cwd=ROOT, check=False).returncode == 0
        )
    assert "web/assets" in (ROOT / ".dockerignore").read_text().splitlines()


@front_end_files.needed
@pytest.mark.parametrize("name", ["htmx.js", "built-from.json"])
def test_a_copy_that_was_changed_is_fetched_again(tmp_path: Path, name: str) -> None:
    for one in BUILT.iterdir():
        (tmp_path / one.name).write_bytes(one.read_bytes())
    assert is_current(FILES, tmp_path)
    (tmp_path / name).write_text("{}")
    assert not is_current(FILES, tmp_path)


@front_end_files.needed
async def test_scripts_and_styles_of_a_page_are_few_and_kept_for_good(make_board: Any) -> None:
    board = await make_board(scopes=())
    page = (await board.get("/sign-in")).text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    answers = [await board.get(one) for one in files]
    assert len(files) == 8
    assert all("immutable" in one.headers["cache-control"] for one in answers)
    assert sum(one.num_bytes_downloaded for one in answers) < 45_000


async def test_a_row_of_what_is_due_is_light_so_that_fifty_are_below_150_kilobytes(board: Any) -> None:
    await board.api.policy()
    empty = len((await board.get("/?q=nothing")).content)
    for number in range(5):
        await board.api.ticket(f"{number}", fields={"subject": "Mail server answers nobody since this morning"})
    assert (len((await board.get("/")).content) - empty) / 5 < 1_900


def test_the_image_builds_them_too() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    build = next(index for index, line in enumerate(lines) if f"-m {build_assets.__spec__.name}" in line)
    assert (
        lines.index("COPY . .")
        < build
        < next(i for i, line in enumerate(lines) if line.endswith("--no-build-isolation ."))
    )
