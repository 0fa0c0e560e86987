"""docs/semantics.md and the tests it names say the same."""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
PAGE = TESTS.parent / "docs" / "semantics.md"


def rows() -> list[tuple[str, str, list[str]]]:
    """Question, rule and the names of the tests of each row."""
    lines = [line.strip("|").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line] for line in lines]
    return [(question, rule, tests.replace("`", "").split(", ")) for question, rule, tests in cells if tests != "test"]


@cache
def docstrings(folder: Path) -> dict[str, str | None]:
    return {
        node.name: ast.get_docstring(node)
        for module in folder.rglob("test_*.py")
        for node in ast.parse(module.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize(("rule", "tests"), [row[1:] for row in rows()], ids=[row[0] for row in rows()])
def test_a_row_of_the_semantics_has_a_test_that_carries_its_sentence(rule: str, tests: list[str]) -> None:
    everywhere, here = docstrings(TESTS), docstrings(Path(__file__).parents[1])
    assert set(tests) <= set(everywhere)
    assert {here[name] for name in tests if name in here} <= {rule}


def test_no_row_of_the_semantics_was_lost() -> None:
    assert len(rows()) == 185
