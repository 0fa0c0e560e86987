"""A wheel carries the mappings that are shipped."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from sources.hooks import vendors

ROOT = Path(__file__).parents[2]


def test_a_wheel_carries_every_mapping(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE", "connection.py", "guard.py", "settings.py", "worker.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "sources", tmp_path / "sources", ignore=shutil.ignore_patterns("__pycache__"))
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('dist'))"
    subprocess.run([sys.executable, "-c", build], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in vendors() if f"sources/vendors/{name}.yaml" not in names] == []
