"""What runs inside a workflow knows no clock, no chance and nobody outside: it must run the same way on replay."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MODULES = sorted(path for room in ("domain", "workflows") for path in (ROOT / room).rglob("*.py"))
STANDARD = frozenset(
    {
        *("__future__", "array", "asyncio", "base64", "bisect", "collections", "contextlib", "dataclasses", "datetime"),
        *("decimal", "enum", "fractions", "functools", "hashlib", "importlib", "itertools", "json", "math", "operator"),
        *("pathlib", "re", "types", "typing", "zlib", "zoneinfo"),
        # Keys within one process: equal documents are read once (domain/policy/snapshot.py). None leaves it.
        "marshal",
    }
)
ALLOWED = STANDARD | {"domain", "workflows", "temporalio"}
CLOCKS = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.monotonic"})


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module.partition(".")[0]


def clocks_read(tree: ast.AST) -> Iterator[str]:
    """Calls such as `datetime.now(...)`; `workflow.now()` is Temporal's time."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ".".join(ast.unparse(node.func).split(".")[-2:])
            if called in CLOCKS:
                yield called


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_workflow_code_imports_nothing_that_differs_from_one_run_to_the_next(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert set(imported(tree)) <= ALLOWED
    assert list(clocks_read(tree)) == []


def test_a_module_that_reads_a_clock_is_noticed() -> None:
    tree = ast.parse("import time\nfrom datetime import datetime\nwhen = (datetime.now(), time.time())")
    assert set(imported(tree)) - ALLOWED == {"time"}
    assert sorted(clocks_read(tree)) == ["datetime.now", "time.time"]
