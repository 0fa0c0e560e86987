"""What the processes of one run share, so that each of them need not make it once more."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

FOLDER = "SLAKEEPER_TESTS_FOLDER"


@cache
def shared_folder() -> Path:
    """That of the run. Who asks first is the first of its processes, and takes it away when it ends."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="slakeeper-tests-")
        atexit.register(shutil.rmtree, os.environ[FOLDER], ignore_errors=True)
    return Path(os.environ[FOLDER])


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """A file that nobody may change; the first process that asks for it makes it, and others wait meanwhile."""
    path = shared_folder() / name
    with path.with_name(f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = path.with_name(f"{name}.unfinished")
            make(unfinished)
            unfinished.rename(path)
    return path
