"""Every statement of the store is about one organization, unless it is named here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import sql

from store.schema.tables import metadata, organizations, policies
from store.schema.tenancy import own

STORE = Path(__file__).parents[2] / "store"
ROOT = STORE.parent

ACROSS_ORGANIZATIONS = {
    "store/access/idempotent_requests.py:_purge": "what is older than a day goes, whoever it belongs to",
    "store/instances/event_outcomes.py:_SQLITE": "one look for all who wait; each key has its organization",
    "store/instances/event_outcomes.py:_POSTGRESQL": "as _SQLITE",
    "store/instances/upkeep.py:_COLUMNS": "the engine looks after the instances of all organizations",
    "store/instances/upkeep.py:_ADDRESS": "an instance is found by its organization and its id together",
    "store/instances/upkeep.py:ongoing": "pages of all that goes on, in the order of organizations",
    "store/instances/upkeep.py:gapped": "every instance that lacks a step is filled",
}
"""Places that name a column `organization` without `own`, and why they may."""

COMPARED = re.compile(r"\borganization\b\s*(=|<|>|!=|IN\b|LIKE\b)|(=|<|>|!=)\s*\w+\.organization\b", re.IGNORECASE)


class Finder(ast.NodeVisitor):
    """Finds uses of a column `organization`, each with the line and the outermost name that it is part of."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: list[tuple[int, str]] = []
        self._names: list[str] = []
        self._collections = set(_column_collections(tree))
        self._documentation = {id(text) for text in _documentation(tree)}
        self.visit(tree)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "own":
            # A column of another table is what `own` may be given; what else stands there is looked at.
            for part in (*node.args[2:], *(keyword.value for keyword in node.keywords)):
                self.visit(part)
            return
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._within(node.name, node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._within(node.name, node)

    def visit_Assign(self, node: ast.Assign) -> None:
        (target, *_) = node.targets
        self._within(target.id if isinstance(target, ast.Name) else "", node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr == "organization" and self._is_columns(node.value):
            self._add(node)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        is_ours = isinstance(node.slice, ast.Constant) and node.slice.value == "organization"
        if is_ours and self._is_columns(node.value):
            self._add(node)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and id(node) not in self._documentation and COMPARED.search(node.value):
            self._add(node)

    def _is_columns(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr in {"c", "columns"}
        return isinstance(node, ast.Name) and (node.id in self._collections or node.id.isupper())

    def _within(self, name: str, node: ast.AST) -> None:
        self._names.append(name)
        self.generic_visit(node)
        self._names.pop()

    def _add(self, node: ast.expr) -> None:
        self.found.append((node.lineno, self._names[0] if self._names else ""))


def _column_collections(tree: ast.Module) -> Iterator[str]:
    """Names that stand for the columns of a table, as in `target = instance_targets.c`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr == "c":
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _documentation(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _sources() -> Iterator[Path]:
    for path in sorted(STORE.rglob("*.py")):
        # Migrations are of the whole database.
        if "migrations" not in path.parts and path.name != "tenancy.py":
            yield path


def _found() -> Iterator[tuple[str, int]]:
    """The places by file and name, each with its line."""
    for path in _sources():
        for line, name in Finder(ast.parse(path.read_text())).found:
            yield f"{path.relative_to(ROOT)}:{name}", line


def test_no_statement_names_an_organization_but_through_own() -> None:
    strays = [f"{place} (line {line})" for place, line in _found() if place not in ACROSS_ORGANIZATIONS]
    assert not strays, f"use store.schema.tenancy.own, or name the reason in this test: {strays}"


def test_each_exception_is_still_needed() -> None:
    assert {place for place, _ in _found()} == set(ACROSS_ORGANIZATIONS)


@pytest.mark.parametrize(
    "planted",
    [
        "wanted = policies.c.organization == organization",
        "wanted = policies.c['organization'] != organization",
        "wanted = policies.c.organization.in_(several)",
        "target = policies.c\nwanted = target.organization == organization",
        "wanted = TARGETS.organization == organization",
        "wanted = own(policies, organization, id=sa.case((policies.c.organization == other, 1)))",
        "wanted = sa.text('SELECT 1 FROM policies WHERE organization = :organization')",
        "wanted = sa.text('SELECT 1 FROM policies AS p JOIN teams AS t ON p.organization = t.organization')",
    ],
)
def test_a_comparison_by_hand_is_found(planted: str) -> None:
    assert [line for line, _ in Finder(ast.parse(planted)).found]


@pytest.mark.parametrize(
    "planted",
    [
        "wanted = own(policies, organization, id=policy_id)",
        "wanted = own(policies, teams.c.organization)",
        "if there.organization != organization: raise Conflict",
        "row = {'organization': organization}",
        "def work():\n    '''The organization = the tenant.'''",
    ],
)
def test_what_compares_no_column_is_left_alone(planted: str) -> None:
    assert not Finder(ast.parse(planted)).found


def test_every_table_says_whose_its_rows_are() -> None:
    """`upkeep` has one row for the whole store; an organization belongs to itself."""
    assert {name for name, table in metadata.tables.items() if "organization" not in table.c} == {
        "organizations",
        "upkeep",
    }


def test_own_compares_the_organization_and_each_value() -> None:
    assert str(own(policies, "acme", id="pol_1")) == "policies.organization = :organization_1 AND policies.id = :id_1"


def test_an_organization_owns_its_own_row() -> None:
    assert str(own(organizations, "acme")) == "organizations.id = :id_1"


def test_a_column_of_another_table_joins_within_one_organization() -> None:
    other = sql.table("other", sql.column("organization"), sql.column("policy_id"))
    joined = str(own(policies, other.c.organization, id=other.c.policy_id))
    assert joined == "policies.organization = other.organization AND policies.id = other.policy_id"
