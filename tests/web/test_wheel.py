"""A wheel carries the board: its templates, its own files, and those from npm."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support.board import front_end_files
from web.build_assets import FILES, ROOT


@front_end_files.needed
def test_a_wheel_carries_every_template_and_every_front_end_file(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE", *(one.name for one in ROOT.glob("*.py"))):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("__pycache__"))
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('dist'))"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    own = [path for folder in ("templates", "static") for path in (ROOT / "web" / folder).rglob("*") if path.is_file()]
    wanted = {str(path.relative_to(ROOT)) for path in own} | {f"web/assets/{name}" for name in FILES.values()}
    assert wanted - names == set()
