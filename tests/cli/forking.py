"""Runs commands of `sla` in processes that are forked from one in which everything is loaded.

Each is a process of its own, with its own environment, output and exit code, as a user's is. What it saves is loading
the libraries, which takes longer than most of what is tested.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.cli import limits

LOADED = (
    *(
        "cli.main",
        "cli.administration",
        "cli.doctor",
        "cli.explain",
        "cli.administering.keys",
        "cli.administering.organizations",
        "cli.tzdata",
    ),
    *("cli.board.breaches", "cli.board.listing", "cli.board.rules", "cli.board.show", "cli.board.watch"),
    *("cli.up", "cli.verify", "cli.parts.api", "cli.parts.migrate", "cli.parts.worker", "api.app", "worker"),
)
SECONDS = 60


class Forking:
    """The process that forks; `run` may be called from one thread."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, arguments: Sequence[str], env: Mapping[str, str], limit: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        out, err = self._folder / "out", self._folder / "err"
        asked = {"arguments": list(arguments), "env": dict(env), "out": str(out), "err": str(err), "limit": limit}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        return subprocess.CompletedProcess(list(arguments), code, out.read_text(), err.read_text())

    def close(self) -> None:
        self._process.communicate(timeout=SECONDS)


def main() -> None:
    for name in LOADED:
        import_module(name)
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            _be(asked)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _be(asked: Mapping[str, Any]) -> None:
    """Become the command that is asked for; never returns."""
    signal.alarm(SECONDS)
    os.environ.clear()
    os.environ.update(asked["env"])
    for descriptor, name in ((1, asked["out"]), (2, asked["err"])):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, descriptor)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.argv = ["sla", *asked["arguments"]]
    if asked["limit"]:
        getattr(limits, asked["limit"])()
    code: Any = 1
    try:
        import_module("cli.main").main()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
