"""The data folder: writable, ours alone while we run, and the place of the generated API key."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import Conflict, InvalidValue
from store.database.ids import mint_key

# Another `sla up` may be on its way out: long enough for it, short enough for whoever started two.
PATIENCE_SECONDS = 2.0
STOPPING_SECONDS = 20.0
STOPPING = "stopping"


def prepare(home: Path) -> None:
    """Makes the folder. Raises InvalidValue when it cannot be written."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        (home / "logs").mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise InvalidValue("SLA_HOME", str(home), f"cannot be written ({error.strerror})") from error


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Holds the lock of the folder. Raises Conflict, naming the process, when another one runs on it."""
    path = home / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, path)
        _write(descriptor, str(os.getpid()))
        yield
        _write(descriptor, "")
    finally:
        os.close(descriptor)


def announce_stopping(home: Path) -> None:
    """Tells a successor that already waits for the lock that it will come free."""
    (home / "lock").write_text(f"{os.getpid()} {STOPPING}")


def generated_key(home: Path) -> str | None:
    path = key_file(home)
    return path.read_text().strip() if path.exists() else None


def generate_key(home: Path) -> str:
    key = mint_key()
    with os.fdopen(os.open(key_file(home), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{key}\n")
    return key


def key_file(home: Path) -> Path:
    return home / "api_key"


def _acquire(descriptor: int, path: Path) -> None:
    began = time.monotonic()
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder, _, state = path.read_text().partition(" ")
        timeout = STOPPING_SECONDS if state == STOPPING else PATIENCE_SECONDS
        if time.monotonic() - began > timeout:
            raise Conflict(f"already running on {path.parent} (SLA_HOME): process {holder}")
        time.sleep(0.1)


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
