"""How the processes of a run come to know all tests without doing one work four times."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest


def import_in_turn(config: pytest.Config) -> None:
    """Each process begins with another part of the files: what one has compiled by then, the others need not compile.

    A file that cannot be imported is left to be reported by pytest, which comes to it again.
    """
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if count == 1 or [Path(one).resolve() for one in config.args] != [config.rootpath / "tests"]:
        return
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    for module in turned(sorted(_modules(config.rootpath)), number, count):
        with suppress(Exception):
            importlib.import_module(module)


def turned(modules: Sequence[str], number: int, count: int) -> Sequence[str]:
    first = len(modules) * number // count
    return [*modules[first:], *modules[:first]]


def _modules(root: Path) -> list[str]:
    return [".".join(file.relative_to(root).with_suffix("").parts) for file in (root / "tests").rglob("test_*.py")]
